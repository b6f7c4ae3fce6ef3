"""The arm's recipes: where they are measured, on how many copies, and what is said where that cannot be done."""

import json
from pathlib import Path
from typing import Any

import pytest

from palestra.engine.agent import Agent
from palestra.envs import registry
from palestra.envs.registry import MOST_SIMULATORS, SIMULATORS, make_vec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.sac import SAC, SACConfig
from palestra.recipes.arm import HELD_OUT, RECIPES
from palestra.recipes.recipe import Claim, Recipe
from palestra.trials.plan import Plan, resolve
from palestra.trials.train import train

EVERY = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)


@EVERY
def test_they_are_measured_on_what_training_never_saw(recipe: Recipe) -> None:
    plan = Plan.from_json(json.loads(json.dumps(resolve(recipe).to_json())))
    env = plan.world
    assert env.id in SIMULATORS
    assert env.kwargs.get("objects", "train") == "train"
    if recipe.task.startswith(("arm-reach", "arm-pick-place")):
        assert {**env.kwargs, **env.reference_kwargs}.items() >= HELD_OUT.items()
    if recipe.claim is not None:
        assert (recipe.claim.count, recipe.claim.seeds, recipe.claim.metric) == (200, 10, "eval/return_mean")
        assert plan.claim is not None
        rate = (recipe.claim.threshold + 0.1) / 1.1
        # A fiftieth of an episode, for the rounding of rewards.
        least = {"arm-reach-pixels": 190, "arm-pick-place-state": 180}.get(recipe.task, 198)
        assert rate * 200 == pytest.approx(least, abs=0.02)


def test_the_reference_has_arguments_of_its_own_and_few_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, str, Any]] = []

    def make(env_id: str, num_envs: int, *, backend: str, device: Any, env_kwargs: Any, **_: Any) -> Any:
        made.append((num_envs, backend, env_kwargs))
        return make_vec("probe/TwoTargets", num_envs)

    monkeypatch.setattr(registry, "make_vec", make)
    world = World(SIMULATORS[0], 4, kwargs={"view": "state", "objects": "train"}, reference_kwargs=HELD_OUT)
    agent = SAC(world, SACConfig(hidden_sizes=(8,)))
    assert agent.evaluate(episodes=20, reference=True).samples.shape == (20,)
    assert agent.evaluate(episodes=20).samples.shape == (20,)
    assert made == [
        (4, "auto", {"view": "state", "objects": "train"}),
        (MOST_SIMULATORS, "sync", {"view": "state", **HELD_OUT}),
        (20, "auto", {"view": "state", "objects": "train"}),
    ]


def test_what_cannot_be_measured_is_refused_before_it_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any, **__: Any) -> None:
        raise UsageError("needs the [arm] extra: pip install 'palestra[arm]'")

    monkeypatch.setattr(Agent, "check_measurable", missing)
    monkeypatch.setattr(Agent, "step", lambda _: pytest.fail("it was trained"), raising=False)
    recipe = Recipe("probe/sac", "", "sac", "probe/TwoTargets", 100, 1, claim=Claim(0.0, "nothing"))
    with pytest.raises(UsageError, match=r"pip install 'palestra\[arm\]'"):
        train(recipe, out=tmp_path)
    assert list(tmp_path.glob("*/config.json")) == []
