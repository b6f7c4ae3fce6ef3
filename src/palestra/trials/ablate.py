"""Ablate: what each of DQN's flags is worth on a task, alone and within all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.settings import build, override
from palestra.errors import UsageError, require, unknown_name
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.ops import evidence
from palestra.pictures.comparison import Side, as_steps, draw_comparison
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.runs.series import read_series
from palestra.runs.store import Run
from palestra.trials.verdict import PROVISIONAL, Interval
from palestra.trials.verify import Tell, Verification, verify

FLAGS: dict[str, tuple[str, Any, Any]] = {
    "double": ("double", False, True),
    "dueling": ("dueling", "none", "mean"),
    "n-step": ("n_step", 1, 3),
    "prioritised": ("prioritised", False, True),
    "noisy": ("noisy", False, True),
    "distributional": ("distributional", "none", "c51"),
}
"""Name to setting, what it is when off, and what it is when on if the recipe has it off."""

BASE, ALL = "base", "all"
CURVE_POINTS = 60


@dataclass(frozen=True)
class Variant:
    """One combination of flags, trained on every seed."""

    name: str
    """``base``, ``+double``, ``all``, ``-double``, ..."""
    flags: dict[str, Any]
    """The settings that make it."""
    verification: Verification
    """Its trainings."""
    runs: tuple[Path, ...]
    """Their folders, of the seeds that did not fail."""
    score: float | None
    """Interquartile mean over seeds of the best checkpoint's mean return; None if a seed failed."""
    score_interval: Interval | None
    """Its 95% bootstrap interval; None with fewer than 5 seeds."""
    along: float | None
    """Interquartile mean over seeds of the mean of all evaluations of a training: high for one that learned early."""
    along_interval: Interval | None
    """Its interval."""
    improvement: float | None
    """Probability that a training of this variant has a better ``along`` than one of ``base``; None for ``base``."""


@dataclass(frozen=True)
class Ablation:
    """All variants of one recipe."""

    recipe: Recipe
    """Where they began."""
    budget: int
    """Environment steps of each training."""
    seeds: int
    """Trainings of each variant."""
    variants: tuple[Variant, ...]
    """``base`` first."""


def variants_of(
    recipe: Recipe, flags: Sequence[str] = (), *, settings: Mapping[str, str] | None = None, leave_out: bool = False
) -> dict[str, Recipe]:
    """Name to recipe: base, each flag alone, all of them, and with ``leave_out`` all without each.

    Args:
        recipe: of DQN; a flag that it has on is on as there (``n_step`` 5, say), else as ``FLAGS`` has it.
        flags: names in ``FLAGS``; all of them if empty.
        settings: algorithm settings as text, for every variant.
        leave_out: also take each flag away from all.

    Raises:
        UsageError: for another learner's recipe, an unknown flag, or settings that are none.
    """
    if recipe.learner != DQN.name:
        known = ", ".join(name for name, each in RECIPES.items() if each.learner == DQN.name)
        raise UsageError(f"recipe {recipe.id} trains {recipe.learner}; expected one of dqn: {known}")
    for flag in flags:
        if flag not in FLAGS:
            raise unknown_name("flag", flag, FLAGS)
    chosen = [flag for flag in FLAGS if flag in flags or not flags]
    config = override(build(DQNConfig, recipe.settings), settings or {})
    off = {name: value for name, value, _ in FLAGS.values()}

    def on(flag: str) -> dict[str, Any]:
        name, without, default = FLAGS[flag]
        return {name: default if getattr(config, name) == without else getattr(config, name)}

    every = {key: value for flag in chosen for key, value in on(flag).items()}
    named = {BASE: {}, **{f"+{flag}": on(flag) for flag in chosen}}
    if len(chosen) > 1:
        named[ALL] = every
    if leave_out and len(chosen) > 2:
        named |= {f"-{flag}": {**every, FLAGS[flag][0]: off[FLAGS[flag][0]]} for flag in chosen}
    return {name: _variant(recipe, name, asdict(replace(config, **{**off, **more}))) for name, more in named.items()}


