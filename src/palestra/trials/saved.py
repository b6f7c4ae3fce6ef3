"""Saved learners: give one back, and measure it."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from palestra.engine import checkpoint, seeding
from palestra.engine.learner import Learner, Source
from palestra.errors import UsageError, require
from palestra.learners.registry import learner_type
from palestra.measure import Evaluation, Measure
from palestra.pictures.gallery import draw_exhibits
from palestra.runs import checkpoints
from palestra.runs.store import Run
from palestra.trials.plan import learner_from_json

Which = Literal["best", "last"]


def saved_folder(path: str | Path, out: str | Path = "runs") -> Path:
    """The folder of a run (given by its folder, or by its id under ``out``) or of what ``agent.save`` wrote.

    Raises UsageError, with the nearest ids, when there is neither.
    """
    folder = Path(path)
    if (folder / "config.json").is_file() and (folder / "checkpoints").is_dir():
        return folder
    return Run.open(path, Path(out)).path


def load(path: str | Path, *, out: str | Path = "runs", which: Which = "best", device: str | None = None) -> Learner:
    """Give a saved learner back: from a run (folder or id), or from what ``agent.save`` wrote.

    Args:
        path: the folder, or the id of a run under ``out``.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        device: where it computes, if not where it was trained.

    Warns of a damaged checkpoint that was passed over, and of what is used in its place.
    """
    folder = saved_folder(path, out)
    config = _read_config(folder)
    loaded = checkpoints.load_latest(folder / "checkpoints")
    notes = list(loaded.skipped)
    best = loaded.info.get("best_step")
    if which == "best" and best is not None and best != loaded.step:
        if best in checkpoints.steps(folder / "checkpoints"):
            loaded = checkpoints.load(checkpoints.find(folder / "checkpoints", best))
        else:  # it went when the damaged one took its place as the best
            notes.append(f"no checkpoint of step {best}, the best, is left; using {loaded.path.name}")
    for note in notes:
        warnings.warn(note, stacklevel=2)
    learner = learner_from_json(config, device)
    checkpoint.restore(learner, loaded)
    return learner


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
) -> Judged:
    """Measure a saved learner as it is judged in the end: on luck or rows that it never saw.

    Args:
        path: the folder, or the id of a run under ``out``.
        count: episodes (100 if None), or rows of a data set (all if None).
        split: of the source; Gymnasium's own environment, or the ``test`` rows, if None.
        max_steps: after which an episode is cut; as in the training's own evaluations if None.
        seed: of the measuring.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        device: where it computes, if not where it was trained.
    """
    limit = max_steps or _eval_max_steps(path, out)

    def measure(source: Source) -> Measure:
        final = source.final(seed=seeding.derive(seed, "evaluate"))
        final = replace(final, max_steps=limit)
        final = final if count is None else replace(final, count=count)
        return final if split is None else replace(final, split=split)

    return _judged(load(path, out=out, which=which, device=device), measure)


def evaluate(
    path: str | Path, *, seed: int = 0, out: str | Path = "runs", which: Which = "best", **words: Any
) -> Evaluation:
    """Evaluate a saved learner (an agent greedily) on luck or rows that it never saw.

    Args:
        path: the folder, or the id of a run under ``out``.
        seed: of the measuring.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        **words: in a world ``episodes`` (100) and ``reference`` (True, Gymnasium's own implementation rather than the
            one that it was trained in); of a data set ``split`` (``test``) and ``count`` (0, all of it).
    """
    limit = _eval_max_steps(path, out)

    def measure(source: Source) -> Measure:
        return replace(source.final(seed=seeding.derive(seed, "evaluate"), **words), max_steps=limit)

    return _judged(load(path, out=out, which=which), measure).evaluation


def _judged(learner: Learner, measure_of: Callable[[Source], Measure]) -> Judged:
    """Measure a learner, and close it."""
    try:
        source, measure = learner.source, measure_of(learner.source)
        found = learner.measured(measure)
        return Judged(found, measure, source, learner.headline, learner.clock, learner.clock_unit)
    finally:
        learner.close()


def draw_learned(path: str | Path, *, out: str | Path = "runs", which: Which = "best") -> list[Path]:
    """Draw what a saved learner knows beyond its curves (a value function, regret) into ``plots/``; often nothing."""
    folder = saved_folder(path, out)
    if learner_type(_read_config(folder)["learner"]["name"]).learner.exhibits is Learner.exhibits:
        return []
    learner = load(folder, which=which)
    try:
        return draw_exhibits(learner.exhibits(), folder / "plots")
    finally:
        learner.close()


def _eval_max_steps(path: str | Path, out: str | Path) -> int:
    """Where the evaluations of a training cut their episodes; 0 where nobody said so."""
    limit = _read_config(saved_folder(path, out)).get("training", {}).get("eval_max_steps", 0)
    return limit if isinstance(limit, int) else 0


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path} is not JSON ({error}); expected what a training wrote") from error
    require(
        isinstance(config, dict), f"{path} holds a {type(config).__name__}", "a JSON object, as a training wrote it"
    )
    return dict(config)
