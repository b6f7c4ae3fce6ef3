"""How good a saved learner is: on luck or rows that it never saw, or by its training once more for each fold."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from palestra.datasets.dataset import Dataset
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner, Source
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.measure import Evaluation, Measure
from palestra.nets.own import Networks
from palestra.runs.store import read_config
from palestra.trials.folds import cross_validate, folds_of
from palestra.trials.plan import Plan
from palestra.trials.saved import Which, load, saved_folder


@dataclass(frozen=True)
class Judged:
    """What came of measuring a saved learner."""

    evaluation: Evaluation
    """What was found."""
    measure: Measure
    """How it was measured."""
    source: Source
    """Where the learner had learned."""
    headline: str
    """What the score is of."""
    step: int
    """The checkpoint's, on the learner's clock."""
    clock_unit: str
    """Of that clock."""


def judge(
    path: str | Path,
    *,
    count: int | None = None,
    split: str | None = None,
    max_steps: int | None = None,
    seed: int = 0,
    out: str | Path = "runs",
    which: Which = "best",
    device: str | None = None,
    networks: Networks | None = None,
) -> Judged:
    """Measure a saved learner as it is judged in the end: on luck or rows that it never saw.

    Args:
        path: the folder, or the id of a run under ``out``.
        count: episodes (100 if None), or rows of a data set (all if None).
        split: of the source; Gymnasium's own environment, or the ``test`` rows, if None. ``5-fold`` trains anew, on
            four fifths of a table five times, each judged on the rows that it did not see.
        max_steps: after which an episode is cut; as in the training's own evaluations if None.
        seed: of the measuring.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one; of no account where it is trained anew.
        device: where it computes, if not where it was trained.
        networks: of the user's own, as of ``load``.
    """
    if folds := folds_of(split):
        require(not count, f"{count} rows of {split}", "all of them: each is judged once")
        return _cross_validated(saved_folder(path, out), folds, seeding.derive(seed, "evaluate"), device)
    limit = max_steps or _eval_max_steps(path, out)

    def measure(source: Source) -> Measure:
        final = source.final(seed=seeding.derive(seed, "evaluate"))
        final = replace(final, max_steps=limit)
        final = final if count is None else replace(final, count=count)
        return final if split is None else replace(final, split=split)

    return _judged(load(path, out=out, which=which, device=device, networks=networks), measure)


def evaluate(
    path: str | Path,
    *,
    seed: int = 0,
    out: str | Path = "runs",
    which: Which = "best",
    env: str | World | None = None,
    deterministic: bool = True,
    **words: Any,
) -> Evaluation:
    """Evaluate a saved learner (an agent greedily) on luck or rows that it never saw.

    Args:
        path: the folder, or the id of a run under ``out``.
        seed: of the measuring.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        env: another world of the same spaces, by its id or as a World; Gymnasium's own implementation of it.
        deterministic: whether an agent takes its greedy actions, or samples as while it learns.
        **words: in a world ``episodes`` (100) and ``reference`` (True, Gymnasium's own implementation rather than the
            one that it was trained in); of a data set ``split`` (``test``) and ``count`` (0, all of it).
    """
    limit = _eval_max_steps(path, out)

    def measure(source: Source) -> Measure:
        return replace(source.final(seed=seeding.derive(seed, "evaluate"), **words), max_steps=limit)

    learner = load(path, out=out, which=which)
    if env is None and deterministic:
        return _judged(learner, measure).evaluation
    try:
        if not isinstance(learner, Agent):
            raise UsageError(f"{learner.name} acts in no environment; expected neither env nor deterministic=False")
        return learner.measured_so(measure(learner.source), env=env, deterministic=deterministic)
    finally:
        learner.close()


def _judged(learner: Learner, measure_of: Callable[[Source], Measure]) -> Judged:
    """Measure a learner, and close it."""
    try:
        source, measure = learner.source, measure_of(learner.source)
        found = learner.measured(measure)
        return Judged(found, measure, source, learner.headline, learner.clock, learner.clock_unit)
    finally:
        learner.close()


def _cross_validated(folder: Path, folds: int, seed: int, device: str | None) -> Judged:
    """The training of a run once more for each fold, of a partition that the seed decides."""
    plan = Plan.from_json(read_config(folder))
    if device:
        plan = replace(plan, training=replace(plan.training, device=device))
    if isinstance(plan.source, Dataset):
        plan = replace(plan, source=replace(plan.source, kwargs={**plan.source.kwargs, "seed": seed % 2**31}))
    found = cross_validate(plan, folds)
    metrics = {found.metric: found.whole, "eval/fold_mean": found.mean, "eval/fold_std": found.deviation}
    evaluation = Evaluation(found.whole, found.judged, metrics)
    measure = Measure(found.rows, f"{folds}-fold", seed)
    return Judged(evaluation, measure, plan.source, found.metric, plan.training.budget, found.clock_unit)


def _eval_max_steps(path: str | Path, out: str | Path) -> int:
    """Where the evaluations of a training cut their episodes; 0 where nobody said so."""
    limit = read_config(saved_folder(path, out)).get("training", {}).get("eval_max_steps", 0)
    return limit if isinstance(limit, int) else 0
