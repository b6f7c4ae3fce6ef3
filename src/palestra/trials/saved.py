"""Saved learners: give one back, to predict, to go on, or to draw what it knows."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import gymnasium as gym

from palestra.datasets.dataset import Dataset
from palestra.engine import checkpoint
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner, Source
from palestra.envs.absent import AbsentWorld
from palestra.envs.registry import reference_env
from palestra.envs.space_json import space_from_json
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.learners.registry import learner_type
from palestra.nets.own import Networks
from palestra.pictures.gallery import draw_exhibits
from palestra.runs import checkpoints
from palestra.runs.store import find, read_config
from palestra.trials.layers import exhibits_of
from palestra.trials.plan import saved_learner, source_from_json

Which = Literal["best", "last"]


def saved_folder(path: str | Path, out: str | Path = "runs") -> Path:
    """The folder of a run (given by its folder, or by its id under ``out``) or of what ``agent.save`` wrote.

    Raises UsageError, with the nearest ids, when there is neither.
    """
    folder = Path(path)
    if (folder / "config.json").is_file() and (folder / "checkpoints").is_dir():
        return folder
    return find(path, Path(out))


def load(
    path: str | Path,
    *,
    out: str | Path = "runs",
    which: Which = "best",
    device: str | None = None,
    networks: Networks | None = None,
    env: str | World | None = None,
) -> Learner:
    """Give a saved learner back: from a run (folder or id), or from what ``agent.save`` wrote.

    Where its environment cannot be made, because it is not installed say, an agent still predicts, from the spaces that
    were saved with it.

    Args:
        path: the folder, or the id of a run under ``out``.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
        device: where it computes, if not where it was trained.
        networks: of the user's own, where it was trained with such: no file can hold their code.
        env: another world, to go on learning in: the learner is new there (its clock at 0) and knows what was learned.

    Warns of a damaged checkpoint that was passed over, and of what is used in its place; and of a world that is not
    here.
    """
    folder = saved_folder(path, out)
    if env is not None:
        learner = saved_learner(folder, device, networks, _other_world(read_config(folder), env))
        loaded, notes = _found(learner, folder / "checkpoints", which, checkpoint.adopt)
    else:
        learner, why = _here_or_absent(folder, device, networks)
        loaded, notes = _found(learner, folder / "checkpoints", which, checkpoint.restore)
        if why:
            notes.append(f"{why}; what was loaded predicts, and does nothing else")
    for note in [*loaded.skipped, *notes]:
        warnings.warn(note, stacklevel=2)
    return learner


def _here_or_absent(folder: Path, device: str | None, networks: Networks | None) -> tuple[Learner, str]:
    """The learner in its world, or where that is not here in one of which the spaces are known; and why."""
    try:
        return saved_learner(folder, device, networks), ""
    except PalestraError as error:
        info = checkpoints.load_latest(folder / "checkpoints").info
        absent = _absent_world(read_config(folder), info, str(error))
        if absent is None:
            raise
        return saved_learner(folder, device, networks, absent), str(error)


def _found(
    learner: Learner, folder: Path, which: Which, put: Callable[[Learner, checkpoints.Loaded], Any]
) -> tuple[checkpoints.Loaded, list[str]]:
    """The checkpoint that is asked for, put into a learner, or else the newest that is good; what was passed over."""
    notes = []
    if which == "best":
        try:
            loaded = find_checkpoint(folder, which)
            put(learner, loaded)
            return loaded, []
        except checkpoints.UNUSABLE as error:
            notes.append(f"{error}; using the last one")
    loaded, _ = checkpoints.take_latest(folder, lambda one: put(learner, one))
    return loaded, notes


def find_checkpoint(folder: Path, which: Which) -> checkpoints.Loaded:
    """The last of a folder of checkpoints, or that of the best evaluation; ``skipped`` says what was passed over."""
    loaded = checkpoints.load_latest(folder)
    best = loaded.info.get("best_step")
    if which == "last" or best is None or best == loaded.step:
        return loaded
    if best in checkpoints.steps(folder):
        return checkpoints.load(checkpoints.find(folder, best))._replace(skipped=loaded.skipped)
    # it went when the damaged one took its place as the best
    gone = f"no checkpoint of step {best}, the best, is left; using {loaded.path.name}"
    return loaded._replace(skipped=[*loaded.skipped, gone])


def make_env(
    path: str | Path | Agent, *, out: str | Path = "runs", render_mode: str | None = None
) -> gym.Env[Any, Any]:
    """The Gymnasium environment that a run is evaluated in, with its arguments, for a loop of one's own.

    ``env = make_env(run); agent = load(run); obs, _ = env.reset(); env.step(agent.decide(obs, env))``

    Args:
        path: a run's folder or id, or what ``save`` wrote; or an agent.
        out: folder of the runs.
        render_mode: as of ``gymnasium.make``.
    """
    if isinstance(path, Agent):
        world: Source = path.world
    else:
        world = source_from_json(read_config(saved_folder(path, out)))
    if not isinstance(world, World):
        raise UsageError(f"{path} learned from the data set {world.id!r}; expected a run in a world")
    return reference_env(world.id, render_mode, world.reference_settings)


def _other_world(config: dict[str, Any], env: str | World) -> World:
    """What was meant: an id has as many copies as the saved world."""
    if isinstance(env, World):
        return env
    was = source_from_json(config)
    return World(env, was.num_envs if isinstance(was, World) else 1)


def _absent_world(config: dict[str, Any], info: dict[str, Any], why: str) -> World | None:
    """The world of a configuration with the spaces that were saved with it; None where there are none."""
    world, known = source_from_json(config), info.get("spaces")
    if not isinstance(world, World) or not isinstance(known, dict) or {"observation", "action"} - known.keys():
        return None
    return AbsentWorld(world, space_from_json(known["observation"]), space_from_json(known["action"]), why)


def draw_learned(path: str | Path, *, out: str | Path = "runs", which: Which | None = None) -> list[Path]:
    """Draw what a saved learner knows beyond its curves (a value function, regret) into ``plots/``; often nothing.

    Args:
        path: the folder, or the id of a run under ``out``.
        out: folder of the runs.
        which: the checkpoint; if None that by which claims are tried: of data the last one, in a world the best.
    """
    folder = saved_folder(path, out)
    config = read_config(folder)
    if learner_type(config["learner"]["name"]).learner.exhibits is Learner.exhibits:
        return []
    learner = load(folder, which=which or ("last" if Dataset.key in config else "best"))
    try:
        return draw_exhibits(exhibits_of(learner), folder / "plots")
    finally:
        learner.close()
