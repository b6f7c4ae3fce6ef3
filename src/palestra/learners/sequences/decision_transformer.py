"""The decision transformer: act as was done where so much was still to come (Chen et al. 2021, algorithm 1).

Recorded episodes are sequences of returns to go, observations and actions, (R_1, s_1, a_1, R_2, ...), with
R_t = r_t + r_t+1 + ... to the end. A causal transformer learns to continue them,

    J(theta) = E_D[-log pi(a_t | R_1, s_1, a_1, ..., R_t, s_t)],  of numbers within bounds the squared error,

and no value is ever learned. To act it is told what return is wanted, R_1, and after each step what of it is left:
R_t+1 = R_t - r_t. So from good and bad episodes together it can be asked for the good ones.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.data.history import History
from palestra.data.trajectories import Trajectories, Window
from palestra.datasets.dataset import Split
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.evaluate import MAX_STEPS, run_episodes
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.policy import Policy
from palestra.envs.spaces import flat_dim
from palestra.envs.vector import VectorEnv
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.imitation.answers import answers
from palestra.learners.imitation.lessons import lessons
from palestra.learners.sequences.practice import Practice, TransformerConfig
from palestra.measure import Metrics
from palestra.nets.evaluating import evaluating
from palestra.nets.normaliser import passed_through
from palestra.nets.sequence.decision import Scales, decision_net
from palestra.pictures.asked import Asked

ASKED, EACH = 9, 8
"""Returns that it is asked for to be shown, and episodes of each."""


@dataclass(frozen=True)
class DecisionTransformerConfig(TransformerConfig):
    """Settings of the decision transformer."""

    data: str = "cartpole-mixed"
    """Recorded episodes: a file that `palestra record-episodes` wrote, or the name of such as are made on the spot."""
    target_return: float | None = None
    """The return that it is asked for when it acts; none for the largest that was recorded."""
    context: int = 10
    """Steps that it sees at once, the present one included."""
    max_timestep: int = 1_000
    """Steps of an episode that have an embedding of their own; all later ones share the last."""
    batch_size: int = 64
    """Windows of a batch."""
    batches_per_step: int = 8
    """Batches between reports, and between moments at which it can be saved; a step ends with its epoch."""
    learning_rate: float = 1e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 1e-4
    """How much of matrices decays, never of biases and of normalisation: lambda of lambda / 2 |w|^2 in the loss; of
    Adam, the share of them that a step takes, times the learning rate."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("context", "max_timestep"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")


class Conditioned(Policy):
    """Acts for a wanted return, by what it has seen, done and got in its episode.

    Args:
        env: whose spaces it is made for.
        config: its sizes.
        recorded: what it learns from, which sets its scales and the return that it is asked for.
        seed: of weights and of what is random.
        device: where it is.
    """

    saves = ("network", "scales", "sampling", "target_return")
    derives = ("answers", "history")

    def __init__(
        self, env: VectorEnv, config: DecisionTransformerConfig, recorded: Trajectories, *, seed: int,
        device: torch.device,
    ):  # fmt: skip
        c, space = config, env.observation_space
        require(space.dtype.kind == "f", f"decision-transformer sees {env.observed.own}", "numbers, not images")
        self.device, self.context, self.obs_size = device, c.context, flat_dim(space)
        self.answers = answers(env, "decision-transformer")
        outputs = self.answers.num_outputs
        sizes = (self.obs_size, outputs, outputs, c.context, c.max_timestep, c.width, c.heads, c.blocks, c.dropout)
        self.network = decision_net(seeding.generator(seed, "weights"), *sizes).to(device)
        self.scales = Scales(self.obs_size, passed_through(env)).to(device)
        self.scales.fit(recorded.obs.reshape(len(recorded), -1), recorded.to_go)
        self.sampling = seeding.generator(seed, "actions", device=device)
        self.target_return = float(recorded.returns.max()) if c.target_return is None else c.target_return
        self.reset(1, seed=seed)

    def outputs(self, window: Window, action_BTK: Tensor) -> Tensor:
        """(B, T, K) by which to act at each place of a window whose actions are given as numbers."""
        to_go_BT = self.scales.to_go(window.to_go[..., None]).squeeze(-1)
        obs_BTF = self.scales.obs(window.obs.reshape(*window.known.shape, -1))
        out_BTK: Tensor = self.network(to_go_BT, obs_BTF, action_BTK, window.time)
        return out_BTK

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes, of each of which the whole return is wanted."""
        self.ask(num, self.target_return)

    def ask(self, num: int, wanted: float | Tensor) -> None:
        """Begin ``num`` episodes that are to make so much, or (num,) so much each."""
        sizes = (self.obs_size, self.answers.num_outputs)
        self.history = History(num, self.context, *sizes, wanted, self.device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) where the episodes stand now; another number of them begins them anew."""
        if len(seen) != len(self.history):
            self.reset(len(seen), seed=0)
        obs_BF = seen.reshape(len(seen), -1)
        window, place_B = self.history.see(obs_BF)
        with evaluating(self.network), torch.no_grad():
            out_BTK = self.outputs(window, window.action)
        out_BK = out_BTK[self.history.rows, place_B]
        return self.answers.choose(out_BK, obs_BF, None if deterministic else self.sampling)

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        """What was done, and what is left of the return that is wanted: R_t+1 = R_t - r_t (algorithm 1)."""
        self.history.told(self.answers.encoded(action), reward, done)


