"""The honest figure of a sweep: its best settings beside the default's, on seeds that chose nothing.

The best of many trials is the best of as much luck too, so its score is too good to be true. Trained again on seeds
that no choice looked at, and measured as ``verify`` measures, it is what it is. Whether it beats the default is said
by the rules of ``compare``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from palestra.measure import Direction
from palestra.recipes.recipe import Claim, Recipe
from palestra.trials.compare import Comparison, compare_runs
from palestra.trials.plan import resolve
from palestra.trials.pool import Pool
from palestra.trials.seeds import train_seeds
from palestra.trials.sweep.course import wait_for_left
from palestra.trials.sweep.request import CONFIRMED, Request
from palestra.trials.verdict import Verdict, judge, phrase
from palestra.trials.verify import Verification

BEST, DEFAULT = "best", "default"
Tell = Callable[[str, Recipe, Any], None]
"""Called with the side, its recipe and its result as each training ends."""


@dataclass(frozen=True)
class Side:
    """One of the two."""

    settings: dict[str, Any]
    """What it sets; nothing of the default."""
    trained: Verification
    """Its trainings."""
    verdict: Verdict | None
    """What they come to, against the recipe's claim where that is of the same metric and budget; None if one failed."""

    @property
    def said(self) -> str:
        """That in one line."""
        if self.verdict is None:
            failed = next((trial.error for trial in self.trained.trials if trial.value is None), None)
            return f"a training failed: {failed}"
        return phrase(self.verdict, [trial.value for trial in self.trained.trials if trial.value is not None])


@dataclass(frozen=True)
class Confirmation:
    """Both, and which is better."""

    seeds: tuple[int, ...]
    """Those that chose nothing."""
    best: Side
    """The best settings of the sweep."""
    default: Side | None
    """The default; None where the best settings are its."""
    comparison: Comparison | None
    """One against the other; None without a default, and where a training failed."""

    @property
    def why(self) -> str:
        """Which is better, or why that cannot be said."""
        if self.default is None:
            return "the best settings are the default's"
        if self.comparison is None:
            return "a training failed; the same command tries again"
        winner = self.comparison.winner
        return f"{'no winner' if winner is None else f'winner: {winner}'}; {self.comparison.why}"


def confirm(
    request: Request,
    claim: Claim | None,
    best: Mapping[str, Any],
    folder: Path,
    *,
    jobs: int | None,
    pool: str | Pool,
    tell: Tell,
    tick: Callable[[list[str]], None],
) -> Confirmation:
    """Train the best settings and the default on fresh seeds; what is there is taken, what was interrupted goes on.

    Args:
        request: of the sweep.
        claim: the recipe's, if it claims anything.
        best: the best settings, over what all trials have.
        folder: of the sweep.
        jobs: trainings side by side.
        pool: where they are trained.
        tell: called with every training as it ends.
        tick: called about once a second with what is being trained.
    """
    plan = request.plan
    wanted = resolve(replace(request.recipe, claim=claim), request.overrides).claim
    holds = wanted is not None and wanted.metric == plan.headline and "fold" not in wanted.split
    threshold = wanted.threshold if wanted and holds else None
    direction: Direction = wanted.direction if wanted and holds else "up"

    def side(name: str, settings: Mapping[str, Any]) -> Side:
        plans = [plan.override({**settings, "training.seed": seed}) for seed in request.fresh]
        wait_for_left(folder / CONFIRMED, plans, tick)
        trained = train_seeds(
            request.recipe, {**request.overrides, **settings}, seeds=request.confirm, first=request.fresh.start,
            out=folder / CONFIRMED, jobs=jobs, pool=pool, tell=lambda recipe, result: tell(name, recipe, result),
            tick=tick,
        )  # fmt: skip
        values = [trial.value for trial in trained.trials if trial.value is not None]
        whole = len(values) == len(trained.trials)
        return Side(dict(settings), trained, judge(values, threshold, direction) if whole else None)

    chosen = side(BEST, best)
    if plan.override(best) == plan:
        return Confirmation(tuple(request.fresh), chosen, None, None)
    default = side(DEFAULT, {})
    comparison = None
    if chosen.verdict is not None and default.verdict is not None:
        comparison = compare_runs({BEST: _folders(chosen), DEFAULT: _folders(default)})
    return Confirmation(tuple(request.fresh), chosen, default, comparison)


def _folders(side: Side) -> list[Path]:
    return [Path(str(trial.run)) for trial in side.trained.trials]
