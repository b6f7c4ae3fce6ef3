"""A playground: a learner that is stepped on request, shown as data, and changed between two steps.

It is a part as learners are (:mod:`palestra.engine.state`): what its next step depends on stands in ``saves``, and so
it can be taken back to any step that it has been at.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from palestra.errors import UsageError
from palestra.playgrounds.offer import Asked, Text

A = TypeVar("A", bound=Asked)


class Playground(ABC, Generic[A]):
    """One that is being played.

    Args:
        asked: its settings.
    """

    saves: ClassVar[Sequence[str]] = ()

    def __init__(self, asked: A):
        self.asked = asked

    @classmethod
    def made(cls, asked: A, runs: Path | None) -> Self:
        """One with such settings; ``runs`` is a folder of trained agents, for those that can show them."""
        return cls(asked)

    @property
    def finished(self) -> bool:
        """Whether more steps would change nothing."""
        return False

    @abstractmethod
    def step(self) -> None:
        """One step of its learner."""

    @abstractmethod
    def frame(self) -> dict[str, Any]:
        """What there is to draw after a step, as tensors, arrays and JSON values."""

    def ground(self) -> dict[str, Any]:
        """What stays as it is from step to step: data, a surface."""
        return {}

    @abstractmethod
    def see(self) -> Text:
        """What one should see in it now."""

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Change what is learned from. UsageError, with nothing changed, for what cannot be."""
        raise UsageError(f"an edit of {', '.join(edit) or 'nothing'}; expected none: nothing here can be moved")

    def act(self, action: Any) -> None:
        """Do something in its world by hand. UsageError where there is no such world."""
        raise UsageError(f"the action {action!r}; expected none: nobody acts by hand here")

    def asking(self, **changed: Any) -> A:
        """Its settings with some replaced; UsageError for values out of range."""
        return replace(self.asked, **changed)
