"""``palestra show``: everything about a recipe, with what each setting means."""

import json

import pytest

from palestra.cli.main import main
from palestra.cli.show import _cell
from palestra.recipes.registry import RECIPES


def test_a_recipes_own_choices_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "cartpole/ppo"]) == 0
    lines = capsys.readouterr().out.splitlines()
    recipe = RECIPES["cartpole/ppo"]
    assert recipe.claim is not None
    assert any(f">= {recipe.claim.threshold:g} over {recipe.claim.count} episodes" in line for line in lines)
    rows = {line.split()[0]: line for line in lines if line.strip()}
    assert f"{recipe.settings['num_steps']} *" in rows["num_steps"]
    assert "*" not in rows["clip_range"]  # as PPO has it


def test_json_is_the_plan_and_what_it_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "cliff/sarsa", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["recipe"], shown["learner"]["name"], shown["headline"]) == (
        "cliff/sarsa",
        "sarsa",
        "eval/return_mean",
    )
    assert shown["learner"]["settings"].keys() <= shown["documentation"]["learner"].keys()


def test_values_in_words() -> None:
    assert [_cell(value) for value in (None, True, [1, 2], {"a": 1}, {}, 0.5)] == [
        "none", "true", "1,2", "a=1", "none", "0.5",
    ]  # fmt: skip


def test_a_network_for_images_is_shown_block_by_block(capsys: pytest.CaptureFixture[str]) -> None:
    """LeNet's textbook count, without the images being there."""
    assert main(["show", "fashion/lenet"]) == 0
    rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert rows["conv2"] == ["conv2", "16", "x", "10", "x", "10", "2,416"]
    assert rows["in"][-1] == "61,706"
    assert main(["show", "fashion/lenet", "--json"]) == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert layers[0] == {"name": "conv1", "kind": "Sequential", "depth": 1, "output": [6, 28, 28], "parameters": 156}


def test_an_optimum_is_shown_where_it_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "pendulum/sac"]) == 0
    assert "-138, by backward induction" in capsys.readouterr().out
    assert main(["show", "cartpole/ppo"]) == 0
    assert "backward induction" not in capsys.readouterr().out
