"""Ranks: the processes that train one learner, seen from one of them. Alone, which is the rule, nothing is shared.

A learner that can be trained by several takes them by ``join``. From then on it goes through its share of every batch,
its optimizer adds up the gradients of all, and whatever decides something is the same everywhere. So every rank makes
the same steps and holds the same parameters, bit for bit; what each has of its own, copies of a world for one, the
learner names in ``apart``.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from torch import Tensor

from palestra.errors import PalestraError
from palestra.measure import Metrics
from palestra.ops.shares import Share, share

T = TypeVar("T")


class Parted(PalestraError):
    """Another rank is gone, and this one cannot go on without it."""


class Ranks:
    """One of several processes that train one learner: by itself the only one."""

    rank: int = 0
    """Which, from 0; the first one writes."""
    size: int = 1
    """How many there are."""
    saved: str = ""
    """What is saved and how to go on, to be said where a rank is gone."""
    now: Share = Share(0, 1, 1, 1.0)
    """Whose rows the next gradient is of."""
    over: bool = False
    """Whether nobody needs the others any more."""

    @property
    def weight(self) -> float:
        """What the next gradient counts in the gradient of all."""
        return self.now.weight

    def share(self, count: int) -> Share:
        """The rows of this rank of a batch of so many; the next gradient is of these."""
        self.now = share(count, self.rank, self.size)
        return self.now

    def rows(self) -> Share:
        """The share that was given last."""
        return self.now

    def add_up_(self, gradient: Tensor) -> None:
        """Make a gradient of this rank's share, weighed, the sum over all ranks."""

    def whole(self, rows: Tensor) -> Tensor:
        """The rows of all ranks, theirs in the order of the ranks; each has as many."""
        return rows

    def mean(self, value: Tensor) -> Tensor:
        """The mean over the ranks of a number of which each has one."""
        return value

    def means(self, metrics: Metrics) -> Metrics:
        """The mean of every figure over the ranks that have it."""
        return metrics

    def same(self, value: T) -> T:
        """What rank 0 says, a JSON value, on all of them."""
        return value

    def highest(self, value: int) -> int:
        """The largest of the numbers that the ranks give."""
        return value

    def gathered(self, state: Any) -> list[Any]:
        """What the other ranks give, in their order, on rank 0; on all others nothing."""
        return []

    def device(self, name: str) -> str:
        """Where this rank computes, by what was asked for."""
        return name

    def part(self) -> None:
        """Wait until all ranks have come here; from now on nobody needs the others."""

    def close(self) -> None:
        """Leave the others."""


ALONE = Ranks()
"""One process, which is all there is."""


def mean_of(rows: list[Mapping[str, float]]) -> Metrics:
    """The mean of every figure over the rows that have it, in the order in which they come."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return {name: sum(column) / len(column) for name, column in columns.items()}
