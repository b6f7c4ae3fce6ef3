"""A learned world as learners hold it: its settings, how it is judged, and the planner that acts by it."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError, require
from palestra.nets.adam import ClippedAdam
from palestra.nets.dynamics_ensemble import DynamicsEnsemble
from palestra.ops.predicted_gaussian import predicted_nll
from palestra.policies.cem import CEM, CEMConfig
from palestra.policies.learned_model import LearnedModel


@dataclass(frozen=True)
class EnsembleConfig(AlgorithmConfig):
    """Settings of a learned world, and of the cross-entropy method that plans in it."""

    members: int = 5
    """Networks, each fitted to rows drawn for itself."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers of each; none for a linear world."""
    batch_size: int = 64
    """Rows of a gradient step, of each network its own."""
    learning_rate: float = 1e-3
    """Of Adam."""
    weight_decay: float = 1e-4
    """Share of the weights that a step takes, times the learning rate."""
    horizon: int = 25
    """Steps that a plan looks ahead."""
    samples: int = 48
    """Plans that are tried at a time for each episode, the one that there is among them."""
    elites: int = 6
    """Plans that the next ones are drawn like."""
    iterations: int = 2
    """Draws a step, each like the elites of the one before."""
    deviation: float = 0.6
    """Standard deviation of what is added to an action, in halves of its range."""
    hold: int = 4
    """Steps for which what is added stays the same."""

    def __post_init__(self) -> None:
        for name in ("members", "batch_size"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(self.weight_decay >= 0, f"weight_decay={self.weight_decay}", "0 or more")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")
        self.planning()

    def planning(self) -> CEMConfig:
        """Settings of the planner."""
        names = ("horizon", "samples", "elites", "iterations", "deviation", "hold")
        return CEMConfig(**{name: getattr(self, name) for name in names})


def make_planner(env: VectorEnv, config: EnsembleConfig, algorithm: str, seed: int) -> tuple[CEM, DynamicsEnsemble]:
    """A planner in a world of which nothing is known yet, and what is to know it. UsageError where that cannot be."""
    space, actions = env.observation_space, env.action_space
    seen, acted = space.shape, actions.shape or ()
    given = f"{algorithm} given observations {space} and actions {actions}"
    vectors = len(seen) == 1 and len(acted) == 1 and space.dtype.kind == "f"
    require(vectors, given, "vectors of numbers: observations that a change can be added to")
    sizes = seen[0], acted[0], config.hidden_sizes
    net = DynamicsEnsemble(config.members, *sizes, seeding.generator(seed, "weights"))
    try:
        return CEM(env, config.planning(), seed=seed, model=LearnedModel(env, net)), net
    except UsageError as error:
        raise UsageError(f"{given}: {error}") from error


def make_optimizer(net: DynamicsEnsemble, config: EnsembleConfig) -> ClippedAdam:
    """What moves its weights."""
    return ClippedAdam([net], config.learning_rate, weight_decay=config.weight_decay)


@torch.no_grad()
def judged(net: DynamicsEnsemble, inputs_BF: Tensor, targets_BK: Tensor) -> tuple[float, float]:
    """How well rows are foretold.

    Returns the mean of the members' -log likelihoods, in nats a row and of the world's own units, and the root of the
    mean squared error of what all of them say together, in standard deviations of what was fitted.
    """
    said, wanted_BK = net(inputs_BF), net.as_output(targets_BK)
    nll_MB = predicted_nll(said.mean_MBK, said.log_var_MBK, wanted_BK.expand_as(said.mean_MBK))
    error = (said.mean_MBK.mean(0) - wanted_BK).square().mean().sqrt()
    return float(nll_MB.mean() - net.scale_K.log().sum()), float(error)


def mean_of(losses: Iterable[Tensor]) -> float:
    """Of a few figures."""
    return float(torch.stack([*losses]).mean())
