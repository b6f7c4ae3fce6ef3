"""Which variants an ablation trains, and what is refused."""

import pytest

from palestra.engine.settings import build
from palestra.errors import UsageError
from palestra.learners.off_policy.dqn import DQNConfig
from palestra.recipes.recipe import Claim, Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials.ablate import variants_of

OFF = {"double": False, "dueling": "none", "n_step": 1, "prioritised": False, "noisy": False, "distributional": "none"}
ON = {"double": True, "dueling": "mean", "n_step": 3, "prioritised": True, "noisy": True, "distributional": "c51"}
PLAIN = Recipe(
    id="toy/dqn", summary="", learner="dqn", env="probe/DelayedReward", num_envs=2, budget=100, target=3.0,
    settings={"gamma": 0.5}, claim=Claim(1.0, "nobody"),
)  # fmt: skip


def flags_of(recipe: Recipe) -> dict[str, object]:
    config = build(DQNConfig, recipe.settings)
    return {name: getattr(config, name) for name in OFF}


def test_base_has_nothing_each_flag_stands_alone_and_all_is_rainbow() -> None:
    named = variants_of(PLAIN)
    assert list(named) == ["base", *(f"+{flag}" for flag in DQNConfig.parts), "all"]
    assert flags_of(named["base"]) == OFF
    assert flags_of(named["all"]) == ON
    for flag, (setting, _, _) in DQNConfig.parts.items():
        assert flags_of(named[f"+{flag}"]) == OFF | {setting: ON[setting]}
    for variant in named.values():
        assert (variant.settings["gamma"], variant.env, variant.budget) == (0.5, PLAIN.env, 100)
        assert variant.claim is None
        assert variant.target is None  # none stops before the others
    assert len({variant.id for variant in named.values()}) == len(named)


def test_leaving_out_takes_each_from_all() -> None:
    named = variants_of(PLAIN, leave_out=True)
    assert list(named)[8:] == [f"-{flag}" for flag in DQNConfig.parts]
    for flag, (setting, _, _) in DQNConfig.parts.items():
        assert flags_of(named[f"-{flag}"]) == ON | {setting: OFF[setting]}


def test_a_flag_that_the_recipe_has_on_keeps_its_value_there() -> None:
    recipe = Recipe(**{**vars(PLAIN), "settings": {"n_step": 5, "dueling": "max", "distributional": "quantile"}})
    named = variants_of(recipe)
    assert flags_of(named["base"]) == OFF
    assert flags_of(named["+n-step"])["n_step"] == 5
    assert flags_of(named["all"]) == ON | {"n_step": 5, "dueling": "max", "distributional": "quantile"}


def test_some_flags_and_settings_for_all() -> None:
    named = variants_of(PLAIN, ["noisy", "double"], settings={"gamma": "0.8", "num_atoms": "21"}, leave_out=True)
    assert list(named) == ["base", "+double", "+noisy", "all"]
    assert {(v.settings["gamma"], v.settings["num_atoms"]) for v in named.values()} == {(0.8, 21)}
    assert list(variants_of(PLAIN, ["double"])) == ["base", "+double"]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"recipe cartpole/ppo trains ppo, which names no parts; expected one of dqn: .*cartpole/dqn"
    ):
        variants_of(RECIPES["cartpole/ppo"])
    with pytest.raises(UsageError, match="unknown flag 'noise'; nearest: noisy"):
        variants_of(PLAIN, ["noise"])
    with pytest.raises(UsageError, match="gama"):
        variants_of(PLAIN, settings={"gama": "1"})
