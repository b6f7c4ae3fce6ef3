"""``palestra verify``: seeds trained by processes of their own come to what any training comes to, bit for bit."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from command import BARE, started, wait_for
from matrix import slow_but
from run_comparison import differences

import palestra
from palestra.cli.main import main
from palestra.errors import UsageError
from palestra.recipes.recipe import Claim, Recipe
from palestra.recipes.registry import RECIPES
from palestra.runs import checkpoints
from palestra.runs.lock import is_locked
from palestra.runs.store import Run, run_ids
from palestra.trials import pool, records, verify
from palestra.trials.records import read_record

Captured = pytest.CaptureFixture[str]
QUICK = dataclasses.replace(
    RECIPES["cartpole/ppo"], id="cartpole/quick", budget=1024, claim=Claim(15.0, "the test", count=5, seeds=2)
)
_CLAIM = Claim(475.0, "the test", count=5)
SLOW = dataclasses.replace(RECIPES["cartpole/ppo"], id="cartpole/slow", budget=20_000, eval_every=8_000, claim=_CLAIM)
PROGRAM = f"""
import sys
sys.path[:0] = {sys.path!r}
from {Path(__file__).stem} import RECIPES, SLOW
from palestra.cli.main import entry
RECIPES[SLOW.id] = SLOW
entry()
"""
"""``palestra``, which knows that recipe too."""


def printed(text: str) -> dict[str, Any]:
    return dict(json.loads(text.splitlines()[-1]))


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)


def train_here(recipe: Recipe, seeds: int, out: Path) -> list[float]:
    """Train seeds in this process, where a verification looks for them; the values of their claims."""
    folder = out / recipe.id.replace("/", "-")
    outcomes = [palestra.train(recipe, seed=seed, out=folder) for seed in range(seeds)]
    return [outcome.claim["value"] for outcome in outcomes if outcome.claim]


def no_process(*_: object, **__: object) -> None:
    raise AssertionError("a process was started")


def test_seeds_are_trained_as_by_hand_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    (done,) = verify.verify([QUICK], out=tmp_path, jobs=2, tell=lambda recipe, trial: told.append(trial.seed))
    assert sorted(told) == [trial.seed for trial in done.trials] == [0, 1]  # as many as the claim asks for
    assert done.verdict is not None
    assert (done.verdict.evidence, done.ok) == ("not enough", False)
    for trial in done.trials:
        assert trial.run is not None
        by_hand = palestra.train(QUICK, seed=trial.seed, out=tmp_path / "by-hand")
        assert by_hand.claim is not None
        assert differences(Path(by_hand.path), Path(trial.run)) == []
        assert (trial.value, trial.steps, trial.exact) == (by_hand.claim["value"], 1024, True)
    monkeypatch.setattr(pool, "_Child", no_process)
    (again,) = verify.verify([QUICK], out=tmp_path)
    assert all(trial.reused for trial in again.trials)
    assert [trial.value for trial in again.trials] == [trial.value for trial in done.trials]
    moved = dataclasses.replace(QUICK, claim=Claim(20.0, "a higher one", count=5))
    (judged,) = verify.verify([moved], seeds=2, out=tmp_path)  # the trainings are the same
    assert judged.trials == again.trials
    for changes in ({"budget": 2048}, {"num_envs": 4}, {"eval_every": 512}):
        with pytest.raises(AssertionError, match="a process was started"):
            verify.verify([dataclasses.replace(QUICK, **changes)], seeds=1, out=tmp_path)


def test_a_recipe_that_claims_nothing_has_points(tmp_path: Path) -> None:
    recipe = dataclasses.replace(QUICK, claim=None)
    train_here(recipe, 1, tmp_path)  # trained, and not measured yet
    (done,) = verify.verify([recipe], seeds=1, out=tmp_path)
    (trial,) = done.trials
    assert trial.value is not None
    assert 5 < trial.value < 100
    assert (done.metric, done.episodes) == ("eval/return_mean", 100)
    assert run_ids(tmp_path / "cartpole-quick") == [Path(trial.run or "").name]  # it was not trained again
    (again,) = verify.verify([recipe], seeds=1, out=tmp_path)
    assert again.trials == (dataclasses.replace(trial, reused=True),)


def test_a_seed_that_fails_is_said_and_leaves_no_verdict(tmp_path: Path) -> None:
    bad = dataclasses.replace(QUICK, id="cartpole/bad", env="CartPol-v1")
    told = []
    (done,) = verify.verify([bad], seeds=1, out=tmp_path, tell=lambda recipe, trial: told.append(trial))
    assert done.trials[0].error is not None
    assert "CartPole-v1" in done.trials[0].error
    assert (done.verdict, done.ok, told) == (None, False, list(done.trials))


@pytest.mark.parametrize("number", slow_but([signal.SIGKILL], [signal.SIGINT, signal.SIGKILL]))
def test_stopped_and_gone_on_with(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Ctrl-C, and the death of the verifying process itself: every child saves, and the same command goes on."""
    argv = ["verify", SLOW.id, "--seeds", "1", "--out", str(tmp_path), "--json"]
    with started(argv, [sys.executable, "-c", PROGRAM]) as process:
        run = wait_for(tmp_path, "cartpole-slow/*/metrics.db", process).parent
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == (130 if number == signal.SIGINT else -number)
    deadline = time.monotonic() + 60
    while is_locked(run) and time.monotonic() < deadline:  # after SIGINT it is free at once
        assert number == signal.SIGKILL
        time.sleep(0.02)
    assert Run.open(run, run.parent).manifest["status"] == "interrupted"
    assert 0 < max(checkpoints.steps(run / "checkpoints")) < 20_000
    monkeypatch.setitem(RECIPES, SLOW.id, SLOW)
    assert main(argv) == 1  # one seed is no evidence
    (found,) = printed(capsys.readouterr().out)["recipes"]
    assert [Path(trial["run"]) for trial in found["trials"]] == [run]
    assert differences(Path(palestra.train(SLOW, out=tmp_path / "whole").path), run) == []


