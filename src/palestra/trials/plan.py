"""The Plan: all that one training is asked to do, as one frozen value. ``config.json`` is its JSON."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self, get_type_hints

from palestra.datasets.dataset import Dataset
from palestra.engine.learner import Learner, Source
from palestra.engine.ranks import ALONE, Ranks
from palestra.engine.settings import AlgorithmConfig, TrainSettings, build, check_known, override
from palestra.envs import arguments
from palestra.envs.world import World, default_copies
from palestra.errors import UsageError, require, unknown_name
from palestra.learners.registry import learner_type
from palestra.nets.own import Networks
from palestra.recipes.recipe import Claim, Recipe
from palestra.runs.files import UnreadableError
from palestra.runs.store import CONFIG, Run, read_config

PROMISED = ("budget", "eval_every", "target", "target_metric", "target_direction", "patience")
"""Settings of the training that a claim was made for, beside all of the learner's and the source's."""


@dataclass(frozen=True)
class LearnerPlan:
    """Which algorithm, and how it is set."""

    name: str
    """As it is registered."""
    settings: AlgorithmConfig
    """The learner's own config object."""


@dataclass(frozen=True)
class Origin:
    """What a training begins from, if not from nothing: what was learned at one moment of another."""

    path: str
    """The folder of that one."""
    step: int
    """Its clock then."""


