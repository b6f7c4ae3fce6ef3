"""A trial is a value: its JSON gives it back, and says what is trained."""

import dataclasses
import json

from palestra.recipes.recipe import Claim
from palestra.recipes.registry import RECIPES
from palestra.trials.plan import resolve
from palestra.trials.sweep.halving import Halving
from palestra.trials.trial import Trial, measure_of

RECIPE = dataclasses.replace(RECIPES["cartpole/ppo"], id="cartpole/nowhere", env_kwargs={"a": [1, 2]})


def test_its_json_gives_it_back() -> None:
    for recipe in (RECIPE, dataclasses.replace(RECIPE, claim=None)):
        trial = Trial(recipe, 3, {"learner.gamma": 0.5, "hidden_sizes": [8]}, 1_000)
        again = Trial.from_json(json.loads(json.dumps(trial.to_json())))
        assert again == trial
        assert again.plan() == trial.plan()


def test_its_plan_is_the_recipe_with_what_it_changes() -> None:
    assert Trial(RECIPE, 3).plan() == resolve(RECIPE, {"seed": 3})
    assert Trial(RECIPE, 3, {"gamma": 0.5}, 77).plan() == resolve(RECIPE, {"gamma": 0.5, "seed": 3, "budget": 77})
    assert Trial(RECIPE, 3).name == "cartpole/nowhere seed 3"


def test_a_recipe_is_measured_by_its_claim_or_its_headline() -> None:
    claim = Claim(1.0, "x", "eval/length_mean", 7)
    assert measure_of(dataclasses.replace(RECIPE, claim=claim)) == ("eval/length_mean", 7)
    assert measure_of(dataclasses.replace(RECIPE, claim=None)) == ("eval/return_mean", 100)


def test_what_is_of_a_sweep_says_so_and_comes_back_from_its_json() -> None:
    trial = Trial(RECIPE, 3, number=7, halving=Halving("there/journal.db", 7, (100, 300)))
    again = Trial.from_json(json.loads(json.dumps(trial.to_json())))
    assert again == trial
    assert again.halving == trial.halving
    assert trial.plan() == Trial(RECIPE, 3).plan()  # an ordinary run
    assert trial.name == "cartpole/nowhere trial 7 seed 3"
