"""Which data a learner learns from. Sources register themselves under a name; a file of its own holds each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor

from palestra.errors import UsageError, require, unknown_name
from palestra.measure import Measure


class Split(NamedTuple):
    """Part of a data set, as tensors with one row a sample."""

    inputs: Tensor
    """(N, ...) what is known."""
    targets: Tensor | None
    """(N, ...) what is to be predicted; None where nothing is."""


Splits = Mapping[str, Split]
"""``train``, ``validation``, ``test``: a learner fits the first, chooses on the second, and is judged on the third."""

SOURCES: dict[str, Callable[..., Splits]] = {}
"""Name to a function of keyword arguments that gives the splits."""


def register(name: str, load: Callable[..., Splits]) -> None:
    """Make a source known under a name. UsageError where another has it."""
    require(SOURCES.get(name, load) is load, f"a second data set named {name!r}", "a name of its own")
    SOURCES[name] = load


@dataclass(frozen=True)
class Dataset:
    """Which data, as a recipe and a configuration name them."""

    id: str = ""
    """Name of the source."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Arguments of the source itself."""

    @classmethod
    def named(cls, name: str, config: Any) -> "Dataset":
        """The data set of that name."""
        return cls(name)

    def load(self) -> Splits:
        """Its splits. UsageError for an unknown name or argument."""
        if self.id not in SOURCES:
            raise unknown_name("data set", self.id, SOURCES)
        try:
            return SOURCES[self.id](**self.kwargs)
        except TypeError as error:
            raise UsageError(f"arguments {self.kwargs} of the data set {self.id!r}: {error}") from error

    def measure(self, *, split: str = "validation", count: int = 0, seed: int = 0) -> Measure:
        """A measure on ``count`` rows of a split, 0 for all."""
        return Measure(count, split, seed)
