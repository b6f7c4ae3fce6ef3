"""A process that trains in child processes and kills them with SIGKILL: a JSON request a line, a JSON answer a line.

It imports PyTorch once, stays free of threads, and forks a new process for every life of a training, so that a life
costs milliseconds and not an import. A life reports through a pipe when it enters and when it leaves the writing of a
checkpoint; from what the pipe holds after its death it is certain whether the kill landed inside.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import cast
import dot  # noqa: F401 - registers its world
import sabotage
import torch
import unrepeatable  # noqa: F401 - registers its world

from palestra.datasets.recorded import load_episodes
from palestra.errors import PalestraError
from palestra.learners.on_policy import ppo  # noqa: F401 - imported once here instead of in every life
from palestra.learners.registry import LEARNERS, learner_type
from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.store import Run, run_ids
from palestra.trials.plan import adhoc_recipe, resolve
from palestra.trials.train import resume, train


@dataclass(frozen=True)
class Plan:
    """When to kill: some seconds into a life, or so many usual saves (0.5: half-way) into one of its saves."""

    seconds: float | None = None
    save: int | None = None
    """Counted from 1 in each life."""
    at_clock: int | None = None
    """Count only saves from this clock on."""
    into: float = 0.0
    by_itself: bool = False
    """Let the process kill itself as soon as that save is done: where no other moment will do."""


@dataclass
class Chain:
    """A training and all its lives."""

    run: str = ""
    lives: int = 0
    kills: int = 0
    inside: int = 0
    """Kills between the first and the last instruction that write a checkpoint."""
    unborn: int = 0
    """Kills before the run had appeared in its folder."""
    before_first: int = 0
    """Kills of a run that had no checkpoint yet."""
    steps: list[int] = field(default_factory=list)
    """Clock of the newest checkpoint after each kill; -1 for none."""
    notes: list[str] = field(default_factory=list)
    """What all resumes had to say, by the manifest."""
    error: str | None = None
    """How the chain broke, if a life ended by an error."""
    seconds: float = 0.0
    """Of its last life."""


class Life:
    """One child process, and what it has said about its saves so far."""

    def __init__(self, work: Callable[[], object], broken: str | None, last_save: int | None = None):
        self.pipe, theirs = os.pipe()
        self.began = time.perf_counter()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _live(work, broken, theirs, last_save)
        os.close(theirs)
        os.set_blocking(self.pipe, False)
        self.events: list[list[Any]] = []
        self._rest = b""
        self.ended = False

    def listen(self, until: float) -> None:
        """Take in what the child says, until something came, it has died, or the time has come."""
        if not select.select([self.pipe], [], [], max(0.0, until - time.perf_counter()))[0]:
            return
        data = os.read(self.pipe, 1 << 16)
        self.ended = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.events += map(json.loads, lines)

    def kill(self, plan: Plan, usual_save: float) -> bool:
        """Wait for the plan's moment and SIGKILL; whether the child died of it."""
        moment = self._moment(plan, usual_save)
        while not self.ended and (moment is None or time.perf_counter() < moment):
            self.listen(moment or time.perf_counter() + 1.0)
            moment = moment or self._moment(plan, usual_save)
        os.kill(self.pid, signal.SIGKILL)  # not reaped yet, so the number is still this child's
        return self.wait() == -signal.SIGKILL

    def _moment(self, plan: Plan, usual_save: float) -> float | None:
        if plan.seconds is not None:
            return self.began + plan.seconds
        saves = [event for event in self.events if event[0] == "save" and event[1] >= (plan.at_clock or 0)]
        assert plan.save is not None
        heard = not plan.by_itself and len(saves) >= plan.save
        return float(saves[plan.save - 1][2]) + plan.into * usual_save if heard else None

    def wait(self) -> int:
        """The exit status (negative after a signal), with every event taken in."""
        while not self.ended:
            self.listen(time.perf_counter() + 1.0)
        os.close(self.pipe)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _live(work: Callable[[], object], broken: str | None, report: int, last_save: int | None) -> None:
    """What a child does: train, tell of each save, and end without returning."""

    def say(*event: Any) -> None:
        os.write(report, json.dumps(event).encode() + b"\n")

    saves = 0
    try:
        if broken is not None:
            sabotage.apply(broken)
        save = checkpoints.save

        def telling_save(folder: Path, step: int, *args: Any, **kwargs: Any) -> Path:
            nonlocal saves
            say("save", step, time.perf_counter())
            path = save(folder, step, *args, **kwargs)
            say("saved", step, time.perf_counter())
            saves += 1
            if saves == last_save:
                os.kill(os.getpid(), signal.SIGKILL)
            return path

        checkpoints.save = telling_save
        work()
    except PalestraError as error:
        say("error", str(error))
        os._exit(3)
    except BaseException as error:
        say("error", repr(error))
        os._exit(4)
    os._exit(0)


Planner = Callable[[Chain], Plan | None]
"""The next kill in view of what has happened so far; None to let the training end."""


def begin(out: Path, config: dict[str, Any]) -> None:
    """Train from the start, as ``palestra train --algo ... --env-id ...`` does, or as a recipe says."""
    if "toy" in config:
        train(
            (cast.RECIPES | RECIPES)[config["toy"]],
            {k: v for k, v in config.items() if k != "toy"},
            out=out,
            claim=False,
        )
        return
    recipe = adhoc_recipe(config["algo"], config["env_id"], config["budget"])
    overrides = {k: v for k, v in config.items() if k not in ("algo", "env_id", "settings")}
    train(recipe, overrides | config["settings"], out=out)


def chain(
    out: Path, config: dict[str, Any], plan_next: Planner, broken: str | None = None, to_the_end: bool = True
) -> Chain:
    """Train, killed as planned and resumed after each kill, to the end or to the last kill."""
    done = Chain()
    save_seconds: list[float] = []
    while True:
        runs = run_ids(out)
        assert len(runs) <= 1, runs
        path = out / runs[0] if runs else None
        before = checkpoints.steps(path / "checkpoints") if path else []
        plan = plan_next(done)
        if plan is None and not to_the_end:
            done.run = str(path)
            return done
        last_save = plan.save if plan and plan.by_itself else None
        life = Life(partial(resume, path) if path else partial(begin, out, config), broken, last_save)
        done.lives += 1
        killed = life.kill(plan, median(save_seconds or [0.005])) if plan else life.wait() < 0
        events = [event for event in life.events if event[0] in ("save", "saved")]
        save_seconds += [end[2] - start[2] for start, end in pairwise(events) if end[0] == "saved"]
        if killed:
            done.kills += 1
            done.inside += bool(events) and events[-1][0] == "save"
            done.unborn += not run_ids(out)
            after = [step for run in run_ids(out) for step in checkpoints.steps(out / run / "checkpoints")]
            done.before_first += bool(run_ids(out)) and not before and not after
            done.steps.append(max(after, default=-1))
            continue
        done.error = next((event[1] for event in life.events if event[0] == "error"), None)
        for run in run_ids(out):
            done.run = str(out / run)
            done.notes = [note for each in Run.open(run, out).manifest["resumes"] for note in each["notes"]]
        done.seconds = time.perf_counter() - life.began
        return done


def crowd(out: Path, configs: list[dict[str, Any]]) -> list[str | None]:
    """Train all at once, each in a process of its own; the error of each, if there was one."""
    lives = [Life(partial(begin, out, config), None) for config in configs]
    failed = [life.wait() != 0 for life in lives]
    return [str(life.events[-1]) if bad else None for life, bad in zip(lives, failed)]


def listed(plans: Iterator[Plan]) -> Planner:
    """Plans that stand beforehand."""
    return lambda done: next(plans, None)


def at_random(seed: int, kills: int, longest: float) -> Planner:
    """Kills at random instants, at least so many in all, and at least half of that inside saves.

    An instant is uniform over a life (of at most ``longest`` seconds), or over one of the first saves in a life.
    """
    rng = random.Random(seed)

    def plan_next(done: Chain) -> Plan | None:
        if (done.kills >= kills and done.inside >= kills // 2) or done.kills >= 4 * kills:
            return None
        if done.inside < done.kills - done.inside or done.kills >= kills:
            return Plan(save=rng.randint(1, 3), into=rng.uniform(0.0, 0.9))
        return Plan(seconds=rng.uniform(0.0, longest))

    return plan_next


def prepare(config: dict[str, Any]) -> None:
    """Import and make here, once, what every life of a training would import and make again."""
    if "toy" in config:
        resolve((cast.RECIPES | RECIPES)[config["toy"]]).make_learner().close()
        return
    settings = learner_type(config["algo"]).config_type()
    if hasattr(settings, "data"):
        load_episodes(settings.data)


def answer(request: dict[str, Any]) -> Any:
    """Serve one request: ``out`` and ``crowd``, or ``out``, ``config`` and how to kill."""
    out = Path(request["out"])
    out.mkdir(parents=True, exist_ok=True)
    if "crowd" in request:
        return crowd(out, request["crowd"])
    if "plans" in request:
        planner = listed(iter([Plan(**plan) for plan in request["plans"]]))
    else:
        planner = at_random(request["seed"], request["kills"], request["longest"])
    prepare(request["config"])
    return asdict(chain(out, request["config"], planner, request.get("broken"), request.get("to_the_end", True)))


if __name__ == "__main__":
    LEARNERS.update(cast.TOYS)
    torch.set_num_threads(1)  # before any work: threads do not survive a fork
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
