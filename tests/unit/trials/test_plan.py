"""The plan of a training: what overrides change, what is refused, and that its JSON gives it back."""

import dataclasses
import json
from typing import Any

import pytest

from palestra.engine.settings import AlgorithmConfig, TrainSettings
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.dqn import DQNConfig
from palestra.recipes.recipe import Claim
from palestra.recipes.registry import RECIPES
from palestra.trials.plan import LearnerPlan, Plan, adhoc_recipe, learner_from_json, resolve

PPO = RECIPES["cartpole/ppo"]


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.id)
def test_its_json_gives_it_back(recipe: Any) -> None:
    source = "world" if recipe.env else "dataset"
    plan = resolve(recipe, {"seed": 3, f"{source}.kwargs.a": [1, {"b": None}]})
    told = json.loads(json.dumps(plan.to_json()))
    assert told == plan.to_json()
    again = Plan.from_json(told)
    assert again == plan
    assert type(again.learner.settings) is type(plan.learner.settings)


def test_a_recipe_without_overrides_is_itself() -> None:
    plan = resolve(PPO)
    assert (plan.recipe, plan.learner.name, plan.claim) == ("cartpole/ppo", "ppo", PPO.claim)
    assert plan.world == World("CartPole-v1", 32)
    assert plan.training == TrainSettings(50_000, eval_every=4_096, threads=1)
    assert resolve(dataclasses.replace(PPO, eval_every=0)).training.eval_every == 5_000  # ten in all
    assert plan.headline == "eval/return_mean"


def test_a_setting_has_one_place_and_two_names() -> None:
    dotted = {"learner.gamma": "0.5", "world.num_envs": "4", "training.eval_every": "7", "training.threads": "2"}
    short = {"gamma": 0.5, "num_envs": 4, "eval_every": 7, "threads": 2}
    plan = resolve(PPO, dotted)
    assert plan == resolve(PPO, short) == resolve(PPO).override(short)
    assert getattr(plan.learner.settings, "gamma") == 0.5  # noqa: B009 - of a config whose type only the learner knows
    assert (plan.world.num_envs, plan.training.eval_every, plan.training.threads) == (4, 7, 2)
    assert resolve(PPO, {"num_envs": 4, "world.num_envs": 5}).world.num_envs == 5  # the last one counts


def test_values_are_taken_as_they_are_and_text_is_read() -> None:
    assert resolve(PPO, {"hidden_sizes": (8, 8)}) == resolve(PPO, {"hidden_sizes": "8,8"})
    assert resolve(PPO, {"target": None}) == resolve(PPO, {"target": "none"})
    assert resolve(RECIPES["cartpole/rainbow"], {"dueling": "none"}).learner.settings != (
        resolve(RECIPES["cartpole/rainbow"]).learner.settings
    )


