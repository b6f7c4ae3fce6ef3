"""Where a new run begins that does not begin with nothing: from what another one learned."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from palestra.engine import checkpoint
from palestra.engine.learner import Learner
from palestra.envs.world import World
from palestra.errors import require
from palestra.recipes.recipe import Recipe
from palestra.runs import checkpoints
from palestra.runs.store import Run, read_config
from palestra.trials.plan import Origin, Plan, adhoc_recipe, resolve
from palestra.trials.saved import Which, find_checkpoint, saved_folder


def plan_from(
    path: str | Path,
    recipe: Recipe | None,
    overrides: Mapping[str, Any],
    *,
    out: str | Path = "runs",
    which: Which = "best",
) -> Plan:
    """What a training is to do that begins from a saved learner.

    It is asked for all that the other one was, or what ``recipe`` says, with the overrides over it; nothing is claimed
    of it. In a world of another id (``world.id``) the other's arguments and target mean nothing, and are left out.

    Args:
        path: the run (folder, or id under ``out``) or the folder that ``save`` wrote.
        recipe: what is asked for instead, if anything.
        overrides: settings, as ``Plan.override`` takes them.
        out: folder of the runs.
        which: the checkpoint of the best evaluation, or the last one.
    """
    folder = saved_folder(path, out)
    origin = Origin(str(folder.resolve()), find_checkpoint(folder / "checkpoints", which).step)
    if recipe is not None:
        return replace(resolve(recipe, overrides), claim=None, origin=origin)
    given = dict(overrides)
    config = read_config(folder)
    if "budget" not in config.get("training", {}):  # one that was trained by hand
        budget = given.get("training.budget", given.get("budget", 0))
        require(budget != 0, f"{folder}, which was saved without a budget", "--total-timesteps N")
        config = {**config, "training": {**config.get("training", {}), "budget": int(budget)}}
    other = replace(Plan.from_json(config), claim=None, origin=origin)
    moved = {place: given.pop(place) for place in ("world.id", "id") if place in given}
    for env_id in moved.values():
        if env_id != other.world.id:
            source = World(env_id, other.world.num_envs)
            other = replace(other, source=source, training=replace(other.training, target=None))
    plan = other.override(given)
    if plan.training.budget != other.training.budget and not {"eval_every", "training.eval_every"} & {*given}:
        watched = max(1, plan.training.budget // 10) if other.training.eval_every else 0
        plan = plan.override({"training.eval_every": watched, "training.log_every": 0})
    name = plan.recipe
    if moved or not name:
        name = adhoc_recipe(plan.learner.name, plan.source.id, 1).id
    return replace(plan, recipe=name)


def begin(learner: Learner, origin: Origin) -> None:
    """Put into a fresh learner what another one had learned. UsageError where that does not fit."""
    folder = Path(origin.path) / "checkpoints"
    checkpoint.adopt(learner, checkpoints.load(checkpoints.find(folder, origin.step)))


def ancestry(origin: Origin) -> list[dict[str, Any]]:
    """The run that one begins from, and those before it, the nearest first, for the manifest."""
    own = {"run": Path(origin.path).name, "path": origin.path, "step": origin.step}
    if not (Path(origin.path) / "manifest.json").is_file():  # saved by hand
        return [own]
    return [own, *Run.open(origin.path, Path(origin.path).parent).manifest.get("lineage", [])]
