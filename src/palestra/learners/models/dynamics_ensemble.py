r"""A world learned from steps that somebody took: an ensemble of networks, each with its own doubt (Chua et al. 2018).

    loss_P(theta) = sum_n (mu(x_n) - y_n)' Sigma(x_n)^-1 (mu(x_n) - y_n) + log det Sigma(x_n)           (section 4)
    x = what was seen and what was done,  y = by how much what is seen changed, and the reward

Sigma, which is diagonal, is what nobody can know. What was not seen often enough shows in the members' being apart:
each is fitted to rows drawn for it with replacement (bootstrap). It acts by the cross-entropy method in what it has
learned, and every planner can plan in it, named as ``model=RUN``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.models.ensemble import EnsembleConfig, judged, make_optimizer, make_planner, mean_of
from palestra.learners.models.experience import RANDOM, experience
from palestra.measure import Metrics
from palestra.nets import dynamics_ensemble as nets
from palestra.nets.adam import ClippedAdam
from palestra.ops.predicted_gaussian import predicted_nll

SLACK = 0.01
"""What it costs that the bounds of a variance are apart (Chua et al. 2018, appendix A.1)."""


@dataclass(frozen=True)
class DynamicsEnsembleConfig(EnsembleConfig):
    """Settings of a world learned from what is there."""

    experience: str = RANDOM
    """What is learned from: random for random actions in the world itself; the folder of a run with replay (sac, td3,
    ddpg); or recorded episodes, a file that `palestra record-episodes` wrote or a name."""
    random_episodes: int = 20
    """Episodes of random actions."""
    held_out: float = 0.1
    """Share of the episodes that it is judged on."""
    batches_per_step: int = 64
    """Gradient steps between reports, and between moments at which it can be saved."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.random_episodes >= 2, f"random_episodes={self.random_episodes}", "at least 2")
        require(0 < self.held_out < 1, f"held_out={self.held_out}", "a share between 0 and 1")
        require(self.batches_per_step >= 1, f"batches_per_step={self.batches_per_step}", "at least 1")


class DynamicsEnsemble(Agent, Learner):
    """Learns a world of vectors of numbers, of actions with bounds, and plans in it."""

    name = "dynamics-ensemble"
    config_type = DynamicsEnsembleConfig
    config: DynamicsEnsembleConfig
    clock_unit = "samples"
    saves = ("policy", "optimizer", "loader", "order", "fitted", "held")
    derives = ("net", "drawn_MN")

    def __init__(
        self, source: Given, config: DynamicsEnsembleConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.env = self.world.make(device=self.device)
        self.policy, self.net = make_planner(self.env, c, self.name, seed)
        known = experience(c.experience, self.world, self.env, self.name, episodes=c.random_episodes, seed=seed)
        self.fitted, self.held = known.parted(c.held_out, seed)
        self.modules = self.net
        self.net.standardise(self.fitted.inputs_NF, self.fitted.targets_NK)
        self.optimizer = make_optimizer(self.net, c)
        self.order = seed
        """The seed of the order in which rows come, and of who is given which, which a resume restores too."""
        self.loader = Loader(Split(torch.arange(len(self.fitted.inputs_NF)), None), c.batch_size, seed=seed)
        self.resumed()

    def resumed(self) -> None:
        """Go on in the order that was restored."""
        position, size = self.loader.position, len(self.fitted.inputs_NF)
        self.loader = Loader(Split(torch.arange(size), None), self.config.batch_size, seed=self.order)
        self.loader.position = position
        rng = seeding.generator(self.order, "bootstrap")
        self.drawn_MN = torch.randint(size, (self.config.members, size), generator=rng).to(self.device)

    def step(self) -> Metrics:
        """Some gradient steps."""
        losses = []
        for rows, _ in self.loader.take(self.config.batches_per_step):
            row_MB = self.drawn_MN[:, rows.to(self.device)]
            inputs_MBF, targets_MBK = self.fitted.inputs_NF[row_MB], self.fitted.targets_NK[row_MB]
            losses.append(descend(self.net, self.optimizer, inputs_MBF, targets_MBK))
            self.clock = self.loader.position
        nll, error = judged(self.net, self.held.inputs_NF, self.held.targets_NK)
        own_units = float(self.net.scale_K.log().sum())
        return {
            "train/nll": mean_of(losses) - own_units,
            "train/held_out_nll": nll,
            "train/held_out_error": error,
            **self.loader.report(),
        }


def descend(net: nets.DynamicsEnsemble, optimizer: ClippedAdam, inputs_MBF: Tensor, targets_MBK: Tensor) -> Tensor:
    """A gradient step of every member on rows of its own; returns the mean of their -log likelihoods before it."""
    said = net(inputs_MBF)
    nll_MB = predicted_nll(said.mean_MBK, said.log_var_MBK, net.as_output(targets_MBK))
    optimizer.descend(nll_MB.mean(1).sum() + SLACK * net.slack)  # Chua et al. 2018, section 4: loss_P
    return nll_MB.detach().mean()
