"""The processes of one training: started here, or by torchrun; and what is seen to when one of them is gone.

``palestra train --devices N`` is rank 0, and starts the others as ``palestra train`` with the same words. They meet in
a file that only this user may read, and talk over the loopback. A rank that waits for one that was killed hears of it
at once; one that computes, or waits for a GPU, is ended by its watch some seconds later.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from palestra.engine.learner import Learner
from palestra.engine.ranks import ALONE, Ranks
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError, require
from palestra.learners.registry import LEARNERS, learner_type
from palestra.trials.plan import Plan

PLACE = "PALESTRA_RANKS"
"""Environment variable of a rank that ``palestra train`` started: whose child it is, and the file where they meet."""
TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""Environment variables by which torchrun says who a process is."""
GRACE = 5.0
"""Seconds in which a rank may notice by itself that another is gone."""
LOOK = 0.2
"""Seconds between looks at the others."""
TOLD = b"."
"""What rank 0 tells those it started when it ends by itself, having said why."""


def check_ranks(plan: Plan, ranks: Ranks) -> None:
    """Raise UsageError unless a plan can be followed by these processes."""
    size, cls = plan.training.devices, learner_type(plan.learner.name).learner
    if size > 1 and cls.join is Learner.join:
        shared = (name for name in LEARNERS if learner_type(name).learner.join is not Learner.join)
        raise UsageError(
            f"{plan.learner.name} with devices={size}; expected devices=1, or one that several processes can train: "
            f"{', '.join(sorted(shared))}"
        )
    given = f"devices={size}, and processes that train: {ranks.size}"
    command = f"palestra train ... --devices {size}, or torchrun --nproc-per-node {size} -m palestra train ..."
    require(size == ranks.size, given, f"as many: {command}")
    if isinstance(plan.source, World):
        copies = plan.source.num_envs
        require(copies % size == 0, f"num_envs={copies} over {size} processes", f"a multiple of {size}")


def is_rank(environment: Mapping[str, str]) -> bool:
    """Whether a process is a rank that somebody has started."""
    return (all(name in environment for name in TORCHRUN) and environment["WORLD_SIZE"] != "1") or PLACE in environment


class Watch:
    """Ends this process if another rank is gone and it does not notice.

    Args:
        gone: what became of a rank that is gone; empty while all are there.
    """

    def __init__(self, gone: Callable[[], str]):
        self._gone, self._ended = gone, threading.Event()
        self.ranks = ALONE
        """Those that are watched, once they have met."""
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()

    def why(self) -> str:
        """What became of a rank whose connections are closed; its process may take a moment to be gone."""
        until = time.monotonic() + 10 * LOOK
        while not (said := self._gone()) and time.monotonic() < until:
            time.sleep(LOOK / 10)
        return said

    def _look(self) -> None:
        while not self._ended.wait(LOOK):
            said = self._gone()
            if said and not self._ended.wait(GRACE) and not self.ranks.over:
                saved = f"; {self.ranks.saved}" if self.ranks.saved else ""
                os.write(2, f"palestra: {said}{saved}\n".encode())
                os._exit(1)


@contextmanager
def started(size: int, words: Sequence[str]) -> Iterator[Ranks]:
    """Be rank 0 of so many processes, and start the others: ``palestra train`` with these words."""
    from palestra.engine.joined import Joined, meeting

    folder = Path(tempfile.mkdtemp(prefix="palestra-ranks-"))
    others: list[subprocess.Popen[bytes]] = []
    watch = None
    try:
        for rank in range(1, size):
            who = {PLACE: f"{os.getpid()} {folder / 'place'}", "RANK": str(rank), "WORLD_SIZE": str(size)}
            command = [sys.executable, "-m", "palestra", "train", *words]
            process = subprocess.Popen(
                command, env=os.environ | who, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, bufsize=0
            )
            others.append(process)
        watch = Watch(lambda: _died(others))
        watch.ranks = Joined(0, size, store=meeting(folder / "place", size), why=watch.why)
        yield watch.ranks
    finally:
        if watch is not None:
            watch.ranks.close()  # those that wait for this one hear of it
            watch.stop()
        _end(others)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def joined() -> Iterator[Ranks]:
    """Be the rank that somebody has started."""
    from palestra.engine.joined import Joined, meeting

    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if PLACE not in os.environ:
        local = int(os.environ.get("LOCAL_RANK", rank))
        here = os.environ.get("LOCAL_WORLD_SIZE") == str(size)
        ranks = Joined(rank, size, local=local, on_one_machine=here)
        yield ranks
        ranks.close()
        return
    known, _, file = os.environ[PLACE].partition(" ")
    parent, place = int(known), Path(file)
    watch = Watch(lambda: f"rank 0 of {size} is gone" if os.getppid() != parent else "")
    try:
        watch.ranks = Joined(rank, size, store=meeting(place, size), why=watch.why)
        yield watch.ranks
        watch.ranks.close()
    except PalestraError as error:
        watch.stop()
        if _is_told():  # rank 0 has said why
            raise SystemExit(1) from error
        raise
    finally:
        watch.stop()
        if os.getppid() != parent:
            shutil.rmtree(place.parent, ignore_errors=True)


def _died(others: Sequence[subprocess.Popen[bytes]]) -> str:
    """What became of the first that did not end well; empty while all live."""
    for rank, process in enumerate(others, 1):
        status = process.poll()
        if status is not None and status < 0:
            return f"rank {rank} of {len(others) + 1} was ended by {signal.Signals(-status).name}"
        if status:
            return f"rank {rank} of {len(others) + 1} has ended with status {status}"
    return ""


def _is_told() -> bool:
    """Whether rank 0 ends too, and has said why; it has a moment for it."""
    readable = select.select([sys.stdin.fileno()], [], [], GRACE / 2)[0]
    return bool(readable) and os.read(sys.stdin.fileno(), 1) == TOLD


def _end(others: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let the others end, who have no more to do, and end those that do not."""
    for process in others:
        assert process.stdin is not None
        with suppress(OSError):  # it is gone
            process.stdin.write(TOLD)
            process.stdin.close()
    until = time.monotonic() + 2 * GRACE
    for process in others:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
