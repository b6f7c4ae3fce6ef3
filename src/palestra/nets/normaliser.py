"""Running normalisation of inputs, whose statistics are buffers and so travel with the weights."""

import torch
from torch import Tensor, nn

from palestra.envs.vector import VectorEnv
from palestra.ops.statistics import Moments, merge_moments


class Normaliser(nn.Module):
    """(x - mean) / std of everything seen by ``update``, clipped; the identity before the first update.

    Args:
        shape: shape of one sample.
        clip: bound on the normalised magnitude, in standard deviations.
        as_it_is: (*shape) bool, what is passed through.
    """

    count: Tensor
    mean: Tensor
    m2: Tensor
    shift: Tensor
    scale: Tensor
    as_it_is: Tensor | None

    def __init__(self, shape: tuple[int, ...], clip: float = 10.0, as_it_is: Tensor | None = None):
        super().__init__()
        self.clip = clip
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("m2", torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("shift", torch.zeros(shape))
        self.register_buffer("scale", torch.ones(shape))
        self.register_buffer("as_it_is", as_it_is, persistent=False)  # known again from whoever makes it

    @torch.no_grad()
    def update(self, sample_BF: Tensor) -> None:
        """Add samples (B, *shape) to the statistics."""
        moments = merge_moments(Moments(self.count, self.mean, self.m2), sample_BF)
        self.count.copy_(moments.number)
        self.mean.copy_(moments.mean)
        self.m2.copy_(moments.m2)
        self.shift.copy_(self.mean)
        self.scale.copy_((self.m2 / self.count + 1e-8).rsqrt())

    def forward(self, x_BF: Tensor) -> Tensor:
        """Normalise (B, *shape) float32."""
        out_BF = ((x_BF - self.shift) * self.scale).clamp(-self.clip, self.clip)
        return out_BF if self.as_it_is is None else torch.where(self.as_it_is, x_BF, out_BF)

    def rescale(self, x_BF: Tensor) -> Tensor:
        """Divide by the standard deviation only, keeping the mean (for rewards)."""
        return (x_BF * self.scale).clamp(-self.clip, self.clip)


def passed_through(env: VectorEnv) -> Tensor:
    """(F,) bool: which numbers of what a world shows stay as they are: those of 0 and 1 that say which of some it is,
    and those that say which actions are allowed.
    """
    as_it_is = torch.from_numpy(env.observed.counted())
    if env.mask is not None:
        as_it_is[env.mask.columns] = True
    return as_it_is


def observation_normaliser(env: VectorEnv, features: int) -> Normaliser:
    """One of what a world shows, F numbers, but for those that are ``passed_through``."""
    as_it_is = passed_through(env)
    return Normaliser((features,), as_it_is=as_it_is if as_it_is.any() else None)
