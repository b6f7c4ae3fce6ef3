"""From a recipe and overrides to one plain configuration, and from a configuration to a Learner."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from palestra.engine.learner import Learner
from palestra.engine.settings import build, override
from palestra.engine.trainer import TrainSettings
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.learners.registry import learner_type
from palestra.recipes.recipe import Recipe

Config = dict[str, Any]
"""A complete configuration as JSON values; what ``config.json`` holds."""


def adhoc_recipe(algo: str, env_id: str, budget: int) -> Recipe:
    """A recipe for any algorithm on any environment, with the algorithm's defaults."""
    cls = learner_type(algo)
    task = env_id.replace("/", "-").lower()
    return Recipe(
        f"{task}/{algo}", f"{algo} on {env_id}", algo, env_id, budget, num_envs=cls.config_type.default_num_envs
    )


def resolve(
    recipe: Recipe,
    *,
    seed: int = 0,
    device: str = "auto",
    num_envs: int | None = None,
    backend: str | None = None,
    env_kwargs: Mapping[str, Any] | None = None,
    settings: Mapping[str, str] | None = None,
    train: Mapping[str, Any] | None = None,
) -> Config:
    """The whole configuration of a training.

    Args:
        recipe: where it begins.
        seed: every generator derives from it.
        device: auto, cpu, cuda, ...
        num_envs: copies of the environment, if not the recipe's.
        backend: environment backend, if not the recipe's.
        env_kwargs: arguments of the environment.
        settings: algorithm settings as text (``{"gamma": "0.99"}``), over the recipe's.
        train: fields of TrainSettings, over the recipe's.

    Returns:
        JSON values that ``build_learner`` and ``train_settings`` take. The claim stays only if algorithm, environment,
        budget, evaluations and target are the recipe's.
    """
    if seed < 0:
        raise UsageError(f"seed={seed}; expected 0 or more")
    cls = learner_type(recipe.learner)
    algorithm = override(build(cls.config_type, recipe.settings), settings or {})
    env = World(
        recipe.env,
        recipe.num_envs if num_envs is None else num_envs,
        backend or recipe.backend,
        {**recipe.env_kwargs, **(env_kwargs or {})},
        recipe.reference_kwargs,
    )
    fields: dict[str, Any] = {
        "budget": recipe.budget,
        "eval_every": recipe.eval_every or max(1, recipe.budget // 10),
        "target": recipe.target,
    }
    promised = dict(fields)
    fields["eval_count"] = recipe.eval_count
    fields |= {k: v for k, v in (train or {}).items() if v is not None}
    plan = TrainSettings(**{**fields, "seed": seed})
    as_given = (
        algorithm == build(cls.config_type, recipe.settings)
        and env == World(recipe.env, recipe.num_envs, recipe.backend, recipe.env_kwargs, recipe.reference_kwargs)
        and all(fields[name] == value for name, value in promised.items())
    )
    return {
        "recipe": recipe.id,
        "task": recipe.task,
        "method": recipe.method,
        "learner": recipe.learner,
        "settings": dataclasses.asdict(algorithm),
        "env": dataclasses.asdict(env),
        "seed": seed,
        "device": device,
        "train": dataclasses.asdict(plan),
        "headline": cls.learner.headline,
        "claim": dataclasses.asdict(recipe.claim) if recipe.claim and as_given else None,
    }


def build_learner(config: Config) -> Learner:
    """A fresh learner from a configuration."""
    for key in ("learner", "settings", "env", "seed", "device"):
        require(key in config, f"a configuration without {key!r}", "one that a training wrote")
    cls = learner_type(config["learner"])
    algorithm = build(cls.config_type, config["settings"])
    return cls(build(World, config["env"]), algorithm, seed=config["seed"], device=config["device"])


def train_settings(config: Config, *, progress: bool = False) -> TrainSettings:
    """The Trainer's settings in a configuration."""
    return TrainSettings(**{**config["train"], "progress": progress})
