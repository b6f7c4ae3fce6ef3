"""A learner and its checkpoints: what is written with it, and whether one found on disk belongs to it."""

from pathlib import Path
from typing import Any

from palestra.engine.learner import Learner
from palestra.errors import UsageError
from palestra.runs import checkpoints
from palestra.runs.checkpoints import Loaded


def save(learner: Learner, folder: Path, *, trainer: dict[str, Any] | None = None, **info: Any) -> None:
    """Write a checkpoint of a learner at its clock, with the trainer's own state and facts for whoever reads it."""
    state = {"learner": learner.state_dict(), "trainer": trainer or {}}
    checkpoints.save(folder, learner.clock, state, info={"learner": learner.name, **info})


def restore(learner: Learner, loaded: Loaded) -> list[str]:
    """Put a checkpoint into a learner; returns a line for each thing that could not be restored exactly.

    Raises UsageError for a checkpoint of another algorithm or of networks of another shape.
    """
    saved_by = loaded.info.get("learner")
    if saved_by != learner.name:
        raise UsageError(
            f"the checkpoint {loaded.path} was made by {saved_by}, and this is {learner.name}; "
            "load it with the configuration that it was trained with"
        )
    try:
        return learner.load_state_dict(loaded.state["learner"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"the checkpoint {loaded.path} does not fit this configuration ({error}); "
            "load it with the configuration that it was trained with"
        ) from error
