"""A learner and its checkpoints: what is written with it, and whether one found on disk belongs to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from palestra.errors import UsageError
from palestra.runs import atomic, checkpoints
from palestra.runs.checkpoints import Loaded


class Kept(Protocol):
    """What can be written as a checkpoint."""

    name: str
    clock: int
    own: Mapping[str, str]

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from it; one line for each thing that is not exact."""

    def describe(self) -> dict[str, Any]:
        """What it takes to build this learner again, as JSON values."""


def save(learner: Kept, folder: Path, *, trainer: dict[str, Any] | None = None, **info: Any) -> None:
    """Write a checkpoint of a learner at its clock, with the trainer's own state and facts for whoever reads it."""
    state = {"learner": learner.state_dict(), "trainer": trainer or {}}
    own = {"own": dict(learner.own)} if learner.own else {}
    checkpoints.save(folder, learner.clock, state, info={"learner": learner.name, **own, **info})


def save_folder(learner: Kept, path: str | Path) -> Path:
    """Write all that training could continue from into a folder, which ``palestra.load`` reads; returns it."""
    folder = Path(path)
    atomic.write_json(folder / "config.json", learner.describe())
    save(learner, folder / "checkpoints")
    return folder


def restore(learner: Kept, loaded: Loaded) -> list[str]:
    """Put a checkpoint into a learner; returns a line for each thing that could not be restored exactly.

    Raises UsageError for a checkpoint of another algorithm or of networks of another shape.
    """
    saved_by = loaded.info.get("learner")
    if saved_by != learner.name:
        raise UsageError(
            f"the checkpoint {loaded.path} was made by {saved_by}, and this is {learner.name}; "
            "load it with the configuration that it was trained with"
        )
    then = loaded.info.get("own", {})
    if then != learner.own:
        were, are = (", ".join(f"{k}={v}" for k, v in own.items()) or "ours" for own in (then, learner.own))
        raise UsageError(
            f"the checkpoint {loaded.path} is of networks {were}, and these are {are}; expected the same, which no file"
            " can hold: give them from Python, palestra.load(run, networks=palestra.Networks(...)), or resume so"
        )
    try:
        return learner.load_state_dict(loaded.state["learner"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"the checkpoint {loaded.path} does not fit this configuration ({error}); "
            "load it with the configuration that it was trained with"
        ) from error
