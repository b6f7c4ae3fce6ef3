"""Verify: train every seed of a recipe, side by side, and say whether its claim is held."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from palestra.engine.signals import StopRequest
from palestra.errors import UsageError, require
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.runs.facts import table_html
from palestra.runs.provenance import cores, machine_facts
from palestra.trials.opening import beside, opened, workers_of
from palestra.trials.plan import resolve
from palestra.trials.pool import LOCAL, Pool
from palestra.trials.records import claimed, configuration, read_record, write_facts
from palestra.trials.trial import Result, Trial, already, measure_of
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
    trials: tuple[Result, ...]
    """What came of each seed, from 0."""
    verdict: Verdict | None
    """None while a seed has failed: a verdict over those that are left would hide it."""

    @property
    def ok(self) -> bool:
        """Whether the claim is held; of a recipe that claims nothing, whether every seed was measured."""
        if self.verdict is None:
            return False
        return self.recipe.claim is None or self.verdict.verdict == "held"

    def _repr_html_(self) -> str:
        """What a notebook shows: the verdict, and what came of each seed."""
        verdict = self.verdict.verdict if self.verdict else "a seed failed"
        rows = [(f"seed {each.seed}", each.value if each.error is None else each.error) for each in self.trials]
        return table_html(f"{self.recipe.id}: {verdict or 'no verdict'}", ("", self.metric), rows)


class Stopped(KeyboardInterrupt):
    """A signal stopped a verification. Every seed that had begun is saved; the same command goes on."""

    def __init__(self, signal: int):
        super().__init__("saved; the same call goes on")
        self.signal = signal


Tell = Callable[[Recipe, Result], None]
"""Called with every seed as it ends."""


def verify(
    recipes: Sequence[str | Recipe],
    *,
    seeds: int | None = None,
    out: str | Path = "verify",
    jobs: int | None = None,
    device: str = "auto",
    overrides: Mapping[str, Any] | None = None,
    pool: str | Pool = LOCAL,
    tell: Tell = lambda recipe, result: None,
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
        overrides: settings over a recipe that claims nothing, by name.
        pool: where they are trained: ``local``, ``local:N``, ``together``, ``ray``, ``slurm`` (``trials.opening``), or
            a Pool.
        tell: called with every seed as it ends.
        tick: called about once a second with what is being trained.

    Raises:
        Stopped: after SIGINT or SIGTERM, once every child has saved.
    """
    chosen = [get_recipe(recipe) if isinstance(recipe, str) else recipe for recipe in recipes]
    require(bool(chosen), "no recipe", "at least one")
    require(seeds is None or seeds >= 1, f"seeds={seeds}", "at least 1")
    for recipe in chosen if overrides else ():
        given = f"{recipe.id}, which claims something, with {', '.join(overrides or ())}"
        require(recipe.claim is None, given, "no settings over it: the claim is of those that it has")
    width = side_by_side(chosen, jobs, pool)
    results: dict[tuple[str, int], Result] = {}
    waiting: list[tuple[Trial, Path]] = []
    for recipe in chosen:
        for seed in range(seeds_of(recipe, seeds)):
            trial, folder = Trial(recipe, seed, {**(overrides or {}), "training.device": device}), _folder(recipe, out)
            there = already(trial, folder)
            if there is None:
                waiting.append((trial, folder))
            else:
                results[recipe.id, seed] = there
                tell(recipe, there)
    for trial, result in tried(waiting, width, tick, pool):
        results[trial.recipe.id, trial.seed] = result
        tell(trial.recipe, result)
    return [
        judged(recipe, tuple(results[recipe.id, seed] for seed in range(seeds_of(recipe, seeds)))) for recipe in chosen
    ]


def seeds_of(recipe: Recipe, asked: int | None) -> int:
    """How many seeds a recipe is tried on."""
    if asked is not None:
        return asked
    return recipe.claim.seeds if recipe.claim else DEFAULT_SEEDS


def side_by_side(recipes: Sequence[Recipe], jobs: int | None, pool: str | Pool = LOCAL) -> int:
    """How many trainings at once: as many as are asked for, by ``jobs`` or by the name of the pool, else one a core.

    On other machines, whose cores nobody here counts, and in one batch it is what ``trials.opening`` says.
    """
    asked = workers_of(pool)
    require(jobs is None or jobs >= 1, f"jobs={jobs}", "at least 1")
    require(jobs is None or asked is None, f"jobs={jobs} with pool={pool}", "one of the two")
    return jobs or asked or beside(pool) or default_jobs(recipes)


def default_jobs(recipes: Sequence[Recipe]) -> int:
    """Trainings side by side: one for as many cores as the recipe with the most threads uses."""
    return max(1, cores() // max(recipe.threads for recipe in recipes))


def write_record(done: Verification, *, command: str, tried: Sequence[str] = ()) -> Path:
    """Record a verification in the source, and in the table that ships with the package; returns the record's file.

    Args:
        done: what was found. Every seed must have been measured.
        command: that found it.
        tried: notes on what else was tried, added to those that stand there.

    Raises:
        UsageError: if a seed failed, a record of the same recipe with more seeds stands there, or this is no checkout.
    """
    recipe, verdict = done.recipe, done.verdict
    if verdict is None:
        raise UsageError(f"{recipe.id} has seeds that failed; expected every seed measured before it is recorded")
    old = read_record(recipe)
    if old is not None and old.fresh and old.verdict.seeds > verdict.seeds:
        raise UsageError(
            f"{recipe.id} on {verdict.seeds} seeds; expected at least the {old.verdict.seeds} of the record that stands"
        )
    facts = machine_facts()
    return write_facts(
        recipe,
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
            "settings": asdict(resolve(recipe).learner.settings),
            "versions": facts["versions"],
            "machine": facts["machine"],
            "processor": facts["processor"],
            "commits": sorted({trial.commit for trial in done.trials if trial.commit}),
            "date": time.strftime("%Y-%m-%d"),
            "command": command,
        },
    )


def judged(recipe: Recipe, trials: tuple[Result, ...]) -> Verification:
    """What the results of all seeds of a recipe come to."""
    metric, episodes = measure_of(recipe)
    values = [trial.value for trial in trials if trial.value is not None]
    threshold = recipe.claim.threshold if recipe.claim else None
    direction = recipe.claim.direction if recipe.claim else "up"
    verdict = judge(values, threshold, direction) if len(values) == len(trials) else None
    return Verification(recipe, metric, episodes, trials, verdict)


def _folder(recipe: Recipe, out: str | Path) -> Path:
    return Path(out) / f"{recipe.task}-{recipe.method}"


def tried(
    waiting: Sequence[tuple[Trial, Path]],
    jobs: int,
    tick: Callable[[list[str]], None],
    pool: str | Pool = LOCAL,
) -> Iterator[tuple[Trial, Result]]:
    """Yield each trial as it ends; after a signal, once all have saved, raise Stopped."""
    left, ticked = len(waiting), time.monotonic()
    if not left:  # a pool may be dear to open
        return
    with StopRequest() as stop, opened(pool, jobs) as made:
        for trial, folder in waiting:
            made.submit(trial, folder)
        while left:
            if stop.signal is not None:
                made.stop()
            for trial, result in made.poll():
                left -= 1
                if stop.signal is None or result.value is not None:
                    yield trial, result
            if time.monotonic() - ticked >= 1.0:
                ticked = time.monotonic()
                tick(made.tell())
            time.sleep(_LOOK)
    if stop.signal is not None:
        raise Stopped(stop.signal)
