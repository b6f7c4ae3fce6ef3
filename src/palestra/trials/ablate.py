"""Ablate: what each part of an algorithm is worth on a task, alone and within all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.settings import AlgorithmConfig, Part, build, override
from palestra.errors import UsageError, require, unknown_name
from palestra.learners.registry import learner_type
from palestra.ops import evidence
from palestra.pictures.comparison import Series, Side, draw_comparison
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.runs.series import read_series
from palestra.runs.store import Run
from palestra.trials.pool import LOCAL, Pool
from palestra.trials.verdict import PROVISIONAL, Interval
from palestra.trials.verify import Tell, Verification, verify

BASE, ALL = "base", "all"


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
    recipe: Recipe, flags: Sequence[str] = (), *, settings: Mapping[str, Any] | None = None, leave_out: bool = False
) -> dict[str, Recipe]:
    """Name to recipe: base, each flag alone, all of them, and with ``leave_out`` all without each.

    Args:
        recipe: of an algorithm that names its parts; a part that it has on is on as there (``n_step`` 5, say).
        flags: names of parts; all of them if empty.
        settings: algorithm settings, by value or as text, for every variant.
        leave_out: also take each part away from all.

    Raises:
        UsageError: for a learner that names no parts, an unknown part, or settings that are none.
    """
    parts = _parts(recipe)
    for flag in flags:
        if flag not in parts:
            raise unknown_name("flag", flag, parts)
    chosen = {flag: part for flag, part in parts.items() if flag in flags or not flags}
    config = override(_config(recipe), settings or {})
    off = {part.setting: part.off for part in parts.values()}

    def on(part: Part) -> dict[str, Any]:
        given = getattr(config, part.setting)
        return {part.setting: part.on if given == part.off else given}

    every = {key: value for part in chosen.values() for key, value in on(part).items()}
    named = {BASE: {}, **{f"+{flag}": on(part) for flag, part in chosen.items()}}
    if len(chosen) > 1:
        named[ALL] = every
    if leave_out and len(chosen) > 2:
        named |= {f"-{flag}": {**every, part.setting: part.off} for flag, part in chosen.items()}
    return {name: _variant(recipe, name, asdict(replace(config, **{**off, **more}))) for name, more in named.items()}


def ablate(
    recipe: Recipe,
    *,
    flags: Sequence[str] = (),
    seeds: int = 5,
    budget: int | None = None,
    settings: Mapping[str, Any] | None = None,
    leave_out: bool = False,
    out: str | Path = "ablate",
    jobs: int | None = None,
    device: str = "auto",
    pool: str | Pool = LOCAL,
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
    done = verify(list(named.values()), seeds=seeds, out=out, jobs=jobs, device=device, pool=pool, tell=tell)
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
            title = f"the parts of {ablation.recipe.id}, {ablation.seeds} seeds"
            unit = learner_type(ablation.recipe.learner).learner.clock_unit
            sides = [Side(v.name, _curves(v.verification.recipe, v.runs), _values(v.verification)) for v in whole]
            written.append(draw_comparison(folder / name, title, whole[0].verification.metric, unit, sides))
    return written


def _parts(recipe: Recipe) -> Mapping[str, Part]:
    """The parts of a recipe's algorithm."""
    parts: Mapping[str, Part] = learner_type(recipe.learner).config_type.parts
    if not parts:
        able = [each for each in RECIPES.values() if learner_type(each.learner).config_type.parts]
        learners = " or ".join(sorted({each.learner for each in able}))
        raise UsageError(
            f"recipe {recipe.id} trains {recipe.learner}, which names no parts; "
            f"expected one of {learners}: {', '.join(each.id for each in able)}"
        )
    return parts


def _config(recipe: Recipe) -> AlgorithmConfig:
    config_type: type[AlgorithmConfig] = learner_type(recipe.learner).config_type
    return build(config_type, recipe.settings)


def _variant(recipe: Recipe, name: str, settings: dict[str, Any]) -> Recipe:
    """The recipe of one variant; its name stands in the folders and ids of its runs."""
    spelled = name.replace("+", "with-") if name[0] != "-" else f"without{name}"
    return replace(recipe, id=f"{recipe.task}/{recipe.method}-{spelled}", settings=settings, claim=None, target=None)


def _judged(name: str, done: Verification, base: NDArray[np.float64]) -> Variant:
    config = _config(done.recipe)
    flags = {part.setting: getattr(config, part.setting) for part in _parts(done.recipe).values()}
    runs = tuple(Path(trial.run) for trial in done.trials if trial.run is not None)
    if done.verdict is None:
        return Variant(name, flags, done, runs, None, None, None, None, None)
    values, along = _values(done), _along(done)
    improvement = None
    if name != BASE and len(base):
        up = learner_type(done.recipe.learner).learner.direction == "up"
        improvement = float(evidence.probability_of_improvement(*((along, base) if up else (base, along))))
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
    runs = [Path(str(trial.run)) for trial in done.trials]
    return np.array([values.mean() for _, values in _curves(done.recipe, runs)])


def _curves(recipe: Recipe, runs: Sequence[Path]) -> list[Series]:
    headline = learner_type(recipe.learner).learner.headline
    return [read_series(Run.open(run, run.parent).metrics_path, headline) for run in runs]


def _interval(values: NDArray[np.float64]) -> Interval | None:
    if len(values) < PROVISIONAL:
        return None
    low, high = evidence.bootstrap_interval(evidence.iqm, values)
    return float(low), float(high)
