"""The command that trains what a run trained: a recipe, or who learns from what, and every setting that differs."""

import json
import shlex
from dataclasses import fields
from typing import Any

from palestra.datasets.dataset import Dataset
from palestra.recipes.registry import RECIPES
from palestra.trials.adhoc import data_recipe
from palestra.trials.plan import Plan, adhoc_recipe, resolve

UNTOLD = ("budget", "seed", "device", "tensorboard", "checkpoint_every", "keep_every", "log_every")
"""Settings of the training that have an option of their own, or change nothing in what is learned."""


def training_command(plan: Plan) -> str:
    """``palestra train ...``, ready for a shell."""
    budget, name, source = plan.training.budget, plan.learner.name, plan.source
    if plan.recipe in RECIPES:
        words, recipe = [plan.recipe], RECIPES[plan.recipe]
    elif isinstance(source, Dataset):
        words, recipe = ["--algo", name, "--data", source.id], data_recipe(name, source.id, budget)
    else:
        words, recipe = ["--algo", name, "--env-id", source.id], adhoc_recipe(name, source.id, budget)
    usual = resolve(recipe)
    words += ["--seed", str(plan.training.seed)]
    if plan.recipe not in RECIPES or budget != usual.training.budget:
        words += ["--total-timesteps", str(budget)]
    if plan.origin is not None:
        words += ["--from", plan.origin.path]
    for part, now, then in (
        ("learner", plan.learner.settings, usual.learner.settings),
        (source.key, source, usual.source),
        ("training", plan.training, usual.training),
    ):
        for setting, value in _differing(now, then).items():
            if part != "training" or setting not in UNTOLD:
                words += ["--set", f"{part}.{setting}={_text(value)}"]
    return shlex.join(["palestra", "train", *words])


def _differing(now: Any, then: Any) -> dict[str, Any]:
    """The settings in which one differs from the other; of a dict its entries, each by a name of its own."""
    found: dict[str, Any] = {}
    for field in fields(now):
        value, usual = getattr(now, field.name), getattr(then, field.name, None)
        if isinstance(value, dict) and isinstance(usual, dict):
            changed = {key: each for key, each in value.items() if key not in usual or usual[key] != each}
            found |= {f"{field.name}.{key}": each for key, each in changed.items()}
        elif value != usual:
            found[field.name] = value
    return found


def _text(value: Any) -> str:
    """A value as ``--set`` reads it."""
    match value:
        case str():
            return value
        case None:
            return "none"
        case tuple():
            return ",".join(map(_text, value))
    return json.dumps(value)