def test_arguments_of_the_world_are_added() -> None:
    recipe = dataclasses.replace(PPO, env_kwargs={"a": 1, "b": 2})
    assert resolve(recipe, {"world.kwargs": {"b": 3}}).world.kwargs == {"a": 1, "b": 3}
    assert resolve(recipe, {"kwargs": '{"c": 4}'}).world.kwargs == {"a": 1, "b": 2, "c": 4}
    for name in ("world.kwargs.b", "kwargs.b"):
        assert resolve(recipe, {name: "9.5"}).world.kwargs == {"a": 1, "b": 9.5}
    both = resolve(recipe, {"world.kwargs.b": "text", "world.kwargs.c": [1]})
    assert both.world.kwargs == {"a": 1, "b": "text", "c": [1]}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"gama": 1}, "unknown setting 'gama'; nearest: gamma"),
        ({"num_env": 1}, "unknown setting 'num_env'; nearest: num_envs"),
        ({"learner.num_envs": 1}, "unknown setting of PPOConfig 'num_envs'"),
        ({"world.gamma": 1}, "unknown setting of World 'gamma'"),
        ({"training.bugdet": 1}, "unknown setting of TrainSettings 'bugdet'; nearest: budget"),
        ({"world": 1}, "unknown setting 'world'"),
        ({"gamma": True}, "gamma=True; expected a number"),
        ({"gamma": "high"}, "gamma=high; expected a number"),
        ({"gamma.x": 1}, "gamma={'x': 1}; expected a number"),
        ({"seed": -1}, "seed=-1; expected 0 or more"),
        ({"threads": 0}, "threads=0; expected at least 1"),
        ({"budget": 0}, "budget=0; expected a positive number"),
    ],
)
def test_what_no_part_has_is_refused(overrides: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(PPO, overrides)
    assert said in str(caught.value)


@dataclasses.dataclass(frozen=True)
class Seeded(AlgorithmConfig):
    """Settings with a name that the training has too."""

    seed: int = 7
    """Of something."""


def test_a_name_of_two_parts_has_to_be_said_in_full() -> None:
    plan = Plan(LearnerPlan("random", Seeded()), World("X"), TrainSettings(1))
    with pytest.raises(UsageError, match=r"setting seed is ambiguous; expected learner\.seed or training\.seed"):
        plan.override({"seed": 1})
    assert plan.override({"learner.seed": 1}).learner.settings == Seeded(1)
    assert plan.override({"training.seed": 1}).training.seed == 1


@pytest.mark.parametrize("name", ["seed", "device", "threads", "eval_count", "checkpoint_every", "log_every"])
def test_the_claim_stays_with_what_it_does_not_speak_of(name: str) -> None:
    assert resolve(PPO, {name: {"device": "cpu"}.get(name, 9)}).claim == PPO.claim


@pytest.mark.parametrize(
    ("name", "value"),
    [("gamma", 0.5), ("num_envs", 2), ("kwargs.a", 1), ("budget", 60_000), ("eval_every", 5), ("target", 1.0)],
)
def test_the_claim_goes_with_what_it_was_made_for(name: str, value: Any) -> None:
    assert resolve(PPO, {name: value}).claim is None


def test_any_algorithm_on_any_world() -> None:
    plan = resolve(adhoc_recipe("dqn", "palestra/Some-v0", 1_000))
    assert (plan.recipe, plan.world, plan.training.eval_every) == (
        "palestra-some-v0/dqn",
        World("palestra/Some-v0", DQNConfig.default_num_envs),
        100,
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "a configuration with only []"),
        ({"learner": {}, "world": {}, "training": {}}, "learner={}; expected its name and settings"),
        ({"learner": {"name": "ppo", "settings": {}}, "world": {}, "training": {}}, "TrainSettings without budget"),
    ],
)
def test_json_that_is_no_plan(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Plan.from_json(values)
    assert said in str(caught.value)


def test_a_learner_from_a_plan_or_from_what_it_wrote_itself() -> None:
    plan = resolve(PPO, {"num_envs": 2, "seed": 5, "hidden_sizes": "4"})
    made = plan.make_learner()
    for values in (plan.to_json(), json.loads(json.dumps(made.describe()))):
        learner = learner_from_json(values)
        assert learner.describe() == made.describe()
        learner.close()
    made.close()
    with pytest.raises(UsageError, match="without 'world'"):
        learner_from_json({"learner": {}})
    with pytest.raises(UsageError, match="mps:9"):
        learner_from_json(plan.to_json(), "mps:9")


def test_claims_survive_json() -> None:
    plan = resolve(dataclasses.replace(PPO, claim=Claim(1.0, "x", "eval/length_mean", 7, 3)))
    assert Plan.from_json(plan.to_json()).claim == Claim(1.0, "x", "eval/length_mean", 7, 3)


def test_a_table_has_fewer_copies_in_a_short_training() -> None:
    copies = {budget: adhoc_recipe("q-learning", "Taxi-v4", budget).num_envs for budget in (1, 1_000, 20_000, 10**6)}
    assert copies == {1: 1, 1_000: 2, 20_000: 51, 10**6: 256}
    assert adhoc_recipe("ppo", "CartPole-v1", 1).num_envs == 8


@dataclasses.dataclass(frozen=True)
class Open(AlgorithmConfig):
    """Settings of which one takes all others."""

    others = "more"
    more: dict[str, object] = dataclasses.field(default_factory=dict)
    """What has no field of its own."""


def test_a_name_of_no_part_goes_where_all_others_go() -> None:
    plan = Plan(LearnerPlan("random", Open()), World("X"), TrainSettings(1))
    assert plan.override({"trees": "30", "seed": 2, "learner.more.depth": 3}).learner.settings == Open(
        {"trees": 30, "depth": 3}
    )
    assert plan.override({"seed": 2}).learner.settings == Open()
    with pytest.raises(UsageError, match="unknown setting of Open 'trees'"):
        plan.override({"learner.trees": 30})


def test_a_setting_has_a_place_a_type_and_a_value() -> None:
    plan = resolve(RECIPES["cartpole/ppo"], {"world.kwargs.gravity": 9.8})
    assert (plan.place("gamma"), plan.declared("gamma"), plan.value("gamma")) == ("learner.gamma", float, 0.99)
    assert plan.declared("learner.hidden_sizes") == tuple[int, ...]
    assert plan.place("num_envs") == "world.num_envs"
    gravity = "world.kwargs.gravity"
    assert (plan.place(gravity), plan.declared(gravity), plan.value(gravity)) == (gravity, Any, 9.8)
    assert plan.value("world.kwargs.nothing") is None
    with pytest.raises(UsageError, match="unknown setting of PPOConfig 'gama'; nearest: gamma"):
        plan.declared("learner.gama")
