"""Plans drawn by chance around plans, and what they would cost: what every planner by sampling looks at.

Of E episodes and K candidates each, all E x K go through the model in one batch.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from palestra.engine.settings import AlgorithmConfig
from palestra.envs.model import Model
from palestra.errors import require


@dataclass(frozen=True)
class SamplingConfig(AlgorithmConfig):
    """Settings of every planner by sampling."""

    model: str = ""
    """A run of dynamics-ensemble or pets, its folder or its id under runs/, to plan in what it has learned; none for
    the equations of the world itself."""
    horizon: int = 30
    """Steps that a plan looks ahead."""
    samples: int = 64
    """Plans that are tried at a time for each episode, the one that there is among them."""
    deviation: float = 0.5
    """Standard deviation of what is added to an action, in halves of its range."""
    hold: int = 1
    """Steps for which what is added stays the same; a longer one swings further."""

    def __post_init__(self) -> None:
        for name, least in (("horizon", 1), ("samples", 2), ("hold", 1)):
            require(getattr(self, name) >= least, f"{name}={getattr(self, name)}", f"at least {least}")
        require(self.deviation > 0, f"deviation={self.deviation}", "more than 0")


def half_range(model: Model) -> Tensor:
    """(A,) of the actions. UsageError where they have no bounds."""
    bounded = bool(torch.isfinite(model.low).all() and torch.isfinite(model.high).all())
    require(bounded, f"actions from {model.low.tolist()} to {model.high.tolist()}", "bounds, to draw plans between")
    return (model.high - model.low) / 2


def drawn(plan: Tensor, deviation: Tensor, count: int, hold: int, model: Model, generator: Generator) -> Tensor:
    """Candidates (T, E, K, A) within the bounds: plans (E, T, A) with normal noise, the first of K without any.

    ``deviation`` (A,) or (E, T, A) is that of the noise.
    """
    num, steps, size = plan.shape
    places = -(-steps // hold)
    noise = torch.randn(places, num, count - 1, size, generator=generator, device=plan.device, dtype=plan.dtype)
    noise = noise.repeat_interleave(hold, 0)[:steps] if hold > 1 else noise
    wide = deviation.expand(num, steps, size).transpose(0, 1)[:, :, None]
    middle = plan.transpose(0, 1)[:, :, None]
    return torch.cat((middle, middle + wide * noise), 2).clamp(model.low, model.high)


def costs(model: Model, state: Tensor, candidates: Tensor, generator: Generator) -> Tensor:
    """(E, K) what candidates (T, E, K, A) cost from states (E, V); a model's chance comes from ``generator``."""
    steps, num, count, size = candidates.shape
    rows = state.repeat_interleave(count, 0)
    return model.total(rows, candidates.reshape(steps, num * count, size), generator).reshape(num, count)


def chosen(candidates: Tensor, which: Tensor) -> Tensor:
    """(E, L, T, A) those of candidates (T, E, K, A) whose numbers (E, L) are given."""
    by_episode = candidates.permute(1, 2, 0, 3)
    return by_episode[torch.arange(len(which), device=which.device)[:, None], which]
