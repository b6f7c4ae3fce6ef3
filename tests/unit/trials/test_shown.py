import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from palestra.cli import train as command
from palestra.cli.arguments import assignments, parse
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.runs import checkpoints
from palestra.trials.plan import Origin, adhoc_recipe, resolve
from palestra.trials.saved import load
from palestra.trials.shown import changes, command_of, exhibits_at, plan_of, python_of
from palestra.trials.train import train

ITERATION = Recipe("toy/iteration", "sweeps over the cliff", "value-iteration", "CliffWalking-v1", budget=400,
                   eval_every=100, eval_count=1, settings={"gamma": 0.9},
                   env_kwargs={"max_episode_steps": 50})  # fmt: skip


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"training.seed": 3},
        {"learner.gamma": 0.9, "learner.hidden_sizes": [8, 4], "world.kwargs.gravity": 9.8, "training.target": None},
        {"training.budget": 5000, "training.tensorboard": False, "training.seed": 7},
    ],
)
def test_the_command_asks_for_the_same(overrides: dict[str, Any]) -> None:
    for recipe in (get_recipe("cartpole/ppo"), adhoc_recipe("ppo", "CartPole-v1", 20_000)):
        plan = resolve(recipe, overrides)
        words = shlex.split(command_of(plan))
        assert words[:2] == ["palestra", "train"]
        args = parse(command.Args, words[2:], "train")
        asked = command.asked_recipe(args)
        assert asked is not None
        assert replace(resolve(asked, command.overrides_of(args)), claim=None) == replace(plan, claim=None)
    assert assignments(["a=b"]) == {"a": "b"}


def test_what_differs_is_told_and_nothing_else() -> None:
    plan = resolve(get_recipe("cartpole/ppo"), {"learner.gamma": 0.5, "training.seed": 2})
    found = changes(plan)
    assert found is not None
    assert {change.name: change.own for change in found} == {"learner.gamma": 0.5, "training.seed": 2}
    assert next(change.usual for change in found if change.name == "training.seed") == 0
    assert changes(resolve(get_recipe("cartpole/ppo"))) == []
    assert python_of(plan) == "palestra.train('cartpole/ppo', {'learner.gamma': 0.5, 'training.seed': 2})"
    assert command_of(plan) == "palestra train cartpole/ppo --seed 2 --set learner.gamma=0.5"


def test_what_no_command_asks_for_has_none() -> None:
    plan = resolve(get_recipe("cartpole/ppo"))
    begun = replace(plan, origin=Origin("runs/x", 5))
    assert (command_of(begun), python_of(begun)) == ("", "")
    of_data = replace(resolve(get_recipe("iris/tree")), recipe="my/own")
    assert changes(of_data) is None
    assert command_of(of_data) == ""


def test_exhibits_are_what_the_pictures_draw_at_each_checkpoint(tmp_path: Path) -> None:
    run = Path(train(ITERATION, {"training.keep_every": 2}, out=tmp_path).path)
    saved = checkpoints.steps(run / "checkpoints")
    assert len(saved) >= 2
    step, shown = exhibits_at(run)
    learner = load(run)
    drawn: list[Any] = learner.exhibits()
    learner.close()
    assert [type(each) for each in shown] == [type(each) for each in drawn]
    assert (shown[0].value_S == drawn[0].value_S).all()  # type: ignore[attr-defined]
    first: Any = exhibits_at(run, saved[0])[1][0]
    last: Any = exhibits_at(run, saved[-1])[1][0]
    assert (first.value_S != last.value_S).any(), "it knew less then"
    assert step in saved
    assert plan_of(run).learner.name == "value-iteration"


def test_a_network_shows_its_layers_and_what_has_none_shows_nothing(quick_run: Path, tmp_path: Path) -> None:
    (layers,) = exhibits_at(quick_run)[1]
    assert layers.names == ["policy.0", "policy.1", "value.0", "value.1"]  # type: ignore[attr-defined]
    assert all(gradient > 0 for gradient in layers.gradients)  # type: ignore[attr-defined]
    random = Path(train("cartpole/random", out=tmp_path, budget=100, claim=False).path)
    assert exhibits_at(random)[1] == []
