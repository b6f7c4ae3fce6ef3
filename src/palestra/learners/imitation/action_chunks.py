"""Action chunks: say the next actions together, and do the mean of what was said of now (Zhao et al. 2023).

Of what is seen a network predicts the T actions that follow, as recorded (https://arxiv.org/abs/2304.13705):

    J(theta) = E_D[sum_t |tanh(f_t(o)) - a_t|]                                   over the steps that there are

It is asked in every step, so that up to T predictions of the present action are there. What is done is their mean with
the weights w_i = exp(-m i), i = 0 for the oldest (temporal ensembling, algorithm 2): smooth, and less of one mistake.
The paper's network is a transformer that has a style of doing things as another input (a CVAE); here it is an MLP
without one, so that between two ways of doing things it goes, as any mean or median does.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from palestra.data.chunks import Ensembled
from palestra.data.trajectories import Trajectories
from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.policy import Policy, aside
from palestra.envs.spaces import flat_dim
from palestra.envs.vector import VectorEnv
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.imitation.answers import Numbers
from palestra.learners.imitation.lessons import lessons
from palestra.learners.labels.descent import DescentConfig, descend, make_optimizer
from palestra.measure import Metrics
from palestra.nets.mlp import MLP
from palestra.nets.normaliser import observation_normaliser


@dataclass(frozen=True)
class ActionChunksConfig(DescentConfig):
    """Settings of action chunks."""

    data: str = "two-ways"
    """Recorded episodes: a file that `palestra record-episodes` wrote, or the name of such as are made on the spot."""
    horizon: int = 4
    """Actions of a chunk."""
    decay: float = 0.01
    """m of the weights exp(-m i) of those that predicted an action, the oldest first; a large one trusts the oldest."""
    loss: Literal["absolute", "squared"] = "absolute"
    """Of each number of an action, between -1 and 1."""
    batch_size: int = 64
    """Steps of a batch, with the chunks that begin there."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 1e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 1e-4
    """How much of matrices decays, never of biases: lambda of lambda / 2 |w|^2 in the loss; of Adam, the share of them
    that a step takes, times the learning rate."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers between what is seen and the chunk."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.horizon >= 1, f"horizon={self.horizon}", "at least 1")
        require(self.decay >= 0, f"decay={self.decay}", "0 or more")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")


class Chunker(Policy):
    """Predicts chunks of actions, and does the mean of those that speak of the present step.

    Args:
        env: whose spaces it is made for.
        config: its sizes.
        seed: of weights.
        device: where it is.
    """

    saves = ("networks",)
    derives = ("answers", "chunks")
    episodes = ("chunks",)

    def __init__(self, env: VectorEnv, config: ActionChunksConfig, *, seed: int, device: torch.device):
        c, space = config, env.observation_space
        self.answers = Numbers(env.action_space, "action-chunks", env)
        require(space.dtype.kind == "f", f"action-chunks sees {env.observed.own}", "numbers, not images")
        self.config, self.device, self.action_size, seen = c, device, self.answers.num_outputs, flat_dim(space)
        self.scale = observation_normaliser(env, seen)
        sizes = [seen, *c.hidden_sizes, c.horizon * self.action_size]
        self.net = MLP(sizes, "relu", seeding.generator(seed, "weights"))
        self.networks = nn.ModuleDict({"imitator": self.net, "scale": self.scale}).to(device)
        self.reset(1, seed=seed)

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes, of which nothing has been predicted yet."""
        self.chunks = Ensembled(num, self.config.horizon, self.action_size, self.config.decay, self.device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) where the episodes stand now; another number of them begins them anew."""
        if len(seen) != len(self.chunks):
            self.reset(len(seen), seed=0)
        with torch.no_grad():
            out_BK = self.net(self.scale(seen.reshape(len(seen), -1)))
        chunk = out_BK.tanh().view(len(seen), self.config.horizon, self.action_size)
        return self.answers.actions.to_env(self.chunks.see(chunk))  # algorithm 2

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        """Predictions are a step older."""
        self.chunks.told(done)


class ActionChunks(Agent, Learner):
    """Action chunks for bounded Box actions, from vectors."""

    name = "action-chunks"
    config_type = ActionChunksConfig
    clock_unit = "samples"
    saves = ("policy", "order", "loader", "optimizer", "recorded")
    derives = ("seen_LF", "wanted_LTA", "known_LT")
    config: ActionChunksConfig

    def __init__(self, source: Given, config: ActionChunksConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.env = self.world.make(device=self.device)
        self.policy = self.chunker = Chunker(self.env, c, seed=seed, device=self.device)
        self.recorded = Trajectories(lessons(c.data, self.world, self.env, self.name), self.device)
        self.chunker.scale.update(self.recorded.obs.reshape(len(self.recorded), -1))
        self.modules = self.chunker.networks
        self.order = seed
        """The seed of the order in which steps come, which a resume restores as it does the rest."""
        rows = torch.arange(len(self.recorded), device=self.device)
        self.loader = Loader(Split(rows, None), c.batch_size, seed=seed)
        self.seen_LF = self.chunker.scale(self.recorded.obs.reshape(len(rows), -1))
        """What is seen at every recorded step, scaled."""
        window = self.recorded.window(rows, c.horizon)
        wanted = self.chunker.answers.encoded(window.action.flatten(0, 1))
        self.wanted_LTA, self.known_LT = wanted.view(*window.known.shape, -1), window.known
        """The actions from every recorded step on, from -1 to 1, and which of them there are."""
        self.optimizer = make_optimizer(c, self.modules)

    def resumed(self) -> None:
        """Go on in the order that was restored."""
        self.loader.seed = self.order

    def facts(self) -> dict[str, Any]:
        """Its spaces, and what it learns from."""
        return {**super().facts(), "data": self.recorded.facts}

    def step(self) -> Metrics:
        """Some batches of chunks, one from every recorded step on in each epoch."""
        return descend(self, lambda row_B, _: self.loss(row_B))

    def loss(self, row_B: Tensor) -> Tensor:
        """How unlike what was done the chunks are that begin in some rows, over the steps that there are."""
        wanted_BTA, known_BT = self.wanted_LTA[row_B], self.known_LT[row_B]
        error_BTA = self.chunker.net.record(self.seen_LF[row_B]).tanh().view(wanted_BTA.shape) - wanted_BTA
        each_BT = (error_BTA.abs() if self.config.loss == "absolute" else error_BTA.square()).mean(2)
        return each_BT[known_BT].mean()  # Zhao et al. 2023, algorithm 1: L_reconst

    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for first observations of episodes; within one ``decide`` and the policy remember."""
        with aside(self.policy):
            self.policy.reset(len(obs), seed=0)
            return self.policy.act(obs, deterministic=deterministic)
