"""Saved learners: given back as they were, and measured the same each time."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from quick import QUICK

from palestra.engine import seeding
from palestra.errors import UsageError
from palestra.learners.on_policy.ppo import PPO
from palestra.runs import checkpoints
from palestra.trials.saved import draw_learned, evaluate, load, saved_folder
from palestra.trials.train import train


def test_a_run_is_found_by_its_folder_and_by_its_id(quick_run: Path) -> None:
    assert saved_folder(quick_run) == quick_run
    assert saved_folder(quick_run.name, quick_run.parent) == quick_run
    with pytest.raises(UsageError, match=f"unknown run 'toy-quick'; nearest: {quick_run.name}"):
        saved_folder("toy-quick", quick_run.parent)


def test_the_best_or_the_last_comes_back(quick_run: Path) -> None:
    best, last = (load(quick_run, which=which) for which in ("best", "last"))
    manifest = json.loads((quick_run / "manifest.json").read_text())
    assert isinstance(last, PPO)
    assert (best.clock, last.clock) == (manifest["best_step"], 256)
    assert last.config.hidden_sizes == tuple(QUICK.settings["hidden_sizes"])


def test_the_claims_value_can_be_had_again(quick_run: Path) -> None:
    claim = json.loads((quick_run / "manifest.json").read_text())["claim"]
    seed = seeding.derive(7, "claim")
    found = evaluate(quick_run, episodes=5, seed=seed)
    assert found.metrics[claim["metric"]] == claim["value"]
    assert torch.equal(evaluate(quick_run, episodes=5, seed=seed).samples, found.samples)
    assert draw_learned(quick_run) == []  # PPO has nothing to show beyond its curves


def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    run = Path(train(QUICK, out=tmp_path, seed=7, claim=False, checkpoint_every=0.0).path)
    (checkpoints.find(run / "checkpoints", 256) / "state.json").write_text("{}")
    with pytest.warns(UserWarning, match="step-000000000256 is damaged"):
        assert load(run, which="last").clock < 256


@pytest.mark.parametrize(("text", "said"), [("{", "is not JSON"), ("[]", "holds a list; expected a JSON object")])
def test_a_configuration_that_cannot_be_read_is_named(quick_run: Path, tmp_path: Path, text: str, said: str) -> None:
    copy = Path(shutil.copytree(quick_run, tmp_path / "copy"))
    (copy / "config.json").write_text(text)
    with pytest.raises(UsageError, match=f"config.json {said}"):
        load(copy)
