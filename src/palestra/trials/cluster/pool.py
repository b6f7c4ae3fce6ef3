"""Pools on machines that have a depot in common: what a scheduler has to be able to do, and all else.

What is to be tried is written into the depot, and a process somewhere is asked for that takes its lease
(``cluster.worker``). This side only reads: a result, signs of life, copies of a run. So it may be killed at any time;
what was begun goes on, or is gone on with, when the same is submitted again.
"""

import hashlib
import json
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from palestra.envs.modules import imported
from palestra.errors import UsageError
from palestra.runs import checkpoints, index
from palestra.runs.depot import Depot, DepotError, FolderDepot
from palestra.runs.journal import Journal
from palestra.runs.lease import EXPIRY, Signs, Waiter
from palestra.runs.objects import open_depot
from palestra.runs.rungs import SharedRungs
from palestra.runs.shipping import Sender, fetch, newest_step
from palestra.runs.store import Run
from palestra.trials.cluster.worker import STOP, TRIAL, result_of
from palestra.trials.pool import NEVER_BEGUN, RETRIES, Pool
from palestra.trials.sweep.halving import Halving
from palestra.trials.trial import Result, Trial, already, runs_of

BESIDE_RUNS = ".pool"
"""The depot where none is named: a folder in that of the runs."""
LOOK = 2.0
"""Seconds between looks into the depot and at the scheduler."""
FROZEN = 2.0
"""Expiries without a sign of life after which a process is ended, so that it takes no place any more."""


@dataclass
class Job:
    """A trial on its way through a pool."""

    trial: Trial
    folder: Path
    """Where its run is to be in the end."""
    depot: Depot
    root: str
    """Of the trial, in the depot."""
    signs: Signs
    launch: str = ""
    """Of its present process, by which that is asked to stop."""
    handle: str = ""
    """By which the scheduler knows that."""
    deaths: int = 0
    """Of its processes, since it was last seen to get on."""
    reached: int = -1
    """Step of its newest checkpoint at the last death."""
    launches: int = 0
    told: bool = False
    """Whether its present process was asked to stop."""

    def begin(self) -> None:
        """Say what the trial is, and note that a process is about to be asked for."""
        self.launches += 1
        self.depot.put(f"{self.root}/{TRIAL}", json.dumps(self.trial.to_json()).encode())
        self.launch = hashlib.sha256(f"{self.root} {time.time_ns()} {self.launches}".encode()).hexdigest()[:16]
        self.signs.silent = 0.0

    def died(self) -> None:
        """Count a death."""
        newest = newest_step(self.depot, self.root)
        self.deaths = 1 if newest > self.reached else self.deaths + 1
        self.reached = newest

    def stop(self) -> None:
        """Ask its process to save and to stop."""
        self.depot.put(f"{self.root}/{STOP}/{self.launch}", b"")
        self.told = True


@dataclass
class _Shelf:
    """What waits, what runs and what was dropped."""

    waiting: deque[Job] = field(default_factory=deque)
    running: list[Job] = field(default_factory=list)
    dropped: list[Job] = field(default_factory=list)