class DecisionTransformer(Agent, Learner):
    """A transformer for Discrete, MultiDiscrete, MultiBinary and bounded Box actions, from vectors."""

    name = "decision-transformer"
    config_type = DecisionTransformerConfig
    clock_unit = "windows"
    saves = ("policy", "order", "practice", "recorded")
    config: DecisionTransformerConfig

    def __init__(
        self, source: Given, config: DecisionTransformerConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.env = self.world.make(device=self.device)
        self.recorded = Trajectories(lessons(c.data, self.world, self.env, self.name), self.device)
        self.policy = self.conditioned = Conditioned(self.env, c, self.recorded, seed=seed, device=self.device)
        self.modules = self.conditioned.network
        self.order = seed
        """The seed of the order in which windows come, which a resume restores as it does the rest."""
        rows = torch.arange(len(self.recorded), device=self.device)
        self.practice = Practice(Split(rows, rows), self.modules, c, seed)

    def resumed(self) -> None:
        """Go on in the order that was restored."""
        self.practice.loader.seed = self.order

    def facts(self) -> dict[str, Any]:
        """Its spaces, and what it learns from."""
        return {**super().facts(), "data": self.recorded.facts}

    def step(self) -> Metrics:
        """Some batches of windows, one from every recorded step on in each epoch."""
        report = self.practice.step(lambda row_B, _: self.loss(row_B), self.budget)
        self.clock = self.practice.loader.position
        return report

    def loss(self, row_B: Tensor) -> Tensor:
        """How unlike what was done it acts, at every place of the windows that begin in some rows."""
        window = self.recorded.window(row_B, self.config.context)
        flat = window.action.flatten(0, 1)
        action_BTK = self.conditioned.answers.encoded(flat).view(*window.known.shape, -1)
        out_BTK = self.conditioned.outputs(window, action_BTK)
        known = window.known.flatten()
        obs_BF = window.obs.reshape(len(known), -1)[known]
        return self.conditioned.answers.loss(out_BTK.flatten(0, 1)[known], flat[known], obs_BF).mean()  # algorithm 1

    def exhibits(self) -> list[Exhibit]:
        """What it makes of whatever it is asked for, from the least return that was recorded to the largest."""
        env, returns = self.arena().make_env(ASKED * EACH, ""), self.recorded.returns
        try:
            number = min(ASKED, env.num_envs)
            wanted, each = np.linspace(returns.min(), returns.max(), number), env.num_envs // number
            rest = env.num_envs - number * each  # which nobody looks at
            self.conditioned.ask(env.num_envs, torch.from_numpy(np.append(np.repeat(wanted, each), [0.0] * rest)))
            seed, limit = seeding.derive(self.seed, "asked"), env.max_episode_steps or MAX_STEPS
            made, _ = run_episodes(self.policy.act, env, seed=seed, max_steps=limit, told=self.policy.told)
        finally:
            env.close()
        made_GL = made[: number * each].view(number, each).numpy()
        return [Asked("what it makes of what it is asked for", wanted, made_GL, returns)]

    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for first observations of episodes; within one ``decide`` and the policy remember."""
        self.policy.reset(len(obs), seed=0)
        return self.policy.act(obs, deterministic=deterministic)