@dataclass(frozen=True)
class Plan:
    """One training: who learns, from what, and for how long. Every setting is declared in the dataclass of its part."""

    learner: LearnerPlan
    """Who."""
    source: Source
    """The world that it learns in, or the data set that it learns from."""
    training: TrainSettings
    """How long, from which seed, on what."""
    recipe: str = ""
    """``task/method``: the recipe that it began as; it names the run."""
    claim: Claim | None = None
    """What is promised of it."""
    origin: Origin | None = None
    """Whose parameters it begins with."""

    @property
    def world(self) -> World:
        """Where it learns. UsageError for a plan that learns from data."""
        if not isinstance(self.source, World):
            raise UsageError(f"{self.recipe or self.learner.name} learns from {self.source.id!r}, which is no world")
        return self.source

    @property
    def headline(self) -> str:
        """The metric that says how good the learner is."""
        name: str = learner_type(self.learner.name).learner.headline
        return name

    def override(self, overrides: Mapping[str, Any]) -> Self:
        """The plan with some settings replaced, by values or by text that stands for them.

        The claim stays only with the learner, the source, the budget, the evaluations and the target that it is of.

        Args:
            overrides: by their place (``learner.gamma``, ``world.num_envs``, ``training.eval_every``,
                ``world.kwargs.gravity``, ``dataset.kwargs.seed``), or by their name alone where only one part has it.

        Raises:
            UsageError: for a name that no part has or several have, and for a value that is none.
        """
        given: dict[str, dict[str, Any]] = {part: {} for part in self._parts()}
        for name, value in overrides.items():
            part, setting = self._place(name)
            given[part][setting] = value
        made = {part: override(config, given[part]) for part, config in self._parts().items()}
        learner = replace(self.learner, settings=made["learner"])
        plan = replace(self, learner=learner, source=made[self.source.key], training=made["training"])
        return plan if _promised(plan) == _promised(self) else replace(plan, claim=None)

    def place(self, name: str) -> str:
        """The whole name of a setting, as ``override`` takes it: ``learner.gamma``. Raises UsageError as it does."""
        return ".".join(self._place(name))

    def declared(self, name: str) -> Any:
        """The type that a setting is declared with; ``Any`` of an entry of a dict."""
        part, setting = self._place(name)
        first, _, rest = setting.partition(".")
        config = type(self._parts()[part])
        if first not in {field.name for field in fields(config)}:
            raise unknown_name(f"setting of {config.__name__}", first, [field.name for field in fields(config)])
        return Any if rest else get_type_hints(config)[first]

    def value(self, name: str) -> Any:
        """What a setting is; None for an entry that a dict does not have."""
        part, setting = self._place(name)
        first, _, rest = setting.partition(".")
        value = getattr(self._parts()[part], first)
        return value.get(rest) if rest else value

    def make_learner(self, networks: Networks | None = None, ranks: Ranks = ALONE) -> Learner:
        """A fresh learner, with networks of the user's own if any are given, on one of the ranks that train it."""
        cls, source = learner_type(self.learner.name), self.source
        seed, device = self.training.seed, ranks.device(self.training.device)
        if ranks.size > 1 and isinstance(source, World):
            source = replace(source, num_envs=source.num_envs // ranks.size)
        learner = cls(source, self.learner.settings, seed=seed, device=device, networks=networks)
        if ranks.size > 1:
            learner.join(ranks)
        return learner

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        parts = {self.source.key if name == "source" else name: value for name, value in asdict(self).items()}
        values: dict[str, Any] = json.loads(json.dumps({**parts, self.source.key: self.source.to_json()}))
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The plan that ``to_json`` gave. UsageError for anything else."""
        parts = {"learner", "training"}
        require(parts <= values.keys(), f"a configuration with only {sorted(values)}", "all that a training wrote")
        claim, origin = values.get("claim"), values.get("origin")
        return cls(
            _learner_from_json(values["learner"]), source_from_json(values),
            build(TrainSettings, values["training"]), values.get("recipe", ""),
            None if claim is None else build(Claim, claim), None if origin is None else build(Origin, origin),
        )  # fmt: skip

    @classmethod
    def of(cls, run: Run) -> Self:
        """The plan that a run follows. UsageError, which names the file, for anything else."""
        with _naming(run.path):
            return cls.from_json(run.config)

    def _parts(self) -> dict[str, Any]:
        return {"learner": self.learner.settings, self.source.key: self.source, "training": self.training}

    def _place(self, name: str) -> tuple[str, str]:
        """The part that a setting is in, and its name there."""
        first, _, rest = name.partition(".")
        parts = self._parts()
        if first in parts and rest:
            return first, rest
        having = [part for part, config in parts.items() if first in _names(config)]
        if not having and self.learner.settings.others:
            return "learner", f"{self.learner.settings.others}.{name}"
        if not having:
            raise unknown_name("setting", first, [each for config in parts.values() for each in _names(config)])
        if len(having) > 1:
            raise UsageError(
                f"setting {name} is ambiguous; expected {' or '.join(f'{part}.{name}' for part in having)}"
            )
        return having[0], name


def resolve(recipe: Recipe, overrides: Mapping[str, Any] | None = None) -> Plan:
    """The plan of a recipe, with overrides (see ``Plan.override``)."""
    source: Source = Dataset(recipe.dataset, recipe.dataset_kwargs)
    if recipe.env:
        source = World(recipe.env, recipe.num_envs, recipe.backend, recipe.env_kwargs, recipe.reference_kwargs)
    plan = Plan(
        LearnerPlan(recipe.learner, build(learner_type(recipe.learner).config_type, recipe.settings)),
        source,
        TrainSettings(
            recipe.budget, threads=recipe.threads, eval_every=recipe.eval_every or max(1, recipe.budget // 10),
            eval_count=recipe.eval_count, target=recipe.target,
        ),
        recipe.id,
        recipe.claim,
    )  # fmt: skip
    return plan.override(overrides or {})


def adhoc_recipe(algo: str, env_id: str, budget: int) -> Recipe:
    """A recipe for any algorithm on any environment, with the algorithm's defaults."""
    cls = learner_type(algo)
    task = env_id.replace("/", "-").lower()
    return Recipe(
        f"{task}/{algo}", f"{algo} on {env_id}", algo, env_id, budget,
        num_envs=default_copies(cls.config_type, env_id, budget=budget),
    )  # fmt: skip


def learner_from_json(
    values: Mapping[str, Any],
    device: str | None = None,
    networks: Networks | None = None,
    source: Source | None = None,
) -> Learner:
    """A fresh learner from what a folder's ``config.json`` holds: a plan, or what ``learner.save`` wrote.

    Args:
        values: JSON values.
        device: where it computes, if not where it was trained.
        networks: of the user's own, if it has any.
        source: what it learns from, if not what is named there.
    """
    learner, own, training = _learner_parts(values)
    return _made(learner, source or own, training, device, networks)


def saved_learner(
    folder: Path, device: str | None = None, networks: Networks | None = None, source: Source | None = None
) -> Learner:
    """The learner of a folder's ``config.json``, fresh, as ``learner_from_json`` makes it.

    UsageError, which names the file, if no training wrote it.
    """
    with _naming(folder):
        learner, own, training = _learner_parts(read_config(folder))
    return _made(learner, source or own, training, device, networks)


def _learner_parts(values: Mapping[str, Any]) -> tuple[LearnerPlan, Source, Mapping[str, Any]]:
    for keys in (("learner",), (World.key, Dataset.key), ("training",)):
        named = " or ".join(map(repr, keys))
        require(any(key in values for key in keys), f"a configuration without {named}", "one that a training wrote")
    whole = {"seed", "device"} <= values["training"].keys()
    require(whole, f"training with only {sorted(values['training'])}", "its seed and device, as a training wrote them")
    check_known(TrainSettings, values["training"])
    return _learner_from_json(values["learner"]), source_from_json(values), values["training"]


def _made(
    learner: LearnerPlan, source: Source, training: Mapping[str, Any], device: str | None, networks: Networks | None
) -> Learner:
    cls = learner_type(learner.name)
    device = device or training["device"]
    return cls(source, learner.settings, seed=training["seed"], device=device, networks=networks)


@contextmanager
def _naming(folder: Path) -> Iterator[None]:
    """Name the configuration that an error raised inside is about."""
    try:
        yield
    except UnreadableError:
        raise
    except UsageError as error:
        raise UnreadableError(folder / CONFIG, f"cannot be followed: {error}") from error


def source_from_json(values: Mapping[str, Any]) -> Source:
    """The world or the data set that a configuration names."""
    if World.key in values:
        return build(World, arguments.from_json(values[World.key]))
    if Dataset.key in values:
        return build(Dataset, arguments.from_json(values[Dataset.key]))
    raise UsageError(f"a configuration with only {sorted(values)}; expected a 'world' or a 'dataset' in it")


def _learner_from_json(values: Mapping[str, Any]) -> LearnerPlan:
    whole = isinstance(values, Mapping) and {"name", "settings"} <= values.keys()
    require(whole, f"learner={values!r}", "its name and settings, as a training wrote them")
    return LearnerPlan(values["name"], build(learner_type(values["name"]).config_type, values["settings"]))


def _promised(plan: Plan) -> tuple[Any, ...]:
    return plan.learner, plan.source, *(getattr(plan.training, name) for name in PROMISED)


def _names(config: Any) -> list[str]:
    return [field.name for field in fields(config)]
