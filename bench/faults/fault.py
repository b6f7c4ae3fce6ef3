"""What a fault is, and the register of all that are measured."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

Figure = Callable[[int, bool], float]


@dataclass(frozen=True)
class Fault:
    """One fault and what is measured of it."""

    name: str
    measured: str
    seeds: int
    figure: Figure

    @property
    def file(self) -> str:
        """Which of these files it stands in."""
        return self.figure.__module__.removeprefix("faults.")


FAULTS: list[Fault] = []


def fault(name: str, measured: str, *, seeds: int = 5) -> Callable[[Figure], Figure]:
    """Register a function of (seed, faulty) that returns the figure."""

    def register(figure: Figure) -> Figure:
        FAULTS.append(Fault(name, measured, seeds, figure))
        return figure

    return register


def put(faulty: bool, owner: Any, name: str, wrong: Any) -> AbstractContextManager[Any]:
    """Within this, ``owner.name`` is the wrong one if ``faulty``."""
    return patch.object(owner, name, wrong) if faulty else nullcontext()


def score(agent: Any, episodes: int = 50) -> float:
    """Mean greedy return, with seeds that training never used."""
    return float(agent.evaluate(episodes=episodes, seed=1).score)


def quickest(work: Callable[[], Any], repeats: int = 200) -> float:
    """Microseconds of the quickest of many calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)
