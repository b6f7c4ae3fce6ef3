"""A process that trains by two ranks and kills one of them, again and again: ``rank_driver.py FOLDER LEARNER KILLS``.

It imports PyTorch once and forks both ranks of every life. A kill comes at a random moment after the first, the second
or no new checkpoint; the ranks take turns in being killed, and the other one has to end by itself. Prints one JSON
object: what became of it.
"""

import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import blobs  # noqa: F401 - registers its data
import torch

from palestra.engine.joined import Joined, meeting
from palestra.engine.ranks import Parted
from palestra.errors import PalestraError
from palestra.recipes.recipe import Recipe
from palestra.runs import checkpoints
from palestra.runs.store import run_ids
from palestra.trials import ranks as watching
from palestra.trials.beside import resume_beside, train_beside
from palestra.trials.train import resume, train

PATIENCE = 20.0
"""Seconds in which the rank that is left has to end."""
RECIPES = {
    "ppo": Recipe(
        "toy/ppo", "for kills", "ppo", "CartPole-v1", budget=6_144, num_envs=4, eval_every=2_048, eval_count=4,
        settings={"num_steps": 64, "minibatch_size": 64, "num_epochs": 4, "hidden_sizes": [16]},
    ),
    "autoencoder": Recipe(
        "toy/autoencoder", "for kills", "autoencoder", dataset="toy/blobs", budget=12_000, eval_every=4_000,
        paradigm="unsupervised",
        settings={"code": 1, "hidden_sizes": [16], "batch_size": 33, "batches_per_step": 4},
    ),
}  # fmt: skip


class Kill(NamedTuple):
    """Whom to kill, and when."""

    rank: int
    saves: int
    """Checkpoints of this life that come before it."""
    seconds: float
    """After the last of them."""


@dataclass
class Course:
    """What became of a training and all its lives."""

    run: str = ""
    whole: str = ""
    kills: list[int] = field(default_factory=list)
    """Of rank 0 and of rank 1."""
    watched: int = 0
    """Ranks that were ended by their watch: they did not wait for the other one."""
    unborn: int = 0
    """Kills before the run had appeared."""
    slowest: float = 0.0
    """Seconds that a rank took to end once the other was killed."""
    said: list[str] = field(default_factory=list)
    """What the ranks that were left said, each once."""
    faults: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    """The newest checkpoint after each kill; -1 for none."""
    notes: list[str] = field(default_factory=list)
    """What resumes had to say that a kill must not cause."""


def live(rank: int, folder: Path, out: Path, learner: str) -> int:
    """Be one rank of one life; the exit status of the process."""
    asked = {"devices": 2, "tensorboard": False, "checkpoint_every": 0.05}
    watching.LOOK, watching.GRACE = 0.05, 1.0
    watch = watching.Watch(lambda: gone(folder, 1 - rank))
    try:
        watch.ranks = ranks = Joined(rank, 2, store=meeting(folder / "place", 2), why=watch.why)
        begun = ranks.same(run_ids(out))
        if rank and begun:
            resume_beside(ranks, out / begun[0], {})
        elif rank:
            train_beside(ranks, RECIPES[learner], asked)
        else:
            go = {"ranks": ranks, "out": out}
            outcome = resume(out / begun[0], **go) if begun else train(RECIPES[learner], asked, **go)
            (folder / "notes").write_text(json.dumps(outcome.notes))
        ranks.close()
    except Parted as error:
        (folder / f"said{rank}").write_text(str(error))
        return 3
    except PalestraError as error:
        (folder / f"failed{rank}").write_text(str(error))
        return 4
    return 0


def saved(out: Path) -> set[int]:
    """The steps that have a checkpoint."""
    found = run_ids(out)
    return set(checkpoints.steps(out / found[0] / "checkpoints")) if found else set()


