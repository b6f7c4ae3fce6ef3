"""A learner and its checkpoints: what is written with it, and whether one found on disk belongs to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from palestra.engine import state as states
from palestra.engine.apart import Shared, own_state
from palestra.engine.expected import check_state
from palestra.engine.state import Part
from palestra.errors import UsageError, require
from palestra.runs import atomic, checkpoints
from palestra.runs.checkpoints import Loaded, UnfitCheckpointError
from palestra.runs.files import short
from palestra.runs.schema import (
    Shape,
    anything,
    check,
    count,
    duration,
    flag,
    listing,
    mapping,
    number,
    optional,
    record,
    text,
)
from palestra.runs.seal import FAULTS, damaged


class Kept(Shared, Protocol):
    """What can be written as a checkpoint."""

    own: Mapping[str, str]

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from it; one line for each thing that is not exact."""

    def describe(self) -> dict[str, Any]:
        """What it takes to build this learner again, as JSON values."""

    def facts(self) -> dict[str, Any]:
        """What somebody may want to know of it without building it, as JSON values."""


def save(
    learner: Kept,
    folder: Path,
    *,
    trainer: dict[str, Any] | None = None,
    others: Sequence[dict[str, Any]] = (),
    **info: Any,
) -> None:
    """Write a checkpoint of a learner at its clock, with the trainer's own state and facts for whoever reads it.

    ``others`` is what other processes that train it have of their own.
    """
    state = {"learner": learner.state_dict(), "trainer": trainer or {}} | ({"ranks": [*others]} if others else {})
    own = {"own": dict(learner.own)} if learner.own else {}
    checkpoints.save(folder, learner.clock, state, info={"learner": learner.name, **learner.facts(), **own, **info})


def save_folder(learner: Kept, path: str | Path) -> Path:
    """Write all that training could continue from into a folder, which ``palestra.load`` reads; returns it."""
    folder = Path(path)
    atomic.write_json(folder / "config.json", learner.describe())
    save(learner, folder / "checkpoints")
    return folder


def adopt(learner: Kept, loaded: Loaded) -> None:
    """Put what was learned, and nothing else, into a fresh learner.

    Raises UsageError as ``restore`` does, and for an algorithm of which nothing carries over.
    """
    _check(loaded, _SAVED)
    _check_kind(learner, loaded, "begin with one of the same algorithm")
    try:
        taken = states.adopt(learner, loaded.state["learner"])
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        fault = str(error).splitlines()[-1].strip()
        raise UsageError(
            f"what the checkpoint {loaded.path} learned does not fit ({fault}); expected a world with the same spaces, "
            "and networks of the same sizes"
        ) from error
    require(bool(taken), f"a training of {learner.name} from {loaded.path}", "one whose knowledge carries over")


def restore(learner: Kept, loaded: Loaded) -> list[str]:
    """Put a checkpoint into a learner; returns a line for each thing that could not be restored exactly.

    All of it is checked before any of it is used. Raises DamagedCheckpointError for what no training writes,
    UnfitCheckpointError (a UsageError) for a checkpoint of another algorithm or of networks of another shape.
    """
    _check(loaded, _SAVED)
    _check_kind(learner, loaded, "load it with the configuration that it was trained with")
    state, notes = own_state(learner, loaded)
    then = loaded.info.get("own", {})
    if then != learner.own:
        were, are = (", ".join(f"{k}={v}" for k, v in own.items()) or "ours" for own in (then, learner.own))
        raise UsageError(
            f"the checkpoint {loaded.path} is of networks {were}, and these are {are}; expected the same, which no file"
            " can hold: give them from Python, palestra.load(run, networks=palestra.Networks(...)), or resume so"
        )
    try:
        if isinstance(learner, Part):
            check_state(learner, state)
        clock = state.get("clock", loaded.step)
        if clock != loaded.step:
            raise damaged(loaded.path, f"its learner stands at {short(clock)}")
        return [*notes, *learner.load_state_dict(state)]
    except (*FAULTS, UsageError) as error:
        raise UnfitCheckpointError(
            f"the checkpoint {loaded.path} does not fit this configuration ({error}); "
            "load it with the configuration that it was trained with"
        ) from error


def _check_kind(learner: Kept, loaded: Loaded, fix: str) -> None:
    saved_by = loaded.info.get("learner")
    if saved_by != learner.name:
        raise UnfitCheckpointError(
            f"the checkpoint {loaded.path} was made by {saved_by}, and this is {learner.name}; {fix}"
        )


def restore_latest(learner: Kept, folder: Path, *, trained: bool = False) -> tuple[Loaded, list[str]]:
    """The newest checkpoint that is undamaged and fits, put into a learner, and what ``restore`` says of it.

    With ``trained``, one that has the state of a trainer too.
    """

    def take(loaded: Loaded) -> list[str]:
        if trained:
            _check(loaded, _TRAINED)
        return restore(learner, loaded)

    return checkpoints.take_latest(folder, take)


def _check(loaded: Loaded, shape: Shape) -> None:
    try:
        check({"info": loaded.info, "state": loaded.state}, shape)
    except ValueError as error:
        raise damaged(loaded.path, str(error)) from error


_TRAINER = {
    "sums": mapping(number), "counts": mapping(count), "last_row": mapping(number), "next_log": count,
    "next_eval": count, "last_evaluated": optional(count), "best_score": optional(number), "best_step": optional(count),
}  # fmt: skip
_WATCH = record(
    {"fruitless": count, "met": flag, "told_to_stop": flag, "callbacks": listing(text), "states": listing(anything)}
)
_OPEN = record({**_TRAINER, "written": listing(text), "watch": _WATCH})
_BEST = {"best_step": optional(count), "best_score": optional(number)}
_SAVED = record(
    {
        "info": record({"learner": text}, {"seconds": duration, **_BEST}),
        "state": record(
            {"learner": mapping(anything), "trainer": mapping(anything)}, {"ranks": listing(mapping(anything))}
        ),
    }
)
_WATCHED = {"watch": _WATCH, "open": optional(_OPEN)}
_TRAINED = record(
    {"info": record({"seconds": duration}), "state": record({"trainer": record(_TRAINER, _WATCHED)})},
)
