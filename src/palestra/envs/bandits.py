"""Many bandits side by side: no state, no episodes, only arms to pull and rewards that come of it.

A bandit is a column: ``mean_AB`` holds the mean reward of each of A arms of each of B bandits, and arm a of bandit b
has the flat index a * B + b. Rewards are drawn from numbers that the caller draws for many pulls at once.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from palestra.errors import UsageError, require, unknown_name
from palestra.ops.bandits import bernoulli_kl, gaussian_kl
from palestra.ops.columns import Array, array, floats, row


class Arms(ABC):
    """The arms of B bandits, stationary unless a subclass moves them.

    Args:
        mean_AB: (A, B) float32 mean rewards.
        generator: moves the arms, if they move.
    """

    def __init__(self, mean_AB: Tensor, generator: Generator):
        self.mean_AB = mean_AB
        self.generator = generator
        self._mean_L, self._best_B = row(mean_AB), array(mean_AB.amax(0))

    @property
    def gap_AB(self) -> Tensor:
        """(A, B) what the next pull of an arm loses against the best arm's mean; exactly 0 for the best."""
        return self.mean_AB.amax(0) - self.mean_AB

    @property
    def num_arms(self) -> int:
        """A."""
        return self.mean_AB.shape[0]

    @property
    def num_bandits(self) -> int:
        """B."""
        return self.mean_AB.shape[1]

    @abstractmethod
    def noise(self, noise_TB: Tensor, generator: Generator) -> None:
        """Fill (T, B) with random numbers, a row for each pull."""

    @abstractmethod
    def pull(self, index_B: Array, noise_B: Array) -> tuple[Array, Array]:
        """(B,) float32 rewards of arms given by their flat indices (B,) int64, and their gaps."""

    @abstractmethod
    def kl_AB(self) -> Tensor:
        """(A, B) KL divergence of each arm's rewards from the best arm's, in nats."""

    @property
    def is_stationary(self) -> bool:
        """Whether the means stay as they are."""
        return True

    def state_dict(self) -> dict[str, Any]:
        """The means and the generator."""
        return {"mean": self.mean_AB, "generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.mean_AB.copy_(state["mean"])
        self._best_B = array(self.mean_AB.amax(0))
        self.generator.set_state(state["generator"].cpu())


class BernoulliArms(Arms):
    """Reward 1 with probability ``mean``, else 0."""

    def noise(self, noise_TB: Tensor, generator: Generator) -> None:
        """Uniform numbers."""
        noise_TB.uniform_(generator=generator)

    def pull(self, index_B: Array, noise_B: Array) -> tuple[Array, Array]:
        """(B,) rewards 0.0 or 1.0, and gaps."""
        mean_B = self._mean_L[array(index_B)]
        return floats(array(noise_B) < mean_B), self._best_B - mean_B

    def kl_AB(self) -> Tensor:
        """(A, B) by the Bernoulli formula."""
        return bernoulli_kl(self.mean_AB, self.mean_AB.amax(0).expand_as(self.mean_AB))


class GaussianArms(Arms):
    """Reward N(mean, noise_std^2); with ``drift``, every mean takes a step N(0, drift^2) after every pull."""

    def __init__(self, mean_AB: Tensor, generator: Generator, noise_std: float, drift: float):
        super().__init__(mean_AB, generator)
        self.noise_std = noise_std
        self.drift = drift
        self._moved_AB = torch.empty_like(mean_AB)

    def noise(self, noise_TB: Tensor, generator: Generator) -> None:
        """Numbers N(0, noise_std^2)."""
        noise_TB.normal_(0.0, self.noise_std, generator=generator)

    def pull(self, index_B: Array, noise_B: Array) -> tuple[Array, Array]:
        """(B,) rewards, and gaps; the arms move afterwards."""
        mean_B = self._mean_L[array(index_B)]
        gap_B = self._best_B - mean_B
        if self.drift:
            self.mean_AB += self._moved_AB.normal_(0.0, self.drift, generator=self.generator)
            self._best_B = array(self.mean_AB.amax(0))
        return mean_B + array(noise_B), gap_B

    def kl_AB(self) -> Tensor:
        """(A, B) by the Gaussian formula."""
        return gaussian_kl(self.mean_AB, self.mean_AB.amax(0).expand_as(self.mean_AB), self.noise_std)

    @property
    def is_stationary(self) -> bool:
        """Whether nothing drifts."""
        return self.drift == 0.0


KINDS: dict[str, dict[str, Any]] = {
    # The notes' bandit: winning probabilities uniform in [0, 1].
    "bandit/bernoulli": {"arms": 10, "means": None},
    # The ten-armed testbed (Sutton & Barto 2018, section 2.3): means N(0, mean_std^2).
    "bandit/gaussian": {"arms": 10, "means": None, "mean_std": 1.0, "noise_std": 1.0},
    # The same, with all arms equal at the start and walking at random (Sutton & Barto 2018, exercise 2.5).
    "bandit/drifting": {"arms": 10, "means": None, "mean_std": 0.0, "noise_std": 1.0, "drift": 0.01},
}
"""Ids of the kinds of bandits, and the settings of each with their defaults.

``arms`` is how many; ``means``, given as a list, takes the place of random ones and is the same in every bandit.
"""

MOST_BANDITS = 1 << 22
"""Side by side; more would fill the memory before anybody could say so."""


def make_arms(
    kind: str, num_bandits: int, generator: Generator, kwargs: Mapping[str, Any] | None = None
) -> BernoulliArms | GaussianArms:
    """The arms of ``num_bandits`` bandits of a kind in ``KINDS``, drawn from and moved by a generator, on its device.

    Given ``means`` are the same in every bandit, but shuffled in each: no policy gains by how it breaks ties.

    Raises UsageError for an unknown kind or setting, or values out of range.
    """
    if kind not in KINDS:
        raise unknown_name("kind of bandit", kind, KINDS)
    known = KINDS[kind]
    for name in kwargs or {}:
        if name not in known:
            raise unknown_name(f"setting of {kind}", name, known)
    settings = {**known, **(kwargs or {})}
    require(num_bandits >= 1, f"num_envs={num_bandits}", "at least 1 bandit")
    require(num_bandits <= MOST_BANDITS, f"num_envs={num_bandits}", f"at most {MOST_BANDITS:,} bandits")
    means = settings["means"]
    num_arms = settings["arms"] if means is None else len(_numbers("means", means))
    require(isinstance(num_arms, int) and num_arms >= 2, f"{num_arms} arms", "at least 2")
    if means is not None and kwargs and "arms" in kwargs:
        require(kwargs["arms"] == num_arms, f"arms={kwargs['arms']} and {num_arms} means", "as many means as arms")
    for name in ("mean_std", "noise_std", "drift"):
        if name in settings:
            (value,) = _numbers(name, [settings[name]])
            positive = name == "noise_std"
            in_range = value > 0 if positive else value >= 0
            require(in_range, f"{name}={value:g}", "a positive number" if positive else "0 or more")
    if means is not None:
        mean_AB = _shuffled(_numbers("means", means), num_bandits, generator)
    elif kind == "bandit/bernoulli":
        mean_AB = torch.rand(num_arms, num_bandits, generator=generator, device=generator.device)
    else:
        mean_AB = torch.randn(num_arms, num_bandits, generator=generator, device=generator.device)
        mean_AB *= settings["mean_std"]
    if kind == "bandit/bernoulli":
        in_range = bool(((mean_AB >= 0) & (mean_AB <= 1)).all())
        require(in_range, f"means={means}", "winning probabilities, from 0 to 1")
        return BernoulliArms(mean_AB, generator)
    return GaussianArms(mean_AB, generator, settings["noise_std"], settings.get("drift", 0.0))


def _shuffled(means: Sequence[float], num_bandits: int, generator: Generator) -> Tensor:
    """(A, B) the same means in every column, each in an order of its own."""
    order_AB = torch.rand(len(means), num_bandits, generator=generator, device=generator.device).argsort(0)
    return torch.tensor(means, dtype=torch.float32, device=generator.device)[order_AB]


def _numbers(name: str, values: Any) -> list[float]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise UsageError(f"{name}={values!r}; expected a list of numbers")
    for value in values:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise UsageError(f"{name} with {value!r} in it; expected finite numbers")
    return [float(value) for value in values]
