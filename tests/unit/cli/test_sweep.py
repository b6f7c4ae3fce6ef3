"""``palestra sweep``: a line a trial, what the best is worth, one JSON object, and errors of one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from fake_pool import FakePool
from quick import QUICK

from palestra.cli import sweep as command
from palestra.cli.main import main
from palestra.recipes.registry import RECIPES
from palestra.trials import opening, verify
from palestra.trials.sweep import sweep as module
from palestra.trials.sweep.course import Tried

SET = ["--set", "learner.gamma=0.9,0.99", "--set", "num_epochs=1"]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained in this process in place of others."""
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)
    monkeypatch.setattr(opening, "LocalPool", lambda jobs: FakePool())


def test_what_it_says_and_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["sweep", QUICK.id, *SET, "--method", "grid", "--confirm", "2", "--seed", "3", "--num-envs", "2"]
    argv += ["--out", str(tmp_path / "it")]
    assert main(argv) == 0
    out = capsys.readouterr().out
    for said in ("trial 0", "gamma=0.9", "2 in all, 512 steps", "confirmed  on seeds 4 to 5, which chose nothing",
                 "verdict    ", f"plot       {tmp_path / 'it' / 'sweep.png'}", "best       trial"):  # fmt: skip
        assert said in out
    assert main([*argv, "--json"]) == 0
    caught = capsys.readouterr()
    facts = json.loads(caught.out)
    assert [(trial["number"], trial["settings"]) for trial in facts["trials"]] == [
        (0, {"learner.gamma": 0.9}), (1, {"learner.gamma": 0.99}),
    ]  # fmt: skip
    assert all(Path(trial["path"]).is_dir() and isinstance(trial["score"], float) for trial in facts["trials"])
    assert facts["overrides"] == {"world.num_envs": 2, "learner.num_epochs": "1"}
    assert "there already" in caught.err
    assert main(["sweep", "--resume", str(tmp_path / "it"), "--confirm", "0", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_an_algorithm_and_an_estimator_without_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def noted(**words: Any) -> None:
        asked.append((words["recipe"].id, words["recipe"].budget, words["settings"], words["overrides"]))
        raise verify.Stopped(2)

    monkeypatch.setattr(module, "sweep", noted)
    tree = ["--estimator", "DecisionTreeClassifier", "--data", "digits", "--set", "max_depth=2,4"]
    for argv in (["--algo", "ppo", "--env-id", "CartPole-v1", "--budget", "64", "--set", "gamma=0.9,1"], tree):
        assert main(["sweep", *argv, "--out", str(tmp_path / "it")]) == 130
    assert asked == [
        ("cartpole-v1/ppo", 64, {"gamma": "0.9,1"}, {"training.budget": 64}),
        ("digits/decisiontreeclassifier", 1, {"max_depth": "2,4"}, {}),
    ]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "nothing to train; expected a recipe"),
        ([QUICK.id], "a sweep without anything to try; expected --set NAME=a,b,c or --set NAME=log(lo,hi)"),
        ([QUICK.id, "--set", "gama=0.9,1"], "unknown setting 'gama'; nearest: gamma"),
        ([QUICK.id, "--set", "gamma=log(1e-4)"], "gamma=log(1e-4); expected log(lo,hi), or log(lo,hi,n)"),
        ([QUICK.id, *SET, "--trials", "0"], "--trials 0; expected from 1 to 1,000,000"),
        ([QUICK.id, *SET, "--seeds", "0"], "--seeds 0; expected from 1 to 10,000"),
        ([QUICK.id, *SET, "--pool", "lokal"], "unknown pool 'lokal'; nearest: local"),
        ([QUICK.id, *SET, "--pool", "local:0"], "pool 'local:0'; expected local, or local:N with N from 1 to 1,024"),
        ([QUICK.id, *SET, "--method", "nosuch"], "nosuch"),
        (["--resume", "nosuch"], "nosuch holds no sweep (no sweep.json in it)"),
        (["--resume", "nosuch", *SET], "--resume nosuch given with --set; a sweep keeps what it was asked for"),
        (["--resume", "nosuch", "--method", "asha"], "--resume nosuch given with --method"),
        (["--resume", "nosuch", "--num-envs", "2"], "--resume nosuch given with --num-envs"),
    ],
)
def test_what_makes_no_sense_is_refused(
    argv: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", *argv]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_stop_is_128_and_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(**_: Any) -> None:
        raise verify.Stopped(15)

    monkeypatch.setattr(module, "sweep", stopped)
    assert main(["sweep", QUICK.id, *SET, "--out", str(tmp_path)]) == 143
    assert "the same command goes on" in capsys.readouterr().out


def test_a_trial_is_one_line() -> None:
    settings = {"learner.learning_rate": 0.001234567, "learner.hidden_sizes": [8, 8], "world.kwargs.gravity": 9}
    lines = [
        command._line(Tried(3, settings, 12.5, pruned=1_500, exact=False)),
        command._line(Tried(4, settings, 12.5, same_as=3)),
        command._line(Tried(5, settings, error="it fell")),
    ]
    said = "learning_rate=0.001235 hidden_sizes=8,8 kwargs.gravity=9"
    assert [" ".join(line.split()) for line in lines] == [
        f"trial 3 12.5 {said} ended at 1,500 (a resume was not exact)",
        f"trial 4 12.5 {said} as trial 3",
        f"trial 5 failed: it fell {said}",
    ]
