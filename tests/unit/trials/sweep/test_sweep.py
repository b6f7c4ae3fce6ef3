"""Whole sweeps, trained in this process: every trial a run, a picture, an honest figure, and going on."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from fake_pool import FakePool
from near_pool import NearPool
from quick import QUICK

import palestra
from palestra.errors import UsageError
from palestra.recipes.registry import RECIPES
from palestra.runs import index
from palestra.runs.journal import Journal
from palestra.runs.lock import RunLock
from palestra.runs.store import Run
from palestra.trials.sweep import sweep as module
from palestra.trials.sweep.request import CONFIRMED, JOURNAL, RUNS
from palestra.trials.sweep.sweep import RESULTS, sweep

BLOBS = dataclasses.replace(RECIPES["blobs/softmax"], budget=3_000, eval_every=500)
"""Two clouds, for six passes: a training takes no time."""
SETTINGS = {"learning_rate": "log(1e-4,1e-1)", "batch_size": [25, 50]}


def test_a_sweep_of_labels_chooses_by_validation_and_is_confirmed_on_the_test(tmp_path: Path) -> None:
    told: list[Any] = []
    words: dict[str, Any] = {"trials": 4, "confirm": 2, "out": tmp_path / "it"}
    done = sweep(BLOBS, SETTINGS, pool=FakePool(), tell=told.append, **words)
    assert sorted(each.number for each in told) == list(range(4))
    assert (done.metric, done.direction, done.ok) == ("eval/accuracy", "up", True)
    assert len(index.list_runs(tmp_path / "it" / RUNS)) == 4
    for tried in done.trials:
        run = Run.open(str(tried.path), tmp_path)
        validation = palestra.evaluate(run.path, which="last", split="validation").score
        assert tried.score == pytest.approx(validation)
        assert "measured" not in run.manifest  # the test split chose nothing, and was not looked at
        assert run.manifest.get("claim") is None
        assert run.config["learner"]["settings"]["learning_rate"] == tried.settings["learner.learning_rate"]
    assert done.best is not None
    assert done.best.score == max(tried.score or 0 for tried in done.trials)
    assert done.confirmation is not None
    assert done.confirmation.seeds == (1, 2)
    first = done.confirmation.best.trained.trials[0]
    assert first.value == pytest.approx(palestra.evaluate(str(first.run), which="last").score)
    assert done.confirmation.default is not None
    assert len(index.list_runs(tmp_path / "it" / CONFIRMED)) == 4
    assert done.picture is not None
    assert done.picture.read_bytes().startswith(b"\x89PNG")
    facts = json.loads((tmp_path / "it" / RESULTS).read_text())
    assert facts == json.loads(json.dumps(done.to_json()))
    assert all({"settings", "score", "path"} <= trial.keys() for trial in facts["trials"])
    assert set(done.explained) == {"learner.learning_rate", "learner.batch_size"}

    idle = FakePool(lambda trial, folder: pytest.fail("trained again"))
    again = sweep(BLOBS, SETTINGS, pool=idle, **words)
    assert again.trials == done.trials
    resumed = sweep(resume=tmp_path / "it", trials=5, confirm=0, pool=FakePool())
    assert resumed.trials[:4] == done.trials
    assert len(resumed.trials) == 5


def test_asha_decides_on_a_cluster_as_it_does_here(tmp_path: Path) -> None:
    recipe = dataclasses.replace(BLOBS, budget=1_800, eval_every=200)
    words: dict[str, Any] = {"method": "asha", "trials": 6, "confirm": 0, "jobs": 1}
    here = sweep(recipe, SETTINGS, out=tmp_path / "here", pool=FakePool(), **words)
    pool = NearPool(1, tmp_path / "links", look=0.05)
    there = sweep(recipe, SETTINGS, out=tmp_path / "there", pool=pool, **words)
    assert [(tried.score, tried.pruned) for tried in there.trials] == [
        (tried.score, tried.pruned) for tried in here.trials
    ]
    assert 1 <= sum(tried.pruned is not None for tried in there.trials) < 6
    with Journal(tmp_path / "here" / JOURNAL) as ours, Journal(tmp_path / "there" / JOURNAL) as theirs:
        assert ours.decisions() == theirs.decisions()


def test_asha_spends_less_and_chooses_among_the_whole(tmp_path: Path) -> None:
    recipe = dataclasses.replace(BLOBS, budget=4_500, eval_every=500)
    words: dict[str, Any] = {"trials": 9, "confirm": 0, "jobs": 1}
    whole = sweep(recipe, SETTINGS, out=tmp_path / "random", pool=FakePool(), **words)
    done = sweep(recipe, SETTINGS, method="asha", out=tmp_path / "asha", pool=FakePool(), **words)
    assert [tried.settings for tried in done.trials] == [tried.settings for tried in whole.trials]
    ended = [tried for tried in done.trials if tried.pruned is not None]
    assert {tried.pruned for tried in ended} <= {500, 1_500}
    assert 3 <= len(ended) < 9
    assert done.steps == sum(tried.pruned or 4_500 for tried in done.trials) < whole.steps
    for one, other in zip(done.trials, whole.trials):
        assert one.pruned is not None or one.score == other.score  # as if alone
    assert done.best is not None
    assert done.best.pruned is None
    assert done.confirmation is None


def test_a_sweep_in_a_world(tmp_path: Path) -> None:
    done = sweep(QUICK, {"gamma": "0.9,0.99"}, method="grid", seeds=2, confirm=1, out=tmp_path, pool=FakePool())
    assert [len(tried.runs) for tried in done.trials] == [2, 2]
    run = Run.open(done.trials[0].runs[1], tmp_path)
    assert run.manifest["seed"] == 1
    assert run.manifest["measured"]["value"] == done.trials[0].values[1]
    assert done.confirmation is not None
    assert done.confirmation.why.startswith(("no winner; too few seeds", "the best settings are the default's"))


def test_two_processes_do_not_go_on_with_one_sweep(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    with pytest.raises(UsageError, match="is under way in another process; wait for it or stop it"):
        sweep(QUICK, {"gamma": "0.9,0.99"}, out=tmp_path, pool=FakePool())
    lock.release()


def test_what_makes_no_sense_is_refused_before_anything_is_there(tmp_path: Path) -> None:
    for words, said in (
        ({}, "nothing to try; expected a recipe and settings"),
        ({"recipe": QUICK}, "a sweep without anything to try"),
        ({"recipe": "cartpole/pp", "settings": {"gamma": "0.9,1"}}, "nearest: cartpole/ppo"),
        ({"recipe": QUICK, "resume": tmp_path}, "resume=.* with a recipe or settings; expected one or the other"),
        ({"recipe": QUICK, "settings": {"gamma": "0.9,1"}, "pool": "lokal"}, "unknown pool 'lokal'; nearest: local"),
        ({"recipe": QUICK, "settings": {"gamma": "0.9,1"}, "pool": "local:2", "jobs": 3}, "one of the two"),
        (
            {"recipe": QUICK, "settings": {"gamma": "0.9,1"}, "pool": "ray:", "method": "random"},
            "expected ray, ray:ADD",
        ),
    ):
        with pytest.raises(UsageError, match=said):
            sweep(**{"out": tmp_path / "out", **words})
    assert list(tmp_path.iterdir()) == []


def test_a_claim_is_the_registered_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, QUICK.id, QUICK)
    request = module.request_of(QUICK, {"gamma": "0.9,1"})
    assert module._claim(QUICK, request) == module._claim(None, request) == QUICK.claim
    other = module.request_of(dataclasses.replace(QUICK, budget=512), {"gamma": "0.9,1"})
    assert module._claim(None, other) is None
