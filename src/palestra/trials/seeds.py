"""Several seeds of one training, whatever it is: side by side, measured alike, and drawn together."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from palestra.errors import require
from palestra.recipes.recipe import Recipe
from palestra.trials.plan import resolve
from palestra.trials.pool import LOCAL, Pool
from palestra.trials.trial import Result, Trial, already
from palestra.trials.verify import Tell, Verification, judged, side_by_side, tried


def promised(recipe: Recipe, overrides: Mapping[str, Any]) -> Recipe:
    """The recipe with the claim that is left of it under some overrides."""
    return replace(recipe, claim=resolve(recipe, overrides).claim)


def train_seeds(
    recipe: Recipe,
    overrides: Mapping[str, Any],
    *,
    seeds: int,
    first: int = 0,
    out: str | Path = "runs",
    jobs: int | None = None,
    pool: str | Pool = LOCAL,
    tell: Tell = lambda recipe, result: None,
    tick: Callable[[list[str]], None] = lambda running: None,
) -> Verification:
    """Train ``seeds`` seeds from ``first`` on, each a process and a run of its own in ``out``, and measure each.

    A seed that is finished there with the same configuration is taken as it is, one that was interrupted goes on.

    Args:
        recipe: what is trained; its claim is judged where the overrides leave it.
        overrides: settings over it, by name.
        seeds: how many.
        first: the first of them.
        out: folder of the runs.
        jobs: trainings side by side; None for as many as there are cores for.
        pool: where they are trained: ``local``, ``local:N``, ``together``, ``ray``, ``slurm`` (``trials.opening``), or
            a Pool.
        tell: called with every seed as it ends.
        tick: called about once a second with what is being trained.

    Raises:
        Stopped: after SIGINT or SIGTERM, once every child has saved.
    """
    require(seeds >= 1, f"seeds={seeds}", "at least 1")
    resolve(recipe, overrides).training.check_target()
    folder, recipe, width = Path(out), promised(recipe, overrides), side_by_side([recipe], jobs, pool)
    results: dict[int, Result] = {}
    waiting: list[tuple[Trial, Path]] = []
    for seed in range(first, first + seeds):
        trial = Trial(recipe, seed, overrides)
        there = already(trial, folder)
        if there is None:
            waiting.append((trial, folder))
        else:
            results[seed] = there
            tell(recipe, there)
    for trial, result in tried(waiting, width, tick, pool):
        results[trial.seed] = result
        tell(recipe, result)
    return judged(recipe, tuple(results[seed] for seed in sorted(results)))
