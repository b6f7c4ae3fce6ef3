"""A claim is tried on episodes that nobody has seen, and the manifest says what became of a training."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from palestra.engine.training import TrainResult
from palestra.runs.store import Run
from palestra.trials.ending import keep_result, try_claim
from palestra.trials.measuring import judge
from palestra.trials.plan import Plan

RESULT = TrainResult("finished", 256, 1.23456, {"eval/return_mean": 20.0}, 21.0, 128, None)


@pytest.fixture
def copied(quick_run: Path, tmp_path: Path) -> Path:
    """A finished run, to be changed."""
    return Path(shutil.copytree(quick_run, tmp_path / quick_run.name))


def test_a_claim_is_tried_where_there_is_one_and_the_training_came_to_its_end(copied: Path) -> None:
    run = Run.open(copied, copied.parent)
    plan = Plan.of(run)
    tried = try_claim(run, plan, RESULT)
    assert plan.claim is not None
    assert tried is not None
    assert (tried["threshold"], tried["metric"], tried["reached"]) == (500.1, "eval/return_mean", False)
    assert tried == try_claim(run, plan, RESULT) == run.manifest["claim"]  # the same episodes each time
    assert judge(copied, count=5, seed=0).evaluation.score != tried["value"]  # and not just any
    assert try_claim(run, replace(plan, claim=replace(plan.claim, threshold=0.0)), RESULT) == {
        **tried, "threshold": 0.0, "reached": True,
    }  # fmt: skip
    assert try_claim(run, replace(plan, claim=None), RESULT) is None
    assert try_claim(run, plan, replace(RESULT, ending="interrupted")) is None


def test_the_manifest_says_what_became_of_it(copied: Path) -> None:
    with Run.open(copied, copied.parent, write=True) as run:
        plan = Plan.of(run)
        tried = try_claim(run, plan, RESULT)
        assert tried is not None
        keep_result(run, plan, RESULT, {**tried, "value": 3.0})
    kept = Run.open(copied, copied.parent).manifest
    assert (kept["status"], kept["ending"], kept["steps"], kept["seconds"]) == ("finished", "finished", 256, 1.235)
    assert (kept["headline"], kept["best_step"]) == ({"name": "eval/return_mean", "value": 21.0}, 128)
    assert kept["claim"] == {**tried, "value": 3.0}
    with Run.open(copied, copied.parent, write=True) as run:
        keep_result(run, plan, replace(RESULT, ending="interrupted", best_score=None), None)
    kept = Run.open(copied, copied.parent).manifest
    assert (kept["status"], kept["headline"], kept["claim"]) == ("interrupted", None, None)
