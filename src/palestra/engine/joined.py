"""Ranks that are there: processes joined by ``torch.distributed``, gloo between processors and NCCL between GPUs.

What ranks say to each other is a JSON value or tensors, and nothing that is received is ever run: the library's own
``all_gather_object`` and its like unpickle.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
import torch
import torch.distributed as dist
from torch import Tensor

from palestra.engine.ranks import Parted, Ranks, mean_of
from palestra.errors import require
from palestra.measure import Metrics
from palestra.ops.shares import Share
from palestra.runs.codec import decode, encode

T = TypeVar("T")

WAIT = timedelta(hours=6)
"""How long a rank waits for another that lives: rank 0 may evaluate for long. One that is gone is noticed at once, as
its connections are closed."""


class Joined(Ranks):
    """One of several ranks.

    Args:
        rank: which.
        size: how many there are.
        local: which of those on this machine, and so of its GPUs.
        store: where they meet; None for where torchrun says.
        on_one_machine: whether all of them are here, and so need no network.
        why: says what became of a rank that is gone, if anything is known.
    """

    def __init__(
        self,
        rank: int,
        size: int,
        *,
        local: int | None = None,
        store: Any = None,
        on_one_machine: bool = True,
        why: Callable[[], str] = lambda: "",
    ):
        require(dist.is_available(), f"{size} processes with this PyTorch", "one that is built with torch.distributed")
        self.rank, self.size, self.local, self.why = rank, size, rank if local is None else local, why
        self.now = Share(rank, rank + 1, size, 1 / size)
        if on_one_machine:  # otherwise gloo asks what address this machine's name has, which may be none
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
        with self._with_the_others():
            backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
            dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=WAIT)

    def add_up_(self, gradient: Tensor) -> None:
        """Make a gradient of this rank's share, weighed, the sum over all ranks: one call for one flat vector."""
        with self._with_the_others():
            dist.all_reduce(gradient)

    def whole(self, rows: Tensor) -> Tensor:
        """The rows of all ranks, theirs in the order of the ranks; each has as many."""
        parts = [torch.empty_like(rows) for _ in range(self.size)]
        with self._with_the_others():
            dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    def mean(self, value: Tensor) -> Tensor:
        """The mean over the ranks of a number of which each has one."""
        total = value.detach().clone()
        with self._with_the_others():
            dist.all_reduce(total)
        return total / self.size

    def means(self, metrics: Metrics) -> Metrics:
        """The mean of every figure over the ranks that have it."""
        return mean_of(self._told({name: float(value) for name, value in metrics.items()}))

    def same(self, value: T) -> T:
        """What rank 0 says, a JSON value, on all of them."""
        said: T = self._told(value if self.rank == 0 else None)[0]
        return said

    def highest(self, value: int) -> int:
        """The largest of the numbers that the ranks give."""
        found: int = max(self._told(int(value)))
        return found

    def gathered(self, state: Any) -> list[Any]:
        """What the other ranks give, in their order, on rank 0; on all others nothing."""
        with self._with_the_others():
            if self.rank:
                tensors, tree = encode(state)
                own = {name: tensor.clone() for name, tensor in tensors.items()}  # two may share memory
                for data in (json.dumps(tree).encode(), safetensors.torch.save(own)):
                    dist.send(torch.tensor([len(data)]), 0)
                    dist.send(_bytes(data), 0)
                return []
            found = []
            for rank in range(1, self.size):
                tree, saved = (_received(rank) for _ in range(2))
                found.append(decode(safetensors.torch.load(saved), json.loads(tree)))
            return found

    def device(self, name: str) -> str:
        """Where this rank computes: a GPU of its own, or the processor."""
        kind = name.partition(":")[0]
        require(name in ("auto", "cpu", "cuda"), f"device={name} with {self.size} processes", "cpu, or cuda, one each")
        return f"cuda:{self.local}" if kind == "cuda" else name

    def part(self) -> None:
        """Wait until all ranks have come here; from now on nobody needs the others."""
        self._told(None)
        self.over = True

    def close(self) -> None:
        """Leave the others."""
        if dist.is_initialized():
            dist.destroy_process_group()

    def _told(self, value: Any) -> list[Any]:
        """The JSON values of all ranks, in their order."""
        text = _bytes(json.dumps(value).encode())
        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
        with self._with_the_others():
            dist.all_gather(sizes, torch.tensor([len(text)]))
            longest = max(int(size) for size in sizes)
            parts = [torch.zeros(longest, dtype=torch.uint8) for _ in sizes]
            dist.all_gather(parts, torch.cat((text, text.new_zeros(longest - len(text)))))
        return [json.loads(part[: int(size)].numpy().tobytes()) for part, size in zip(parts, sizes)]

    @contextmanager
    def _with_the_others(self) -> Iterator[None]:
        """What a library says of a rank that is gone, as one line."""
        try:
            yield
        except RuntimeError as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            gone = self.why() or f"another of the {self.size} processes is gone ({said})"
            raise Parted(f"{gone}{f'; {self.saved}' if self.saved else ''}") from error


def _bytes(data: bytes) -> Tensor:
    """Bytes as a tensor, which is never empty."""
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def _received(rank: int) -> bytes:
    size = torch.zeros(1, dtype=torch.int64)
    dist.recv(size, rank)
    data = torch.zeros(int(size), dtype=torch.uint8)
    dist.recv(data, rank)
    return data.numpy().tobytes()


def meeting(place: Path, size: int) -> Any:
    """Where ranks of one machine meet: a file, so that nobody has to listen on a port."""
    return dist.FileStore(str(place), size)  # type: ignore[attr-defined]
