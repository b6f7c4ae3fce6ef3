"""Trained agents to be watched: which runs of a folder there are for a world, and one of them loaded."""

import json
import warnings
from pathlib import Path

from palestra.engine.agent import Agent
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.runs import checkpoints
from palestra.runs.store import CONFIG, read_config, run_ids
from palestra.trials.plan import source_from_json
from palestra.trials.saved import load

MOST_RUNS = 50
"""That are listed, the latest of them."""


def runs_in(root: Path | None, env_id: str) -> dict[str, Path]:
    """Runs that learned in a world and left a checkpoint, by their ids, the latest first; damaged ones are left out."""
    if root is None:
        return {}
    found = {}
    for run_id in run_ids(root):
        path = root / run_id
        try:
            named = json.dumps(env_id) in (path / CONFIG).read_text(encoding="utf-8")  # before a closer look
            if named and world_of(path).id == env_id and checkpoints.steps(path / "checkpoints"):
                found[run_id] = (path.stat().st_mtime, path)
        except (OSError, ValueError, PalestraError):
            continue
    latest = sorted(found.items(), key=lambda item: item[1], reverse=True)[:MOST_RUNS]
    return {run_id: path for run_id, (_, path) in latest}


def world_of(path: Path) -> World:
    """The world that a run learned in. Raises UsageError for one that learned from data."""
    world = source_from_json(read_config(path))
    if not isinstance(world, World):
        raise UsageError(f"{path.name} learned from the data set {world.id!r}; expected a run in a world")
    return world


def load_agent(path: Path, world: World) -> Agent:
    """What a run learned, to act in a world like its own. Raises UsageError where that cannot be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a checkpoint that was passed over
        agent = load(path, device="cpu", env=world)
    if not isinstance(agent, Agent):
        agent.close()
        raise UsageError(f"{path.name} acts in no world; expected a run of an agent")
    return agent
