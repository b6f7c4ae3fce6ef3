"""Behaviour cloning: do what was done, as recorded (Pomerleau 1989; Bain & Sammut 1999).

Learning to act as learning from labels: what was seen is the row, what was done there the label.

    J(theta) = E_D[-log pi(a | o)],  of numbers within bounds E_D[|tanh(f(o)) - a|^2]

A square is least at the mean: where some went left and others right, it goes between them. With ``components`` numbers
are predicted by a mixture of so many Gaussians and their own -log pi (Bishop 1994), which has room for both.

It becomes as good as those who were recorded are on average, and no better. With ``best_share`` it imitates the best
episodes alone (the %BC of Chen et al. 2021, section 5).
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from palestra.data.trajectories import Trajectories
from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.policy import Choice, Policy
from palestra.envs.vector import VectorEnv
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.imitation.answers import answers
from palestra.learners.imitation.lessons import best, lessons
from palestra.learners.labels.descent import DescentConfig, descend, make_optimizer
from palestra.measure import Metrics
from palestra.nets.encoders import EncoderName, make_encoder
from palestra.nets.mlp import MLP
from palestra.nets.normaliser import observation_normaliser
from palestra.nets.precision import Precision


@dataclass(frozen=True)
class BehaviourCloningConfig(DescentConfig):
    """Settings of behaviour cloning."""

    data: str = "cartpole-mixed"
    """Recorded episodes: a file that `palestra record-episodes` wrote, or the name of such as are made on the spot."""
    best_share: float = 1.0
    """Share of the episodes that are imitated, those of the largest returns."""
    batch_size: int = 64
    """Steps of a batch."""
    components: int = 0
    """Gaussians by whose mixture actions that are numbers are predicted; 0 for their mean, by squared errors."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 1e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 1e-4
    """How much of matrices and kernels decays, never of biases and of normalisation: lambda of lambda / 2 |w|^2 in the
    loss; of Adam, the share of them that a step takes, times the learning rate."""
    normalize_obs: bool = True
    """Give observed numbers mean 0 and standard deviation 1 over what was recorded. Images and numbers of 0 and 1 that
    say which of some it is stay as they are."""
    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3); vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers between encoder and action."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 < self.best_share <= 1, f"best_share={self.best_share}", "a share above 0, to 1")
        require(self.components >= 0, f"components={self.components}", "0 or more")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")


class Imitator(Policy):
    """What imitates: an encoder, and a network from features to actions.

    Args:
        env: whose spaces it is made for.
        config: its sizes.
        seed: of weights and of what is random.
        device: where it is.
    """

    saves = ("networks", "sampling")
    derives = ("answers",)

    def __init__(self, env: VectorEnv, config: BehaviourCloningConfig, *, seed: int, device: torch.device):
        c, init = config, seeding.generator(seed, "weights")
        self.answers = answers(env, "behaviour-cloning", c.components)
        self.encoder = make_encoder(env.observation_space, init, c.encoder, c.encoder_precision)
        features = self.encoder.num_features
        self.net = MLP([features, *c.hidden_sizes, self.answers.num_outputs], "relu", init)
        parts: dict[str, nn.Module] = {"encoder": self.encoder, "imitator": self.net}
        self.obs_norm = None
        if c.normalize_obs and not self.encoder.learns:
            self.obs_norm = parts["obs_norm"] = observation_normaliser(env, features)
        self.networks = nn.ModuleDict(parts).to(device)
        self.sampling = seeding.generator(seed, "actions", device=device)

    def normalised(self, batch: Tensor) -> Tensor:
        """What the encoder's ``to_batch`` gave, normalised where the settings ask for it."""
        return batch if self.obs_norm is None else self.obs_norm(batch)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for observations (B, *obs_shape)."""
        out_BK, batch = self.outputs(seen)
        return self.answers.choose(out_BK, batch, None if deterministic else self.sampling)

    def choice(self, seen: Tensor) -> Choice:
        """The most likely actions, and the logits (B, K) where they are choices."""
        return self.answers.choice(*self.outputs(seen))

    def outputs(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K) what the network says of observations (B, *obs_shape), and these as a batch keeps them."""
        batch = self.encoder.to_batch(seen)
        return self.net(self.encoder.encode(self.normalised(batch))), batch

    def loss(self, obs: Tensor, action: Tensor) -> Tensor:
        """How unlike what was done it acts, to be descended."""
        batch = self.encoder.to_batch(obs)
        out_BK = self.net.record(self.encoder.encode_to_learn(self.normalised(batch)))
        return self.answers.loss(out_BK, action, batch).mean()  # Chen et al. 2021, section 5: BC


class BehaviourCloning(Agent, Learner):
    """An imitator for Discrete, MultiDiscrete, MultiBinary and bounded Box actions, from images or vectors."""

    name = "behaviour-cloning"
    config_type = BehaviourCloningConfig
    clock_unit = "samples"
    saves = ("policy", "order", "loader", "optimizer", "recorded")
    config: BehaviourCloningConfig

    def __init__(
        self, source: Given, config: BehaviourCloningConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.env = self.world.make(device=self.device)
        self.recorded = Trajectories(best(lessons(c.data, self.world, self.env, self.name), c.best_share), self.device)
        self.policy = self.imitator = Imitator(self.env, c, seed=seed, device=self.device)
        if self.imitator.obs_norm is not None:
            self.imitator.obs_norm.update(self.imitator.encoder.to_batch(self.recorded.obs))
        self.modules = self.imitator.networks
        self.order = seed
        """The seed of the order in which steps come, which a resume restores as it does the rest."""
        self.loader = Loader(Split(self.recorded.obs, self.recorded.action), c.batch_size, seed=seed)
        self.optimizer = make_optimizer(c, self.modules)

    def resumed(self) -> None:
        """Go on in the order that was restored."""
        self.loader.seed = self.order

    def facts(self) -> dict[str, Any]:
        """Its spaces, and what it learns from."""
        return {**super().facts(), "data": self.recorded.facts}

    def step(self) -> Metrics:
        """Some batches of recorded steps."""
        return descend(self, self.loss)

    def loss(self, obs: Tensor, action: Tensor | None) -> Tensor:
        """How unlike what was done it acts where that was seen."""
        assert action is not None  # which is what is imitated
        return self.imitator.loss(obs, action)