def ablate(
    recipe: Recipe,
    *,
    flags: Sequence[str] = (),
    seeds: int = 5,
    budget: int | None = None,
    settings: Mapping[str, str] | None = None,
    leave_out: bool = False,
    out: str | Path = "ablate",
    jobs: int | None = None,
    device: str = "auto",
    tell: Tell = lambda recipe, trial: None,
) -> Ablation:
    """Train every variant on seeds 0..N-1, each seed a run in ``<out>/<task>-<variant>/``, as ``verify`` does.

    What is finished there is not trained again, what was interrupted goes on exactly. Arguments beyond those of
    ``variants_of`` and ``verify``: ``budget``, environment steps of each training, if not the recipe's.
    """
    require(budget is None or budget >= 1, f"budget={budget}", "at least 1")
    named = variants_of(recipe, flags, settings=settings, leave_out=leave_out)
    if budget is not None:
        named = {name: replace(variant, budget=budget) for name, variant in named.items()}
    done = verify(list(named.values()), seeds=seeds, out=out, jobs=jobs, device=device, tell=tell)
    base = _along(done[0])
    variants = tuple(_judged(name, each, base) for name, each in zip(named, done))
    return Ablation(recipe, done[0].recipe.budget, seeds, variants)


def draw(ablation: Ablation, folder: Path) -> list[Path]:
    """Draw learning curves with bands: each flag alone, and, where there are any, all without each. PNGs."""
    pictures = {"ablation.png": [v for v in ablation.variants if not v.name.startswith("-")]}
    left_out = [v for v in ablation.variants if v.name == ALL or v.name.startswith("-")]
    if len(left_out) > 1:
        pictures["ablation-left-out.png"] = left_out
    written = []
    for name, variants in pictures.items():
        whole = [v for v in variants if v.score is not None]
        if whole:
            values = np.concatenate([_values(v.verification) for v in whole])
            margin = 0.05 * (float(np.ptp(values)) or 1.0)
            thresholds = np.linspace(values.min() - margin, values.max() + margin, 200)
            title = f"the parts of {ablation.recipe.id}, {ablation.seeds} seeds"
            sides = [_side(v, thresholds) for v in whole]
            metric = whole[0].verification.metric
            written.append(draw_comparison(folder / name, title, metric, DQN.clock_unit, thresholds, sides))
    return written


def _variant(recipe: Recipe, name: str, settings: dict[str, Any]) -> Recipe:
    """The recipe of one variant; its name stands in the folders and ids of its runs."""
    spelled = name.replace("+", "with-") if name[0] != "-" else f"without{name}"
    return replace(recipe, id=f"{recipe.task}/{recipe.method}-{spelled}", settings=settings, claim=None, target=None)


def _judged(name: str, done: Verification, base: NDArray[np.float64]) -> Variant:
    config = build(DQNConfig, done.recipe.settings)
    flags = {setting: getattr(config, setting) for setting, _, _ in FLAGS.values()}
    runs = tuple(Path(trial.run) for trial in done.trials if trial.run is not None)
    if done.verdict is None:
        return Variant(name, flags, done, runs, None, None, None, None, None)
    values, along = _values(done), _along(done)
    improvement = None
    if name != BASE and len(base):
        improvement = float(evidence.probability_of_improvement(along, base))
    return Variant(
        name, flags, done, runs, float(evidence.iqm(values)), _interval(values), float(evidence.iqm(along)),
        _interval(along), improvement,
    )  # fmt: skip


def _values(done: Verification) -> NDArray[np.float64]:
    return np.array([trial.value for trial in done.trials if trial.value is not None])


def _along(done: Verification) -> NDArray[np.float64]:
    """The mean of each training's evaluations; empty if one failed."""
    if done.verdict is None:
        return np.empty(0)
    return np.array([values.mean() for _, values in _curves([Path(str(trial.run)) for trial in done.trials])])


def _curves(runs: Sequence[Path]) -> list[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    return [read_series(Run.open(run, run.parent).metrics_path, DQN.headline) for run in runs]


def _interval(values: NDArray[np.float64]) -> Interval | None:
    if len(values) < PROVISIONAL:
        return None
    low, high = evidence.bootstrap_interval(evidence.iqm, values)
    return float(low), float(high)


def _side(variant: Variant, thresholds: NDArray[np.float64]) -> Side:
    curves = _curves(variant.runs)
    grid = np.unique(np.concatenate([steps for steps, _ in curves]))
    grid = grid[grid >= max(steps[0] for steps, _ in curves)]
    grid = grid[np.unique(np.linspace(0, len(grid) - 1, CURVE_POINTS).round().astype(int))]
    curve_GN = np.stack([as_steps(steps, values, grid) for steps, values in curves], axis=1)
    low, high = evidence.bootstrap_interval(evidence.iqm, curve_GN, resamples=2_000)
    profile = evidence.performance_profile(_values(variant.verification), thresholds)
    return Side(variant.name, grid, evidence.iqm(curve_GN), low, high, profile)
