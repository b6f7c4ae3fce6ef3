"""Trainings that go on together: the arithmetic of many small learners as one batch, all else each one's own.

Small networks and tables waste a machine: a step of one spends most of its time on the fixed cost of each operation. A
:class:`Together` does the steps, and the evaluations, of many learners in one set of larger operations. It holds
nothing of theirs between two calls. So each of them is an ordinary learner before and after, with a trainer, a run and
checkpoints of its own, can go on alone, and leaves the others where it ends early.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor

from palestra.engine.arena import limit_of, luck_of
from palestra.engine.evaluate import run_from
from palestra.engine.signals import GivenUp
from palestra.engine.training import Ask, Rounds
from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.joined import Joined
from palestra.errors import require
from palestra.measure import Evaluation, Measure, Metrics

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Together(ABC):
    """Agents of one kind, in copies of one world, stepped and measured as one batch.

    Args:
        members: whose settings differ in nothing but ``vectors``.
    """

    vectors: ClassVar[tuple[str, ...]] = ()
    """Settings that may be others for each member."""
    rounding: ClassVar[str] = ""
    """What rounds otherwise here than in a member alone, for the record of a run; empty where nothing does."""

    def __init__(self, members: Sequence[Any]):
        self.members = list(members)

    @classmethod
    @abstractmethod
    def check(cls, learner: Any) -> None:
        """Raise UsageError for a learner that cannot be a member, whoever the others are."""

    @abstractmethod
    def step(self) -> list[Metrics]:
        """A step of every member, as its own ``step``; what each would have reported."""

    @abstractmethod
    def actor(self) -> Callable[[Tensor], Tensor]:
        """What the members would do now, greedily, in as many copies each: from observations (B, *obs_shape) to actions
        (B, ...), the first member's copies first.
        """

    def measured(self, measures: Sequence[Measure]) -> list[Evaluation]:
        """An evaluation of every member, as its own ``measured``.

        Where they are not to be measured alike but for their luck, or not in worlds of tensors, it is done one by one.
        """
        arenas = [member.arena() for member in self.members]
        worlds = [arena.copies(measure) for arena, measure in zip(arenas, measures, strict=True)]
        alike = len({replace(measure, seed=0) for measure in measures}) == 1
        if not alike or not all(isinstance(world, TorchVectorEnv) for world in worlds):
            return [member.measured(measure) for member, measure in zip(self.members, measures)]
        joined, act, first = Joined(worlds), self.actor(), measures[0]
        number, copies = len(worlds), worlds[0].num_envs
        returns, lengths, cut = list[Tensor](), list[Tensor](), [0] * number
        for batch in range(-(-first.count // copies)):
            obs, unended = joined.reset([luck_of(measure, batch) for measure in measures]), list[int]()
            found = run_from(act, joined.env, obs, max_steps=limit_of(worlds[0], first), cut=unended)
            for into, what in zip((returns, lengths), found):
                into.append(what.view(number, copies))
            for copy in unended:
                cut[copy // copies] += batch * copies + copy % copies < first.count
        episodes = zip(arenas, measures, torch.cat(returns, 1), torch.cat(lengths, 1), cut)
        return [arena.found(measure, r, n, [{}] * len(r), short) for arena, measure, r, n, short in episodes]


class Lockstep(Generic[K, T]):
    """Trainings that go on together, step for step.

    Args:
        make: one batch of learners.
        trainings: by whatever they are known by. Each gives its learner with whatever it asks for.
    """

    def __init__(self, make: Callable[[Sequence[Any]], Together], trainings: Mapping[K, Rounds[T]]):
        require(bool(trainings), "no training", "at least one")
        self._make, self._trainings = make, dict(trainings)
        self._asks: dict[K, Ask] = {}
        self._waiting = list(self._trainings)
        self._batch: tuple[list[K], Together] | None = None

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return not self._trainings

    @property
    def progress(self) -> float:
        """The least share of its budget that one of those that go on has used."""
        return min((ask.learner.budget_used for ask in self._asks.values()), default=0.0)

    def advance(self) -> dict[K, T]:
        """One step of all, and the evaluations before it; what those came to that ended."""
        ended: dict[K, T] = {}
        for key in self._waiting:  # they are made one after the other: each opens a folder and a world
            self._go_on(key, None, ended)
        self._waiting = []
        while measuring := [key for key, ask in self._asks.items() if ask.measure is not None]:
            self._answer(measuring, self._measured(measuring), ended)
        if self._asks:
            stepping = list(self._asks)
            self._answer(stepping, self._together(stepping).step(), ended)
        return ended

    def close(self) -> None:
        """Leave all as they were last saved."""
        for training in self._trainings.values():
            training.close()
        self._trainings.clear()
        self._asks.clear()

    def _measured(self, keys: list[K]) -> Sequence[Evaluation | None]:
        """Evaluations; none where they were given up, which each has to find by itself."""
        measures = [measure for key in keys if (measure := self._asks[key].measure) is not None]
        try:
            return self._together(keys).measured(measures)
        except GivenUp:
            return [None] * len(keys)

    def _together(self, keys: list[K]) -> Together:
        if self._batch is None or self._batch[0] != keys:
            self._batch = (keys, self._make([self._asks[key].learner for key in keys]))
        return self._batch[1]

    def _answer(self, keys: list[K], answers: Sequence[Any], ended: dict[K, T]) -> None:
        for key, answer in zip(keys, answers, strict=True):
            self._go_on(key, answer, ended)

    def _go_on(self, key: K, answer: Any, ended: dict[K, T]) -> None:
        """Send a training what it asked for, and hear what it asks for next."""
        try:
            self._asks[key] = self._trainings[key].send(answer)
        except StopIteration as end:
            self._asks.pop(key, None)
            del self._trainings[key]
            ended[key] = end.value
