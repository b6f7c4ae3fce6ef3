import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unpacking import unpacked

from palestra.recipes.recipe import Recipe
from palestra.studio.workshop import Workshop, main, work
from palestra.trials.compare import compare_chosen
from palestra.trials.shown import exhibits_at
from palestra.trials.train import train

LINE = Recipe("toy/line", "ten steps of value iteration", "value-iteration", "CliffWalking-v1", budget=60,
              eval_every=60, eval_count=1, env_kwargs={"max_episode_steps": 50})  # fmt: skip


def asked(root: Path, **command: Any) -> Any:
    told = json.loads(Workshop(root).answer(json.dumps(command)))
    assert "error" not in told, told
    return told["done"]


def test_a_run_beside_its_recipe(quick_run: Path) -> None:
    told = asked(quick_run.parent, do="asked", run=quick_run.name)
    assert told["headline"] == "eval/return_mean"
    assert told["unit"] == "env steps"
    assert {change["name"] for change in told["changes"]} >= {"learner.hidden_sizes", "learner.num_epochs"}
    assert told["command"].startswith("palestra train --algo ppo --env-id CartPole-v1 --budget 256 --seed 7 --set ")


def test_exhibits_are_those_of_the_pictures(tmp_path: Path) -> None:
    run = Path(train(LINE, out=tmp_path).path)
    told = asked(tmp_path, do="exhibits", run=run.name)
    step, shown = exhibits_at(run)
    assert (told["step"], [each["kind"] for each in told["exhibits"]]) == (step, [type(e).__name__ for e in shown])
    board: Any = next(each for each in shown if type(each).__name__ == "Board")
    sent = next(each for each in told["exhibits"] if each["kind"] == "Board")
    np.testing.assert_array_equal(unpacked(sent["value_S"]), board.value_S.astype("f4"))
    np.testing.assert_array_equal(unpacked(sent["best_AS"]), board.best_AS)
    assert (sent["tiles"], sent["shape"]) == (board.tiles.decode(), list(board.shape))


def test_a_comparison_says_what_the_command_says(quick_run: Path, tmp_path: Path) -> None:
    for seed in range(2):
        folder = Path(shutil.copytree(quick_run, tmp_path / f"run-{seed}"))
        for name in ("config.json", "manifest.json"):
            facts = json.loads((folder / name).read_text())
            (facts["training"] if name == "config.json" else facts)["seed"] = seed
            (folder / name).write_text(json.dumps(facts))
    told = asked(tmp_path, do="compare", runs=["run-0", "run-1", "run-0"])
    done = compare_chosen([tmp_path / "run-0", tmp_path / "run-1"])
    assert (told["winner"], told["why"], told["measured"]) == (done.winner, done.why, done.measured)
    (side,) = told["sides"]
    assert side["runs"] == ["run-0", "run-1"]
    assert side["values"] == done.groups[0].values.tolist()
    assert len(unpacked(side["curve"]["steps"])) == len(unpacked(side["curve"]["middle"]))
    assert len(unpacked(told["reaching"])) == len(unpacked(side["profile"]))


def test_a_recipe_tells_its_settings(tmp_path: Path) -> None:
    told = asked(tmp_path, do="recipe", recipe="cartpole/ppo")
    gamma = next(each for each in told["settings"] if each["name"] == "gamma")
    assert gamma["part"] == "learner"
    assert gamma["type"] == "a number"
    assert gamma["help"]
    assert {each["part"] for each in told["settings"]} == {"learner", "world", "training"}


@pytest.mark.parametrize(
    "command",
    [
        {"do": "eat"}, {"do": "exhibits", "run": "../x"}, {"do": "compare", "runs": []}, {"do": "asked"},
        {"do": "recipe", "recipe": "none/such"}, {"do": "compare", "runs": ["none"]},
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_line(tmp_path: Path, command: dict[str, Any]) -> None:
    told = json.loads(Workshop(tmp_path).answer(json.dumps(command)))
    assert told["error"]
    assert "\n" not in told["error"]


def test_it_answers_until_there_are_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = io.StringIO()
    work(tmp_path, ['{"do": "eat"}\n', "no json\n"], answers)
    assert len(answers.getvalue().splitlines()) == 2
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
