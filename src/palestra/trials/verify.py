"""Verify: train every seed of a recipe, side by side, and say whether its claim is held."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from palestra.engine.signals import StopRequest
from palestra.errors import UsageError, require
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.runs.atomic import write_json
from palestra.runs.provenance import cores, machine_facts
from palestra.trials.records import claimed, configuration, read_record, record_path
from palestra.trials.trial import Trial, find_run, finished_trial, measure_of, wanted_config
from palestra.trials.verdict import Verdict, judge

DEFAULT_SEEDS = 10
"""Of a recipe that claims nothing."""
_LOOK = 0.05  # seconds between looks at the children


@dataclass(frozen=True)
class Verification:
    """All seeds of one recipe."""

    recipe: Recipe
    """Which."""
    metric: str
    """What was measured."""
    episodes: int
    """Over how many episodes each seed was measured."""
    trials: tuple[Trial, ...]
    """One for each seed, from 0."""
    verdict: Verdict | None
    """None while a seed has failed: a verdict over those that are left would hide it."""

    @property
    def ok(self) -> bool:
        """Whether the claim is held; of a recipe that claims nothing, whether every seed was measured."""
        if self.verdict is None:
            return False
        return self.recipe.claim is None or self.verdict.verdict == "held"


class Stopped(KeyboardInterrupt):
    """A signal stopped a verification. Every seed that had begun is saved; the same command goes on."""

    def __init__(self, signal: int):
        super().__init__("saved; the same call goes on")
        self.signal = signal


Tell = Callable[[Recipe, Trial], None]
"""Called with every seed as it ends."""


def verify(
    recipes: Sequence[str | Recipe],
    *,
    seeds: int | None = None,
    out: str | Path = "verify",
    jobs: int | None = None,
    device: str = "auto",
    tell: Tell = lambda recipe, trial: None,
    tick: Callable[[list[str]], None] = lambda running: None,
) -> list[Verification]:
    """Train seeds 0..N-1 of each recipe, measure each, and judge.

    Every seed is a process of its own and leaves a run in ``<out>/<task>-<method>/``. A seed that is finished there
    with today's configuration is taken as it is, one that was interrupted goes on exactly.

    Args:
        recipes: ids, or Recipes.
        seeds: how many of each; None for as many as its claim asks for.
        out: folder of all verifications.
        jobs: trainings side by side; None for as many as there are cores for.
        device: where each computes.
        tell: called with every seed as it ends.
        tick: called about once a second with what is being trained.

    Raises:
        Stopped: after SIGINT or SIGTERM, once every child has saved.
    """
    chosen = [get_recipe(recipe) if isinstance(recipe, str) else recipe for recipe in recipes]
    require(bool(chosen), "no recipe", "at least one")
    require(seeds is None or seeds >= 1, f"seeds={seeds}", "at least 1")
    require(jobs is None or jobs >= 1, f"jobs={jobs}", "at least 1")
    side_by_side = jobs or default_jobs(chosen)
    trials: dict[tuple[str, int], Trial] = {}
    waiting: list[tuple[Recipe, int]] = []
    for recipe in chosen:
        for seed in range(seeds_of(recipe, seeds)):
            there = _already(recipe, seed, _folder(recipe, Path(out)), device)
            if there is None:
                waiting.append((recipe, seed))
            else:
                trials[recipe.id, seed] = there
                tell(recipe, there)
    for recipe, trial in _train(waiting, Path(out), device, side_by_side, tick):
        trials[recipe.id, trial.seed] = trial
        tell(recipe, trial)
    return [
        _judged(recipe, tuple(trials[recipe.id, seed] for seed in range(seeds_of(recipe, seeds)))) for recipe in chosen
    ]


def seeds_of(recipe: Recipe, asked: int | None) -> int:
    """How many seeds a recipe is tried on."""
    if asked is not None:
        return asked
    return recipe.claim.seeds if recipe.claim else DEFAULT_SEEDS


def default_jobs(recipes: Sequence[Recipe]) -> int:
    """Trainings side by side: one for as many cores as the recipe with the most threads uses."""
    return max(1, cores() // max(recipe.threads for recipe in recipes))


def write_record(done: Verification, *, command: str, tried: Sequence[str] = ()) -> Path:
    """Write a verification to where it ships with the package; returns the file.

    Args:
        done: what was found. Every seed must have been measured.
        command: that found it.
        tried: notes on what else was tried, added to those that stand there.

    Raises:
        UsageError: if a seed failed, or a record of the same recipe with more seeds stands there.
    """
    recipe, verdict = done.recipe, done.verdict
    if verdict is None:
        raise UsageError(f"{recipe.id} has seeds that failed; expected every seed measured before it is recorded")
    old = read_record(recipe) if record_path(recipe).is_file() else None
    if old is not None and old.fresh and old.verdict.seeds > verdict.seeds:
        raise UsageError(
            f"{recipe.id} on {verdict.seeds} seeds; expected at least the {old.verdict.seeds} of the record that stands"
        )
    facts = machine_facts()
    config = wanted_config(recipe, 0, "auto")
    write_json(
        record_path(recipe),
        {
            "recipe": recipe.id,
            "claim": claimed(recipe),
            "metric": done.metric,
            "episodes": done.episodes,
            "budget": recipe.budget,
            "verdict": asdict(verdict),
            "trials": [
                {"seed": trial.seed, "value": trial.value, "steps": trial.steps, "seconds": trial.seconds}
                for trial in done.trials
            ],
            "exact": all(trial.exact for trial in done.trials),
            "tried": [*(old.facts.get("tried", []) if old else []), *tried],
            "configuration": configuration(recipe),
            "settings": config["settings"],
            "versions": facts["versions"],
            "machine": facts["machine"],
            "commits": sorted({trial.commit for trial in done.trials if trial.commit}),
            "date": time.strftime("%Y-%m-%d"),
            "command": command,
        },
    )
    return record_path(recipe)


def _judged(recipe: Recipe, trials: tuple[Trial, ...]) -> Verification:
    metric, episodes = measure_of(recipe)
    values = [trial.value for trial in trials if trial.value is not None]
    threshold = recipe.claim.threshold if recipe.claim else None
    verdict = judge(values, threshold) if len(values) == len(trials) else None
    return Verification(recipe, metric, episodes, trials, verdict)


def _folder(recipe: Recipe, out: Path) -> Path:
    return out / f"{recipe.task}-{recipe.method}"


def _already(recipe: Recipe, seed: int, folder: Path, device: str) -> Trial | None:
    run = find_run(folder, wanted_config(recipe, seed, device))
    trial = None if run is None else finished_trial(run, *measure_of(recipe))
    return None if trial is None else replace(trial, reused=True)


class _Child:
    """The process of one seed."""

    def __init__(self, recipe: Recipe, seed: int, out: Path, device: str):
        self.recipe, self.seed, self.folder = recipe, seed, _folder(recipe, out)
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(recipe.threads))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "palestra.trials.trial"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, **threads},
            start_new_session=True,  # a terminal's Ctrl-C is for us; we pass it on once
        )
        request = {"recipe": asdict(recipe), "seed": seed, "out": str(self.folder), "device": device}
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # one that has died already is found out by ``ended``
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()

    def ended(self) -> Trial | None:
        """Its trial once the process has ended."""
        status = self._process.poll()
        if status is None:
            return None
        self.stop()
        assert self._process.stdout is not None
        said = self._process.stdout.read().decode()
        self._process.stdout.close()
        self._said.seek(0)
        complaint = self._said.read().decode(errors="replace").strip()
        self._said.close()
        try:
            return Trial(**json.loads(said))
        except (TypeError, ValueError):
            last = complaint.splitlines()[-1] if complaint else "it said nothing"
            return Trial(self.seed, error=f"its process ended with status {status}: {last}")

    def stop(self) -> None:
        """Ask it to save and stop. Harmless when repeated."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended
            self._process.stdin.close()

    def progress(self) -> str:
        """``cartpole/ppo seed 3 40%``, as its manifest tells every ten seconds."""
        name = f"{self.recipe.id} seed {self.seed}"
        pattern = f"{self.recipe.task}-{self.recipe.method}-s{self.seed}-*/manifest.json"
        manifests = sorted(self.folder.glob(pattern))  # by the time in their names: the last is this one
        if not manifests:
            return name
        steps: int = json.loads(manifests[-1].read_bytes())["steps"]
        return f"{name} {min(1.0, steps / self.recipe.budget):.0%}"


def _train(
    waiting: list[tuple[Recipe, int]], out: Path, device: str, jobs: int, tick: Callable[[list[str]], None]
) -> Iterator[tuple[Recipe, Trial]]:
    """Yield each seed as it ends; after a signal, once all have saved, raise Stopped."""
    queue = list(reversed(waiting))
    children: list[_Child] = []
    ticked = time.monotonic()
    with StopRequest() as stop:
        try:
            while queue or children:
                while queue and len(children) < jobs and stop.signal is None:
                    children.append(_Child(*queue.pop(), out, device))
                if stop.signal is not None:
                    queue.clear()
                    for child in children:
                        child.stop()
                for child in list(children):
                    trial = child.ended()
                    if trial is not None:
                        children.remove(child)
                        if stop.signal is None or trial.value is not None:
                            yield child.recipe, trial
                if time.monotonic() - ticked >= 1.0:
                    ticked = time.monotonic()
                    tick([child.progress() for child in children])
                time.sleep(_LOOK)
        finally:  # also if whoever asked for the seeds goes
            for child in children:
                child.stop()
    if stop.signal is not None:
        raise Stopped(stop.signal)