def test_what_is_said_of_seeds_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, registered: None
) -> None:
    monkeypatch.setattr(records, "FOLDER", tmp_path / "verified")
    monkeypatch.setattr(records, "TABLE", tmp_path / "verified.json")
    records.FOLDER.mkdir()
    values = train_here(QUICK, 6, tmp_path)
    assert max(values) < 100
    monkeypatch.setattr(pool, "_Child", no_process)
    argv = ["verify", QUICK.id, "--out", str(tmp_path)]

    assert main([*argv, "--seeds", "3", "--json"]) == 1
    (found,) = printed(capsys.readouterr().out)["recipes"]
    assert (found["ok"], found["verdict"]["verdict"], found["verdict"]["evidence"]) == (False, None, "not enough")
    assert [trial["value"] for trial in found["trials"]] == values[:3]

    for threshold, verdict, status in ((min(values) - 1, "held", 0), (100.0, "not held", 1)):
        claim = Claim(threshold, "the test", count=5)
        monkeypatch.setitem(RECIPES, QUICK.id, dataclasses.replace(QUICK, claim=claim))
        assert main([*argv, "--seeds", "6", "--record", "--tried", "nothing else"]) == status
        said = capsys.readouterr().out
        assert f"verdict   {verdict}, provisionally" in said
        assert f"by {6 if status == 0 else 0} of 6 seeds" in said
        kept = read_record(RECIPES[QUICK.id])
        assert kept is not None
        assert kept.verdict.verdict == verdict
        assert main(["list"]) == 0
        assert f"{verdict} {6 if status == 0 else 0}/6, IQM" in capsys.readouterr().out
        assert main(["list", "--json"]) == 0
        listed = {each["id"]: each for each in printed(capsys.readouterr().out)["recipes"]}
        assert listed[QUICK.id]["verified"]["values"] == values
        assert main(["show", QUICK.id]) == 0
        assert f"{verdict} " in capsys.readouterr().out


def test_two_at_once_do_not_train_the_same_seed(tmp_path: Path) -> None:
    folder = tmp_path / "cartpole-quick"
    outcome = palestra.train(QUICK, out=folder)
    with Run.open(outcome.path, folder, write=True) as run:
        run.update_manifest(status="running")
        with pytest.raises(UsageError, match="seed 0 is being trained"):
            verify.verify([QUICK], seeds=1, out=tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="counts cores otherwise")
def test_as_many_side_by_side_as_cores() -> None:
    cores = len(os.sched_getaffinity(0))
    assert verify.default_jobs([QUICK]) == cores
    assert verify.default_jobs([QUICK, dataclasses.replace(QUICK, threads=cores)]) == 1
    assert verify.default_jobs([dataclasses.replace(QUICK, threads=cores + 1)]) == 1


def test_listing_stays_quick() -> None:
    program = "import sys, palestra.cli.list; print({'torch', 'numpy', 'gymnasium'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", f"{BARE}\n{program}"], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
