"""Ranks that are threads of this process: a test sees all of them, and each says to the others what processes would."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch
from torch import Tensor

from palestra.engine.ranks import Ranks, mean_of
from palestra.measure import Metrics
from palestra.ops.shares import Share
from palestra.runs.codec import decode, encode

T = TypeVar("T")


class Table:
    """Where each of several threads puts something and takes what all have put."""

    def __init__(self, size: int):
        self.barrier, self.places = threading.Barrier(size, timeout=60), [None] * size

    def all(self, rank: int, value: Any) -> list[Any]:
        self.places[rank] = value
        self.barrier.wait()
        found = list(self.places)
        self.barrier.wait()
        return found


class Threads(Ranks):
    """One of several threads."""

    def __init__(self, rank: int, size: int, table: Table):
        self.rank, self.size, self.table = rank, size, table
        self.now = Share(rank, rank + 1, size, 1 / size)
        self.calls = 0
        """How often gradients were added up."""

    def add_up_(self, gradient: Tensor) -> None:
        self.calls += 1
        gradient.copy_(torch.stack(self.table.all(self.rank, gradient.clone())).sum(0))

    def whole(self, rows: Tensor) -> Tensor:
        return torch.cat(self.table.all(self.rank, rows))

    def mean(self, value: Tensor) -> Tensor:
        return torch.stack(self.table.all(self.rank, value.detach())).mean()

    def means(self, metrics: Metrics) -> Metrics:
        return mean_of(self.table.all(self.rank, metrics))

    def same(self, value: T) -> T:
        said: T = self.table.all(self.rank, value)[0]
        return said

    def highest(self, value: int) -> int:
        return max(self.table.all(self.rank, value))

    def gathered(self, state: Any) -> list[Any]:
        found = self.table.all(self.rank, decode(*encode(state)))
        return [] if self.rank else found[1:]

    def part(self) -> None:
        self.table.all(self.rank, None)


def side_by_side(size: int, work: Callable[[Threads], T]) -> list[T]:
    """What a function gives on each of so many ranks."""
    table = Table(size)

    def one(rank: int) -> T:
        try:
            return work(Threads(rank, size, table))
        except BaseException:
            table.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as pool:
        futures = [pool.submit(one, rank) for rank in range(size)]
    failed = [each.exception() for each in futures if each.exception() is not None]
    first = next((error for error in failed if not isinstance(error, threading.BrokenBarrierError)), None)
    if first is not None:
        raise first
    return [each.result() for each in futures]
