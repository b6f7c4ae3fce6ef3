"""Four ways to do it wrong. A proof that does not fail with them proves nothing."""

import json
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import Any

import numpy as np
import torch

from palestra.datasets.loader import Loader
from palestra.engine import checkpoint
from palestra.engine.learner import Learner
from palestra.envs.vector import VectorEnv
from palestra.runs import checkpoints
from palestra.runs.codec import decode, encode
from palestra.runs.tensorfile import read_tensors, write_tensors

IN_PLACE = "step-in-place"


def apply(kind: str) -> None:
    """Break this process: ``generators`` are not restored, nor what is ``remembered`` of episodes, nor the ``position``
    in a data set, or checkpoints are written ``in place``."""
    {
        "generators": forget_generators,
        "remembered": forget_what_is_remembered,
        "position": forget_position,
        "in place": save_in_place,
    }[kind]()


def forget_position() -> None:
    """After a resume the data begins anew, as where the order of a shuffle lives in an iterator."""
    Loader.load_state_dict = lambda self, state: None
    Loader.state_dict = lambda self: {}
    del Loader.saves


def forget_generators() -> None:
    """After a resume the learner's generators begin anew, as in a library that saves weights only."""

    def forget(learner: Learner) -> None:
        for generator in generators_in(learner):
            if isinstance(generator, torch.Generator):
                generator.manual_seed(0)
            else:
                generator.bit_generator.state = np.random.default_rng(0).bit_generator.state

    after_restoring(forget)


def forget_what_is_remembered() -> None:
    """After a resume recurrent networks begin anew in the middle of their episodes."""

    def forget(learner: Any) -> None:
        learner.experience.actor_EY.zero_()
        learner.experience.critic_EY.zero_()

    after_restoring(forget)


def after_restoring(forget: Callable[[Any], None]) -> None:
    """Do that with every learner that is restored."""
    restore = checkpoint.restore

    def restore_and_forget(learner: Learner, loaded: checkpoints.Loaded) -> list[str]:
        notes = restore(learner, loaded)
        forget(learner)
        return notes

    checkpoint.restore = restore_and_forget


def generators_in(thing: object, depth: int = 4) -> Iterator[torch.Generator | np.random.Generator]:
    """The generators that a learner, or a part of it, holds; its worlds have their own and keep them."""
    if isinstance(thing, torch.Generator | np.random.Generator):
        yield thing
    elif isinstance(thing, dict) and depth:
        yield from generators_in(list(thing.values()), depth - 1)
    elif isinstance(thing, list | tuple) and depth:
        for item in thing:
            yield from generators_in(item, depth - 1)
    elif type(thing).__module__.startswith("palestra.") and not isinstance(thing, VectorEnv) and depth:
        for part in vars(thing).values() if hasattr(thing, "__dict__") else ():
            yield from generators_in(part, depth - 1)


def save_in_place() -> None:
    """One checkpoint, whose files are written over where they stand, and believed when they are read."""

    def save(folder: Path, step: int, state: dict[str, Any], *, info: dict[str, Any]) -> Path:
        tensors, tree = encode(state)
        target = folder / IN_PLACE
        target.mkdir(parents=True, exist_ok=True)
        write_tensors(target / "tensors.safetensors", tensors)
        (target / "state.json").write_text(json.dumps({"step": step, "tree": tree, "info": info}))
        return target

    def steps(folder: Path) -> list[int]:
        return [0] if (folder / IN_PLACE).is_dir() else []

    def prune(folder: Path, keep: Set[int]) -> None:
        """There is only one."""

    checkpoints.save, checkpoints.steps, checkpoints.prune = save, steps, prune
    checkpoints.load_latest = load_in_place


def load_in_place(folder: Path) -> checkpoints.Loaded:
    """What ``save_in_place`` left."""
    path = folder / IN_PLACE
    text = json.loads((path / "state.json").read_text())
    state = decode(read_tensors(path / "tensors.safetensors"), text["tree"])
    return checkpoints.Loaded(text["step"], state, text["info"], path, [])
