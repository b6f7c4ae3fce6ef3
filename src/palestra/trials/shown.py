"""A run as somebody looks at it: in what it differs from its recipe, how to ask for it again, what it has to show."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from palestra.datasets.dataset import Dataset
from palestra.engine import checkpoint
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.envs.world import World
from palestra.errors import PalestraError
from palestra.learners.registry import learner_type
from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.store import Run, read_config
from palestra.trials.layers import exhibits_of
from palestra.trials.plan import Plan, adhoc_recipe, resolve, saved_learner
from palestra.trials.saved import Which, find_checkpoint
from palestra.trials.settings import MAPPINGS, settings_of, spoken


@dataclass(frozen=True)
class Change:
    """A setting that is not what it would have been."""

    name: str
    """Its place, as ``--set`` takes it: ``learner.gamma``."""
    usual: Any
    """Of the recipe, or of the algorithm where there is none; None where it has no such setting."""
    own: Any
    """Of the run."""


def changes(plan: Plan) -> list[Change] | None:
    """In what a training differs from its recipe, or from the algorithm's defaults; None where neither is known."""
    base = _base(plan)
    if base is None:
        return None
    usual, own = (settings_of(each.to_json()) for each in (base, plan))
    names = dict.fromkeys([*own, *usual])
    return [Change(name, usual.get(name), own.get(name)) for name in names if usual.get(name) != own.get(name)]


def _base(plan: Plan) -> Plan | None:
    if plan.recipe in RECIPES:
        base = resolve(RECIPES[plan.recipe])
        same = base.learner.name == plan.learner.name and base.source.key == plan.source.key
        return base if same else None
    if isinstance(plan.source, World) and plan.origin is None:
        return resolve(adhoc_recipe(plan.learner.name, plan.source.id, plan.training.budget))
    return None


def command_of(plan: Plan) -> str:
    """The command that asks for the same again; empty where there is none."""
    given = _asked(plan)
    if given is None:
        return ""
    words = ["palestra", "train", *_named(plan)]
    seed = given.pop("training.seed", plan.training.seed)
    words += ["--seed", str(seed)] if seed else []
    for name, value in given.items():
        words += ["--set", f"{name}={spoken(value)}"]
    return shlex.join(words)


def python_of(plan: Plan) -> str:
    """The same in Python; empty where there is none, and for what has no recipe."""
    given = _asked(plan)
    if given is None or plan.recipe not in RECIPES:
        return ""
    words = [repr(plan.recipe), *([repr(given)] if given else [])]
    return f"palestra.train({', '.join(words)})"


def _named(plan: Plan) -> list[str]:
    if plan.recipe in RECIPES:
        return [plan.recipe]
    return ["--algo", plan.learner.name, "--env-id", plan.source.id, "--budget", str(plan.training.budget)]


def _asked(plan: Plan) -> dict[str, Any] | None:
    """What is to be said over what it is called."""
    found = changes(plan)
    if found is None or plan.origin is not None or any(change.own is None and _nested(change) for change in found):
        return None
    return {change.name: change.own for change in found}


def _nested(change: Change) -> bool:
    """Whether it is an entry that the recipe has and the run has not, which nothing can take away again."""
    return any(f".{name}." in change.name for name in MAPPINGS)


def exhibits_at(path: Path, step: int | None = None) -> tuple[int, list[Exhibit]]:
    """What a saved learner has to show, as its pictures draw it, its weights layer by layer, and at which step that is.

    Args:
        path: the run's folder.
        step: of a checkpoint; if None that by which claims are tried: of data the last one, in a world the best.
    """
    config, folder = read_config(path), path / "checkpoints"
    which: Which = "last" if Dataset.key in config else "best"
    if step is None:
        loaded = find_checkpoint(folder, which)
    else:
        loaded = checkpoints.load(checkpoints.find(folder, step))
    try:
        learner = saved_learner(path, "cpu")
    except PalestraError:  # its world is not here, say, and it has nothing to show but its weights
        if learner_type(config["learner"]["name"]).learner.exhibits is Learner.exhibits:
            return loaded.step, []
        raise
    try:
        checkpoint.restore(learner, loaded)
        return loaded.step, exhibits_of(learner)
    finally:
        learner.close()


def plan_of(path: Path) -> Plan:
    """What a run was asked for. UsageError, which names the file, for one that cannot be followed."""
    return Plan.of(Run.open(path, path.parent))
