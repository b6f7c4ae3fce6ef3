r"""PETS: learn the world, plan in it, learn from what came of it (Chua et al. 2018, https://arxiv.org/abs/1805.12114).

    repeat (algorithm 1):
        fit an ensemble of networks to all that was seen so far:  o' - o, r ~ N(mu(o, a), Sigma(o, a))
        for a while: act by the first action of the best plan that CEM finds, each plan followed by every member

No policy and no value is learned: what to do is computed anew in every step, from the model alone. The reward is
learned beside what changes; the paper is told it.
"""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.models.dynamics_ensemble import descend
from palestra.learners.models.ensemble import EnsembleConfig, judged, make_optimizer, make_planner, mean_of
from palestra.learners.models.experience import of_rollout
from palestra.measure import Metrics
from palestra.policies.cem import CEM
from palestra.policies.plans import Plans
from palestra.policies.random import Random


@dataclass(frozen=True)
class PETSConfig(EnsembleConfig):
    """Settings of PETS."""

    learning_starts: int = 200
    """Environment steps of random actions before the first plan."""
    train_frequency: int = 200
    """Environment steps, over all copies, from one fit to the next: the paper's are an episode."""
    num_epochs: int = 20
    """Passes over all that was seen in a fit, which goes on from the one before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("train_frequency", "num_epochs"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.learning_starts >= 1, f"learning_starts={self.learning_starts}", "at least 1")


class PETS(Agent, Learner):
    """PETS in worlds of vectors of numbers, of actions with bounds."""

    name = "pets"
    config_type = PETSConfig
    config: PETSConfig
    policy: CEM
    saves = ("interaction", "policy", "plans", "random", "optimizer", "inputs_NF", "targets_NK", "drawing")
    derives = ("net",)

    def __init__(self, source: Given, config: PETSConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.policy, self.net = make_planner(self.env, c, self.name, seed)
        self.plans = Plans(self.policy.plans.model, c.horizon, self.env.num_envs, seed=seed)
        """Of the episodes that it learns from; what it is asked otherwise has plans of its own."""
        self.random = Random(self.env, seed=seed)
        self.modules = self.net
        self.optimizer = make_optimizer(self.net, c)
        self.inputs_NF = torch.zeros(0, self.net.observed + self.net.acted, device=self.device)
        self.targets_NK = torch.zeros(0, self.net.observed + 1, device=self.device)
        self.drawing = seeding.generator(seed, "bootstrap", device=self.device)

    def step(self) -> Metrics:
        """A while of acting, then a fit."""
        c, copies = self.config, self.interaction.num_envs
        begun = self.clock >= c.learning_starts
        act = self._planned if begun else partial(self.random.act, deterministic=False)
        steps = max(1, (c.train_frequency if begun else c.learning_starts) // copies)
        rollout = self.interaction.collect(act, steps, told=self._told if begun else None)  # Chua et al. 2018
        self.clock += rollout.reward.numel()
        new = of_rollout(rollout)
        nll, error = judged(self.net, new.inputs_NF, new.targets_NK)  # by who has not seen them yet
        self.inputs_NF = torch.cat((self.inputs_NF, new.inputs_NF))
        self.targets_NK = torch.cat((self.targets_NK, new.targets_NK))
        figures = {"train/nll": self.fit(), "train/foretold_nll": nll, "train/foretold_error": error}
        return {**self.interaction.episodes.metrics(), **figures}

    def _planned(self, obs: Tensor) -> Tensor:
        return self.plans.act(obs, self.policy.improved)

    def _told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        self.plans.told(done)

    def fit(self) -> float:
        """Some passes over all that was seen, of each member over rows drawn for it; returns the mean of the losses."""
        c, size = self.config, len(self.inputs_NF)
        self.net.standardise(self.inputs_NF, self.targets_NK)
        drawn_MN = torch.randint(size, (c.members, size), generator=self.drawing, device=self.device)
        losses = []
        for _ in range(c.num_epochs):
            order_N = torch.randperm(size, generator=self.drawing, device=self.device)
            for row_MB in drawn_MN[:, order_N].split(c.batch_size, 1):
                inputs_MBF, targets_MBK = self.inputs_NF[row_MB], self.targets_NK[row_MB]
                losses.append(descend(self.net, self.optimizer, inputs_MBF, targets_MBK))
        return mean_of(losses) - float(self.net.scale_K.log().sum())
