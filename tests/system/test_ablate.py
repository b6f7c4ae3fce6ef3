"""``palestra ablate``: variants trained as runs, once; a table, a picture and JSON of what they came to."""

import json
from pathlib import Path

import numpy as np
import pytest

from palestra.cli.main import main
from palestra.learners.off_policy.dqn import DQN
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.runs.series import read_series
from palestra.runs.store import Run
from palestra.trials import ablate, pool

TOY = Recipe(
    id="toy/dqn", summary="", learner="dqn", env="probe/ActionDependent", num_envs=2, budget=256, eval_every=128,
    settings={"learning_starts": 16, "batch_size": 8, "hidden_sizes": [8], "buffer_size": 256},
)  # fmt: skip


def test_it_trains_every_variant_once_and_says_what_each_is_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RECIPES, TOY.id, TOY)
    argv = ["ablate", "toy/dqn", "--flags", "double", "--seeds", "1", "--out", str(tmp_path), "--json"]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert "variant" in err
    assert "+double" in err
    folder = tmp_path / "toy-dqn"
    written = json.loads((folder / "ablation.json").read_bytes())
    assert written == {key: value for key, value in printed.items() if key not in ("plots", "table")}
    assert printed["plots"] == [str(folder / "ablation.png")]
    assert (folder / "ablation.png").read_bytes().startswith(b"\x89PNG")
    base, double = printed["variants"]
    assert (base["name"], base["flags"]["double"], base["improvement"]) == ("base", False, None)
    assert (double["name"], double["flags"]["double"]) == ("+double", True)
    assert base["score_interval"] is None  # one seed has no interval
    for variant in (base, double):
        (trial,) = variant["trials"]
        run = Run.open(trial["run"], folder)
        assert run.config["learner"]["settings"]["double"] == variant["flags"]["double"]
        _, values = read_series(run.metrics_path, "eval/return_mean")
        assert len(values) == 2
        assert variant["along"] == pytest.approx(float(np.mean(values)))
        assert variant["score"] == trial["value"]

    def no_process(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(pool.subprocess, "Popen", no_process)
    assert main(argv) == 0  # what is finished is not trained again
    again = json.loads(capsys.readouterr().out)
    assert all(trial["reused"] for variant in again["variants"] for trial in variant["trials"])
    assert [v["along"] for v in again["variants"]] == [v["along"] for v in printed["variants"]]

    monkeypatch.setattr(ablate, "_along", lambda done: np.array([float("with" in done.recipe.id)]))
    for direction, improvement in (("up", 1.0), ("down", 0.0)):  # of an error less is better
        monkeypatch.setattr(DQN, "direction", direction)
        assert main(argv) == 0
        assert json.loads(capsys.readouterr().out)["variants"][1]["improvement"] == improvement


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["cartpole/ppo"], "trains ppo, which names no parts; expected one of dqn"),
        (["cartpole/dqm"], "unknown recipe 'cartpole/dqm'; nearest: cartpole/dqn"),
        (["cartpole/dqn", "--flags", "doubel"], "unknown flag 'doubel'; nearest: double"),
        (["cartpole/dqn", "--seeds", "0"], "--seeds 0; expected at least 1"),
        (["cartpole/dqn", "--budget", "0"], "--budget 0; expected at least 1"),
        (["cartpole/dqn", "--jobs", "0"], "--jobs 0; expected at least 1"),
        (["cartpole/dqn", "--set", "gama=1"], "'gama'; nearest: gamma"),
        (["cartpole/dqn", "--set", "gamma"], "expected KEY=VALUE"),
    ],
)
def test_bad_usage_is_one_line_and_leaves_no_trace(
    argv: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["ablate", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []
