"""Two ways to do it wrong. A proof that does not fail with them proves nothing."""

import json
from collections.abc import Callable, Set
from pathlib import Path
from typing import Any

from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.learners.deep.dqn import DQN
from palestra.learners.deep.ppo import PPO
from palestra.runs import checkpoints
from palestra.runs.codec import decode, encode
from palestra.runs.tensorfile import read_tensors, write_tensors

IN_PLACE = "step-in-place"


def apply(kind: str) -> None:
    """Break this process: ``generators`` are not restored, or checkpoints are written ``in place``."""
    {"generators": forget_generators, "in place": save_in_place}[kind]()


def forget_generators() -> None:
    """After a resume the agent's generators begin anew, as in a library that saves weights only."""
    for learner, names in ((PPO, ("sampling", "shuffling")), (DQN, ("exploring", "sampling"))):
        learner.load_state_dict = _forgetting(learner.load_state_dict, names)  # type: ignore[method-assign]


def _forgetting(load: Callable[..., list[str]], names: tuple[str, ...]) -> Callable[..., list[str]]:
    def load_state_dict(self: Agent, state: dict[str, Any]) -> list[str]:
        notes = load(self, state)
        for name in names:
            setattr(self, name, seeding.generator(self.seed, name, device=self.device))
        return notes

    return load_state_dict


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
