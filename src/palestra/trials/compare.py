"""Compare trainings: which side is better, by how much, and whether the seeds are enough to say so."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.learner import Source
from palestra.errors import UsageError, require
from palestra.learners.registry import learner_type
from palestra.measure import CUT, Direction
from palestra.pictures.comparison import Side, draw_comparison
from palestra.recipes.recipe import Claim
from palestra.recipes.registry import RECIPES
from palestra.runs.files import UnreadableError
from palestra.runs.series import read_series
from palestra.runs.store import Run, open_all, run_ids
from palestra.trials.chapters import MEASURED
from palestra.trials.kinds import differences, kinds
from palestra.trials.pairs import Pair, comparison_html, pair_of, winner_of
from palestra.trials.plan import Plan, resolve
from palestra.trials.records import read_record
from palestra.trials.trial import spoken_measure

LAST = "the last periodic evaluation"
"""How a side is measured that has no final measurement."""


@dataclass(frozen=True)
class Group:
    """One side: trainings that differ in their seed alone."""

    name: str
    """As it was asked for."""
    env: str
    """Id of the world or the data set, with its arguments."""
    metric: str
    """Name of what the values are."""
    measure: str
    """How they were measured; empty where the trainings do not have one measure in common."""
    values: NDArray[np.float64]
    """(n,) one for each training; empty without a measure."""
    runs: tuple[Run, ...]
    """The trainings on disk; none where only their record is known."""
    headline: str
    """The metric of the periodic evaluations."""
    unit: str
    """Of the clock."""
    budget: int
    """Of each training."""
    direction: Direction = "up"
    """Which way the metric is better."""
    left_out: tuple[str, ...] = ()
    """What a reader must know of the runs that are there and do not count."""


@dataclass(frozen=True)
class Comparison:
    """What came of it."""

    groups: tuple[Group, ...]
    measured: str
    """How the values were measured."""
    pairs: tuple[Pair, ...]
    level: float
    """Of each interval, so that all of them together are right with 95%."""
    winner: str | None
    """The side that beats every other; None if the intervals do not support one."""
    why: str
    """Why there is a winner, or none."""
    notes: tuple[str, ...]
    """What a reader must know to believe it."""
    _repr_html_ = comparison_html


def compare(names: Sequence[str], *, out: str | Path = "runs", verified: str | Path = "verify") -> Comparison:
    """Compare sides; one alone is measured, or, where it is a folder that mixes trainings, compared in itself.

    Args:
        names: of each side: a recipe (its verified runs, else its record), a folder of runs, or a run.
        out: folder of the runs that are given by their id.
        verified: folder of the verifications.

    Returns:
        A winner only if it beats every other side: both the probability of improvement and the difference of the
        interquartile means leave out what would be a draw, on intervals whose level is shared between the pairs
        (Bonferroni), with at least five trainings on every side.

    Raises:
        UsageError: for no side or one that is named twice, worlds that differ, or one side of several that mixes
            configurations.
    """
    require(len(set(names)) == len(names) >= 1, f"{len(set(names))} different sides", "one or more, each of them once")
    folder = Path(names[0])
    if len(names) == 1 and names[0] not in RECIPES and folder.is_dir() and not (folder / "config.json").is_file():
        groups = _same_measure(_kinds_in(names[0], folder))
    else:
        groups = _same_measure([_find(name, Path(out), Path(verified)) for name in names])
    return _compared(groups)


def compare_runs(sides: Mapping[str, Sequence[Path]]) -> Comparison:
    """Sides of runs that differ in their seed alone, by their names: the folders of each."""
    groups = [_of_runs(name, [Run.open(path, path.parent) for path in paths]) for name, paths in sides.items()]
    return _compared(_same_measure(groups))


def compare_chosen(paths: Sequence[Path]) -> Comparison:
    """Runs that were picked, by their folders: a side for each kind of training among those that are finished."""
    finished = [run for run in (Run.open(path, path.parent) for path in paths) if run.status == "finished"]
    require(bool(finished), f"{len(paths)} runs, none of them finished", "whole trainings to say something of")
    return _compared(_same_measure([_of_runs(name, members) for name, members in kinds(finished).items()]))


def _compared(groups: list[Group]) -> Comparison:
    worlds = {group.env for group in groups}
    if len(worlds) > 1:
        raise UsageError(f"sides of different worlds ({'; '.join(sorted(worlds))}); expected one world for all")
    metrics = {group.metric for group in groups}
    if len(metrics) > 1:
        raise UsageError(f"sides measured by {' and '.join(sorted(metrics))}; expected one metric for all")
    level = 1 - 0.05 / max(1, len(groups) * (len(groups) - 1) // 2)
    pairs = tuple(pair_of(one, other, level) for one, other in combinations(groups, 2))
    winner, why = winner_of(groups, pairs)
    notes = [f"{group.name}: {note}" for group in groups for note in group.left_out]
    if len({group.budget for group in groups}) > 1:
        budgets = ", ".join(f"{group.name} {group.budget:,}" for group in groups)
        notes.append(f"budgets differ: {budgets} {groups[0].unit}")
    notes += [f"{group.name}: {cut} episodes were cut in what was measured" for group in groups if (cut := _cut(group))]
    return Comparison(tuple(groups), groups[0].measure, pairs, level, winner, why, tuple(notes))


def draw(comparison: Comparison, path: Path) -> Path:
    """Draw sample-efficiency curves (IQM with pointwise 95% bands) and performance profiles into a PNG.

    A training that ended, at its target or its budget, keeps its last evaluation; a curve begins where every training
    of its side has been evaluated.
    """
    groups = comparison.groups
    title = f"{' against '.join(group.name for group in groups)}: {groups[0].env}"
    return draw_comparison(path, title, groups[0].metric, groups[0].unit, [side_of(group) for group in groups])


def side_of(group: Group) -> Side:
    """A side as it is drawn."""
    series = [read_series(run.metrics_path, group.headline) for run in group.runs]
    drawn = bool(series) and all(len(steps) for steps, _ in series)
    return Side(f"{group.name}  (n = {len(series)})" if drawn else group.name, series, group.values)


def _find(name: str, out: Path, verified: Path) -> Group:
    if name in RECIPES:
        recipe = RECIPES[name]
        folder = verified / f"{recipe.task}-{recipe.method}"
        runs = [run for run in _finished(folder) if run.config["recipe"] == name]
        if runs:
            return _of_runs(name, runs)
        record = read_record(recipe)
        if record is None:
            raise UsageError(f"recipe {name} has no runs in {folder} and no record; palestra verify {name} makes them")
        metric, source = record.facts["metric"], resolve(recipe).source
        measure = spoken_measure(metric, record.facts["episodes"], source.key)
        cls = learner_type(recipe.learner).learner
        values, way = np.array(record.values), _direction(metric, cls, recipe.claim)
        budget, unit = recipe.budget, cls.clock_unit
        return Group(name, _named(source), metric, measure, values, (), cls.headline, unit, budget, way)
    folder = Path(name)
    if folder.is_dir() and not (folder / "config.json").is_file():
        runs = _finished(folder)
        require(bool(runs), f"{name} without a finished run", "a folder of runs, a run, or a recipe")
        return _of_runs(name, runs)
    run = Run.open(name, out)
    require(run.status == "finished", f"run {run.id}, which is {run.status}", "a finished one")
    return _of_runs(run.id, [run])


def _kinds_in(name: str, folder: Path) -> list[Group]:
    """A side for each kind of training in a folder."""
    runs = _finished(folder)
    require(bool(runs), f"{name} without a finished run", "a folder of runs, a run, or a recipe")
    found = kinds(runs)
    if len(found) == 1:
        return [_of_runs(name, runs)]
    groups = [_of_runs(kind, members) for kind, members in found.items()]
    worlds = sorted({group.env for group in groups})
    if len(worlds) > 1:
        raise UsageError(
            f"{name} mixes trainings in different worlds ({'; '.join(worlds)}), of the kinds {'; '.join(found)}; "
            "expected one world: name the runs to compare, or put each kind into a folder of its own"
        )
    return groups


def _finished(folder: Path) -> list[Run]:
    return [run for run in _all(folder) if run.status == "finished"]


def _all(folder: Path) -> list[Run]:
    return open_all(folder, run_ids(folder))


def _of_runs(name: str, runs: list[Run]) -> Group:
    """A side of runs; the newest one of each seed."""
    found = kinds(runs)
    if len(found) > 1:
        (one, *_), (other, *_) = list(found.values())[:2]
        first, second = (Plan.of(run) for run in (one, other))
        raise UsageError(
            f"{name} mixes trainings: {differences(first, second)[0]} of {other.id} and of {one.id} differ; "
            "expected runs that differ in their seed alone, each kind in a folder of its own; alone, "
            f"palestra compare {shlex.quote(name)}, its kinds are compared with each other"
        )
    by_seed = {run.manifest["seed"]: run for run in sorted(runs, key=lambda run: str(run.manifest["created"]))}
    chosen = tuple(by_seed[seed] for seed in sorted(by_seed))
    first = Plan.of(chosen[0])
    left_out = []
    if len(chosen) < len(runs):
        older = ", ".join(sorted(run.id for run in runs if run not in chosen))
        left_out.append(f"of each seed the newest run counts, and not {older}")
    folder = chosen[0].path.parent
    unfinished = [run for run in _all(folder) if run.status != "finished" and not _differs(run, first)]
    if unfinished and len(runs) > 1:
        left_out.append(f"not finished, and left out: {', '.join(run.id for run in unfinished)}")
    cls = learner_type(first.learner.name).learner
    finals = [_final(run) for run in chosen]
    measures = {final[0] if final else "" for final in finals}
    measure = measures.pop() if len(measures) == 1 else ""
    values = np.array([final[1] for final in finals if final]) if measure else np.empty(0)
    metric = measure.split(" ")[0] if measure else cls.headline
    budget = first.training.budget
    way, unit = _direction(metric, cls, first.claim), cls.clock_unit
    env, told = _named(first.source), tuple(left_out)
    return Group(name, env, metric, measure, values, chosen, cls.headline, unit, budget, way, told)


def _differs(run: Run, plan: Plan) -> bool:
    """Whether a run is of another kind; one that cannot be followed is of none."""
    try:
        return bool(differences(Plan.of(run), plan))
    except UnreadableError:
        return True


def _same_measure(groups: list[Group]) -> list[Group]:
    """Measure every side alike: by the final measurements where all have the same, else by the last evaluations."""
    measures = {group.measure for group in groups}
    if len(measures) == 1 and measures != {""}:
        return groups
    for group in groups:
        if not group.runs:
            given = " and ".join(sorted(measure or "no final measurement" for measure in measures))
            raise UsageError(f"{given}, and of {group.name} only the record; expected one measure for all: verify them")
    return [_by_last_evaluation(group) for group in groups]


def _by_last_evaluation(group: Group) -> Group:
    values = []
    for run in group.runs:
        steps, series = read_series(run.metrics_path, group.metric)
        require(len(steps) > 0, f"run {run.id} without {group.metric}", "a run that was evaluated")
        values.append(float(series[-1]))
    return replace(group, measure=f"{group.metric}, {LAST}", values=np.array(values))


def _final(run: Run) -> tuple[str, float] | None:
    measured = _measured(run)
    if measured is None:
        return None
    learned_from = "dataset" if "dataset" in run.config else "world"
    return spoken_measure(measured["metric"], measured["count"], learned_from), float(measured["value"])


def _measured(run: Run) -> dict[str, Any] | None:
    """What the manifest says of the final measurement, if there was one."""
    return run.manifest.get("claim") or run.manifest.get(MEASURED) or None


def _cut(group: Group) -> int:
    """Episodes that were cut in the measurements of a side."""
    last = group.measure.endswith(LAST)
    return sum(_cut_at_last(run) if last else (_measured(run) or {}).get("cut", 0) for run in group.runs)


def _cut_at_last(run: Run) -> int:
    (evaluated, _), (steps, cut) = (read_series(run.metrics_path, name) for name in ("eval/return_mean", CUT))
    return int(cut[-1]) if len(steps) and steps[-1] == evaluated[-1] else 0


def _named(source: Source) -> str:
    return source.id + "".join(f" {key}={value}" for key, value in sorted(source.kwargs.items()))


def _direction(metric: str, learner: Any, claim: Claim | None) -> Direction:
    """Which way a metric is better: as a claim on it says, else as its learner does."""
    if claim is not None and claim.metric == metric:
        return claim.direction
    way: Direction = learner.direction
    return way