class ClusterPool(Pool):
    """Processes on other machines, one for each trial; the scheduler is a subclass's.

    A process that is gone without a result is asked for again, as one is that gives no sign of life any more: it waits
    until the lease of the old one has expired. What is done is brought into the folder of the runs, and its traces are
    cleared away; what is stopped is brought there as far as it is, and stays in the depot to be gone on with. A run
    that was begun in that folder, by whatever pool, is gone on with too.

    Args:
        jobs: how many side by side.
        depot: what all machines have in common, a folder or a URL; None for ``.pool`` beside the runs.
        expiry: seconds without a sign of life after which a process has lost what it does.
        look: seconds between looks.
    """

    def __init__(self, jobs: int, *, depot: str | None = None, expiry: float = EXPIRY, look: float = LOOK):
        self._jobs, self._url, self.expiry, self._look = jobs, depot, expiry, look
        self._shelf = _Shelf()
        self._depots: dict[str, Depot] = {}
        self._rungs: dict[str, SharedRungs] = {}
        """Decisions of successive halving, by their place in the depot."""
        self._next_look = 0.0
        self._stopped = False

    @abstractmethod
    def launch(self, jobs: Sequence[Job]) -> list[str]:
        """Ask for a process of each; by what the scheduler knows them."""

    @abstractmethod
    def alive(self, handles: Collection[str]) -> Collection[str] | None:
        """Which of these wait or run; None if the scheduler cannot be asked just now."""

    @abstractmethod
    def cancel(self, handle: str) -> None:
        """End a process, however it is. Harmless where there is none."""

    @abstractmethod
    def withdraw(self, handle: str) -> None:
        """Take back what has not begun, and leave alone what has."""

    def complaint(self, job: Job) -> str:
        """The last that its process said, where anybody kept it."""
        return ""

    def leave(self) -> None:
        """Let go of the scheduler."""

    def command_of(self, job: Job) -> list[str]:
        """The words that follow ``python -m palestra.trials.cluster.worker``."""
        return [job.depot.url, job.root, job.launch, f"{self.expiry:g}", *imported()]

    def submit(self, trial: Trial, folder: Path) -> None:
        """Take a trial; its process is asked for by ``poll``."""
        depot = self._depot_of(folder)
        if trial.halving is not None:
            trial = replace(trial, halving=self._shared(trial.halving, depot))
        what = json.dumps([trial.to_json(), str(folder.absolute())], sort_keys=True)
        root = hashlib.sha256(what.encode()).hexdigest()[:24]
        _offer(trial, folder, depot, root)
        self._shelf.waiting.append(Job(trial, folder, depot, root, Signs(depot, root, longest=2 * self._look)))

    def poll(self) -> list[tuple[Trial, Result]]:
        """Ask for what there is room for, and give back what has ended since the last call."""
        shelf = self._shelf
        ended = [(job.trial, Result(job.trial.seed, error=NEVER_BEGUN)) for job in shelf.dropped]
        shelf.dropped.clear()
        if time.monotonic() < self._next_look:
            return ended
        # Before the depot is looked at: what was not alive by then has said its last.
        there = self.alive([job.handle for job in shelf.running]) if shelf.running else ()
        for job in list(shelf.running):
            with suppress(DepotError):  # out of reach just now; it is asked about again
                settled = self._settled(job, alive=there is None or job.handle in there)
                ended += [] if settled is None else [(job.trial, settled)]
        self._begin_more()
        self._next_look = time.monotonic() + self._look
        return ended

    def stop(self) -> None:
        """Drop what has not begun, and ask every process to save and to stop. Harmless when repeated."""
        shelf = self._shelf
        shelf.dropped += shelf.waiting
        shelf.waiting.clear()
        self._stopped = True
        for job in shelf.running:
            with suppress(DepotError):  # out of reach just now; the next call tells it
                if not job.told:
                    job.stop()
                    self.withdraw(job.handle)

    def tell(self) -> list[str]:
        """What is being tried, and how far it is, as the signs of life said last."""
        return [self._told(job) for job in self._shelf.running]

    def close(self) -> None:
        """Ask every process to save and to stop, and let go of the scheduler."""
        finished = not (self._stopped or self._shelf.waiting or self._shelf.running)
        self.stop()
        self.leave()
        for rungs in self._rungs.values() if finished else ():
            rungs.clear()
        for depot in self._depots.values():
            if isinstance(depot, FolderDepot) and depot.root.name == BESIDE_RUNS:
                with suppress(OSError):  # there is something to be gone on with
                    depot.root.rmdir()

    def _depot_of(self, folder: Path) -> Depot:
        url = self._url or str((folder / BESIDE_RUNS).absolute())
        if url not in self._depots:
            self._depots[url] = open_depot(url)
        self._depots[url].make()
        return self._depots[url]

    def _shared(self, halving: Halving, depot: Depot) -> Halving:
        """The same with its decisions in the depot, those that were noted in its journal before among them."""
        place = f"rungs-{hashlib.sha256(halving.journal.encode()).hexdigest()[:24]}"
        if place not in self._rungs:
            self._rungs[place] = SharedRungs(depot, place)
            with Journal(Path(halving.journal)) as journal:
                for decision in journal.decisions():
                    self._rungs[place].keep(decision)
        return replace(halving, depot=depot.url, place=place)

    def _note(self, trial: Trial) -> None:
        """Bring what was decided of a trial into the journal of its sweep."""
        if trial.halving is None:
            return
        with Journal(Path(trial.halving.journal)) as journal:
            for decision in self._rungs[trial.halving.place].decisions(trial.number):
                journal.keep(decision)

    def _settled(self, job: Job, *, alive: bool) -> Result | None:
        """What came of a job; None while it is under way, or has to begin again."""
        shelf, result = self._shelf, result_of(job.depot, job.root)
        if result is None and alive and not self._frozen(job):
            return None
        found = _there(job) if result is None else None
        if found is None and result is None and not self._stopped:
            job.died()
            if job.deaths <= RETRIES:
                shelf.running.remove(job)
                shelf.waiting.appendleft(job)
                return None
        self._note(job.trial)
        found = found or self._brought(job, result)
        shelf.running.remove(job)
        return found

    def _begin_more(self) -> None:
        """Ask for what there is room for."""
        shelf = self._shelf
        batch = [shelf.waiting.popleft() for _ in range(min(len(shelf.waiting), self._jobs - len(shelf.running)))]
        try:
            for job in batch:
                job.begin()
        except DepotError:
            shelf.waiting.extendleft(reversed(batch))
            return
        for job, handle in zip(batch, self.launch(batch) if batch else (), strict=True):
            job.handle = handle
            shelf.running.append(job)

    def _frozen(self, job: Job) -> bool:
        """Whether it gave no sign of life for too long; it is ended then."""
        signs = job.signs
        signs.look()
        ours = signs.claim is not None and signs.claim.note == job.launch  # the lease may be an older process's still
        if not ours or signs.free or signs.silent <= FROZEN * self.expiry:
            return False
        self.cancel(job.handle)
        return True

    def _brought(self, job: Job, result: Result | None) -> Result:
        """The result, its run in the folder where it is to be."""
        path = fetch(job.depot, job.root, job.folder)
        if path is not None:
            index.enter(job.folder, Run.open(path, job.folder))
        if result is None:
            if self._stopped:
                return Result(job.trial.seed, error="interrupted")
            why, said = f"its process died {job.deaths} times without getting on", self.complaint(job)
            return Result(job.trial.seed, error=f"{why}: {said}" if said else why)
        job.depot.remove_all(job.root)
        return replace(result, run=None if path is None else str(path))

    @staticmethod
    def _told(job: Job) -> str:
        said = job.signs.said
        step = int(said) if said.isdigit() else 0
        return f"{job.trial.name} {min(1.0, step / job.trial.plan().training.budget):.0%}"


def _there(job: Job) -> Result | None:
    """What came of a trial whose run is in its folder, finished; None where there is none."""
    with suppress(UsageError):  # it is being trained there
        return already(job.trial, job.folder)
    return None


def _offer(trial: Trial, folder: Path, depot: Depot, root: str) -> None:
    """Send what was trained here already, where that is farther than what the depot has, and nobody has the lease."""
    begun = [(_step_of(run), run.path) for run in runs_of(folder, trial.plan()) if run.status == "interrupted"]
    step, path = max(begun, default=(-1, folder))
    if step <= newest_step(depot, root):
        return
    lease = Waiter(depot, root).look()
    if lease is not None:
        Sender(depot, lease.place, lease.check).send(path)
        lease.release()


def _step_of(run: Run) -> int:
    return max(checkpoints.steps(run.checkpoints), default=-1)
