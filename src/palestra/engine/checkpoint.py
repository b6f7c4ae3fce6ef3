"""A learner and its checkpoints: what is written with it, and whether one found on disk belongs to it."""

from pathlib import Path
from typing import Any, Protocol

from palestra.engine import state
from palestra.errors import UsageError, require
from palestra.runs import atomic, checkpoints
from palestra.runs.checkpoints import Loaded


class Kept(Protocol):
    """What can be written as a checkpoint."""

    name: str
    clock: int

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from it; one line for each thing that is not exact."""

    def describe(self) -> dict[str, Any]:
        """What it takes to build this learner again, as JSON values."""

    def facts(self) -> dict[str, Any]:
        """What somebody may want to know of it without building it, as JSON values."""


def save(learner: Kept, folder: Path, *, trainer: dict[str, Any] | None = None, **info: Any) -> None:
    """Write a checkpoint of a learner at its clock, with the trainer's own state and facts for whoever reads it."""
    whole = {"learner": learner.state_dict(), "trainer": trainer or {}}
    checkpoints.save(folder, learner.clock, whole, info={"learner": learner.name, **learner.facts(), **info})


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
    _check_kind(learner, loaded, "begin with one of the same algorithm")
    try:
        taken = state.adopt(learner, loaded.state["learner"])
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        fault = str(error).splitlines()[-1].strip()
        raise UsageError(
            f"what the checkpoint {loaded.path} learned does not fit ({fault}); expected a world with the same spaces, "
            "and networks of the same sizes"
        ) from error
    require(bool(taken), f"a training of {learner.name} from {loaded.path}", "one whose knowledge carries over")


def restore(learner: Kept, loaded: Loaded) -> list[str]:
    """Put a checkpoint into a learner; returns a line for each thing that could not be restored exactly.

    Raises UsageError for a checkpoint of another algorithm or of networks of another shape.
    """
    _check_kind(learner, loaded, "load it with the configuration that it was trained with")
    try:
        return learner.load_state_dict(loaded.state["learner"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"the checkpoint {loaded.path} does not fit this configuration ({error}); "
            "load it with the configuration that it was trained with"
        ) from error


def _check_kind(learner: Kept, loaded: Loaded, fix: str) -> None:
    saved_by = loaded.info.get("learner")
    if saved_by != learner.name:
        raise UsageError(f"the checkpoint {loaded.path} was made by {saved_by}, and this is {learner.name}; {fix}")