def has_ended(pid: int) -> bool:
    """Whether a child has ended; it is still to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def gone(folder: Path, other: int) -> str:
    """What ``palestra train`` sees by its children and its parent: whether the other rank is no more."""
    pids = folder / "pids"
    if not pids.exists():
        return ""
    try:
        os.kill(json.loads(pids.read_text())[other], 0)
    except ProcessLookupError:
        return f"rank {other} of 2 is gone"
    return ""


def life(number: int, root: Path, out: Path, learner: str, course: Course, kill: Kill | None) -> bool:
    """Both ranks, until one is killed and the other has ended, or until they are done; whether they are."""
    folder = root / f"life{number}"
    folder.mkdir()
    pids = []
    for rank in range(2):
        pid = os.fork()
        if pid == 0:
            try:
                os._exit(live(rank, folder, out, learner))
            finally:
                os._exit(5)
        pids.append(pid)
    (folder / "half").write_text(json.dumps(pids))
    (folder / "half").rename(folder / "pids")
    killed = None
    status: list[int | None] = [None, None]
    if kill is not None:
        known = saved(out)
        while len(saved(out) - known) < kill.saves and not has_ended(pids[0]):
            time.sleep(0.002)
        time.sleep(kill.seconds)
        os.kill(pids[kill.rank], signal.SIGKILL)
        killed = time.monotonic()
    while None in status:
        for rank, pid in enumerate(pids):
            if status[rank] is None and (found := os.waitpid(pid, os.WNOHANG))[0]:
                status[rank] = os.waitstatus_to_exitcode(found[1])
        if killed is not None and time.monotonic() - killed > PATIENCE:
            course.faults.append(f"life {number}: {status} after {PATIENCE:g} seconds")
            for pid, ended in zip(pids, status):
                if ended is None:
                    os.kill(pid, signal.SIGKILL)
            killed = None
        time.sleep(0.01)
    for path in folder.glob("failed*"):
        course.faults.append(f"life {number}: {path.read_text()}")
    if kill is None or status[kill.rank] == 0:
        course.notes += json.loads((folder / "notes").read_text()) if status[0] == 0 else []
        if status != [0, 0]:
            course.faults.append(f"life {number}: ended with {status}")
        return status == [0, 0]
    course.slowest = max(course.slowest, time.monotonic() - (killed or 0.0))
    course.kills[kill.rank] += 1
    left = 1 - kill.rank
    if status[left] == 3:
        line = (folder / f"said{left}").read_text()
        course.said = sorted({*course.said, line.split(";")[0]})
        if "\n" in line:
            course.faults.append(f"life {number}: more than one line: {line}")
    elif status[left] == 1:
        course.watched += 1
    elif status[left] != 0:  # it may have been done just then
        course.faults.append(f"life {number}: the rank that was left ended with {status[left]}")
    course.unborn += not run_ids(out)
    course.steps.append(max(saved(out), default=-1))
    return False


def main() -> None:
    """Train once without kills, and again and again with."""
    root, learner, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)
    rng, course, number = random.Random(0), Course(kills=[0, 0]), 0
    began = time.monotonic()
    (root / "whole").mkdir()
    life(number, root, root / "whole", learner, course, None)
    length = time.monotonic() - began
    course.whole = str(root / "whole" / run_ids(root / "whole")[0])
    course.kills = [0, 0]
    out = root / "killed"
    out.mkdir()
    finished = False
    while not finished and not course.faults:
        number += 1
        kill = Kill(number % 2, rng.randrange(3), rng.uniform(0.0, 0.2 * length))
        kill = kill if sum(course.kills) < kills else None
        finished = life(number, root, out, learner, course, kill)
        if finished and sum(course.kills) < kills:  # the next one, from its beginning
            check = root / f"finished{number}"
            out.rename(check)
            course.run = str(check / run_ids(check)[0])
            out.mkdir()
            finished = False
    if run_ids(out):
        course.run = str(out / run_ids(out)[0])
    print(json.dumps({**asdict(course), "finished": [str(p) for p in sorted(root.glob("finished*/*/"))]}))


if __name__ == "__main__":
    main()
