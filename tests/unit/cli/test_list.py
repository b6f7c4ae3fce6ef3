"""``palestra list``: every recipe, or those of a paradigm."""

import json

import pytest

from palestra.cli import list as command
from palestra.cli.main import main
from palestra.recipes.registry import RECIPES

Captured = pytest.CaptureFixture[str]


def test_every_recipe_stands_there_with_what_it_claims(capsys: Captured) -> None:
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["recipes"]
    assert [recipe["id"] for recipe in listed] == [*RECIPES]
    for recipe in listed:
        claim = RECIPES[recipe["id"]].claim
        assert (recipe["claim"] and recipe["claim"]["threshold"]) == (claim and claim.threshold)


def test_a_paradigm_has_its_own(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "RECIPES", {key: RECIPES[key] for key in ("cartpole/ppo", "cliff/sarsa")})
    assert main(["list", "--paradigm", "rl"]) == 0
    said = capsys.readouterr().out
    assert "cartpole/ppo" in said
    assert "palestra show cartpole/ppo" in said  # one that claims something is explained
    assert main(["list", "--paradigm", "unsupervised"]) == 0
    assert capsys.readouterr().out == "no recipes of the paradigm unsupervised\n"
