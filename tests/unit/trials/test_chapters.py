"""A run goes on: further, with other settings, on another device, with a configuration that somebody edited."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import cast
import numpy as np
import pytest
from quick import QUICK

from palestra.engine.state import capture
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS
from palestra.runs import checkpoints
from palestra.runs.codec import encode
from palestra.runs.series import read_rows
from palestra.runs.store import Run
from palestra.trials import chapters
from palestra.trials.train import resume, train

SHORT: dict[str, Any] = {"budget": 256, "eval_every": 200, "log_every": 100, "tensorboard": False}


def state(path: str) -> str:
    loaded = checkpoints.load_latest(Path(path) / "checkpoints")
    return str((loaded.step, encode(loaded.state)))


def short(out: Path, **settings: Any) -> str:
    return train(QUICK, SHORT | settings, out=out).path


@pytest.mark.parametrize(
    "rhythm", [{}, {"eval_every": 300}, {"log_every": 384}, {"eval_every": 0}, {"eval_every": 128}]
)
def test_a_run_taken_further_is_bit_for_bit_one_that_was_asked_for_all_at_once(
    tmp_path: Path, rhythm: dict[str, int]
) -> None:
    further = short(tmp_path / "a", **rhythm)
    outcome = resume(further, total_timesteps=768)
    whole = short(tmp_path / "b", **rhythm, budget=768)
    assert (outcome.ending, outcome.steps, outcome.claim) == ("finished", 768, None)
    assert read_rows(Path(further) / "metrics.db") == read_rows(Path(whole) / "metrics.db")
    assert state(further) == state(whole)
    manifest = Run.open(further, tmp_path).manifest
    assert manifest["exact"]
    assert manifest["resumes"][0]["changes"] == {"training.budget": [256, 768]}
    assert manifest["headline"] == Run.open(whole, tmp_path).manifest["headline"]


def test_the_rhythm_of_the_rows_stays_and_is_said(tmp_path: Path) -> None:
    outcome = resume(short(tmp_path, log_every=0, budget=1_000), total_timesteps=4_096)
    assert outcome.notes == ["a row of metrics every 2, as until here (at once: every 8)"]


def test_a_schedule_that_follows_the_budget_is_named(tmp_path: Path) -> None:
    path = short(tmp_path, learning_rate_schedule="linear")
    outcome = resume(path, total_timesteps=512)
    assert outcome.notes[0].startswith("not exact: learning_rate_schedule follows the budget")
    assert not Run.open(path, tmp_path).manifest["exact"]


def test_a_claim_is_not_one_of_more_steps(tmp_path: Path) -> None:
    path = train(QUICK, out=tmp_path).path
    assert any(note.startswith("the claim was of 256") for note in resume(path, total_timesteps=512).notes)
    assert Run.open(path, tmp_path).manifest["claim"] is None


def test_what_is_used_up_or_reached_is_said(tmp_path: Path) -> None:
    path = short(tmp_path)
    with pytest.raises(UsageError, match="to 100, and it is at 256 already; expected more than that in all"):
        resume(path, total_timesteps=100)
    reached = short(tmp_path, target=1.0, eval_every=128)
    with pytest.raises(UsageError, match=r"had reached its target 1\.0; expected another target too"):
        resume(reached, total_timesteps=512)
    assert resume(reached, total_timesteps=512, target=None).steps == 512


def test_settings_change_where_that_is_allowed_and_are_recorded(tmp_path: Path) -> None:
    path = short(tmp_path)
    before = state(path)
    with pytest.raises(UsageError, match=r"gamma=0.5, and it began with 0.99; .* add --allow-inexact .* --from "):
        resume(path, total_timesteps=512, gamma=0.5)
    assert state(path) == before
    outcome = resume(path, {"learner.gamma": "0.5"}, total_timesteps=512, allow_inexact=True)
    assert "not exact: learner.gamma was 0.99 and is 0.5 from here on" in outcome.notes
    run = Run.open(path, tmp_path)
    assert run.config["learner"]["settings"]["gamma"] == 0.5
    assert run.manifest["resumes"][0]["changes"]["learner.gamma"] == [0.99, 0.5]
    assert not run.manifest["exact"]
    assert not run.edited


def test_when_it_ends_and_what_is_recorded_is_free(tmp_path: Path) -> None:
    path = short(tmp_path)
    assert resume(path, total_timesteps=512, eval_every=64, keep_every=128).notes == []
    assert checkpoints.steps(Path(path) / "checkpoints")[-2:] == [384, 512]


def test_a_changed_learning_rate_is_one_though_the_optimizer_had_saved_its_own(tmp_path: Path) -> None:
    path = short(tmp_path)
    resume(path, total_timesteps=384, learning_rate=1e-30, allow_inexact=True)
    nets = [checkpoints.load(checkpoints.find(Path(path) / "checkpoints", step)).state for step in (256, 384)]
    old, new = (each["learner"]["nets"]["networks"] for each in nets)
    learned = [name for name in old if not name.startswith("obs_norm.")]  # which counts on
    assert learned
    assert all((old[name] == new[name]).all() for name in learned)


def test_what_does_not_fit_names_the_way_out(tmp_path: Path) -> None:
    path = short(tmp_path)
    with pytest.raises(UsageError, match=r"Changed was .*world.num_envs.* palestra train --from "):
        resume(path, total_timesteps=512, num_envs=2, allow_inexact=True)
    assert Run.open(path, tmp_path).config["world"]["num_envs"] == 4
    with pytest.raises(UsageError, match="with seed=5; expected its own"):
        resume(path, seed=5, allow_inexact=True)
    assert resume(path).notes == []


def test_a_device_that_is_not_here_can_be_left(tmp_path: Path) -> None:
    path = Path(short(tmp_path))
    config = json.loads((path / "config.json").read_text())
    config["training"]["device"] = "cuda:7"
    (path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match="--device cpu"):
        resume(path)
    notes = resume(path, device="cpu").notes
    assert notes[0] == "not exact: begun on cuda:7, which this machine does not have, and goes on on cpu"
    assert "config.json was edited since it was written" in notes[1]
    assert resume(path, device="auto").notes == []  # which is the same


def test_an_edited_configuration_is_noticed_once(tmp_path: Path) -> None:
    path = Path(short(tmp_path))
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config, indent=7))  # laid out otherwise: the same
    assert resume(path).notes == []
    config["learner"]["settings"]["gamma"] = 0.5
    (path / "config.json").write_text(json.dumps(config))
    assert "was edited since it was written" in resume(path).notes[0]
    assert resume(path).notes == []
    assert not Run.open(path, tmp_path).manifest["exact"]


def test_the_settings_that_touch_what_is_learned_are_all_but_the_end_and_the_record(tmp_path: Path) -> None:
    run = Run.open(short(tmp_path), tmp_path)
    for name, value in (("threads", 2), ("gae_lambda", 0.5), ("world.kwargs.gravity", 1.0), ("backend", "sync")):
        with pytest.raises(UsageError, match="add --allow-inexact"):
            chapters.chapter(run, None, {name: value})
    for name, value in (("target", 400.0), ("eval_count", 2), ("checkpoint_every", 0.0), ("tensorboard", False)):
        assert chapters.chapter(run, None, {name: value}).notes == []


def test_only_numbers_that_a_changed_setting_begins_with_are_begun_anew(tmp_path: Path) -> None:
    path = short(tmp_path, surrogate="kl_penalty", target_kl=0.01, kl_coef=0.25)
    run = Run.open(path, tmp_path)
    opened = chapters.chapter(run, None, {"learning_rate": 1e-5}, allow_inexact=True)
    learner = opened.plan.make_learner()
    made = chapters.scalars(learner)
    learner.load_state_dict(checkpoints.load_latest(run.checkpoints).state["learner"])
    beta = learner.beta
    assert beta != 0.25
    chapters.apply(opened, learner, made)
    assert (learner.beta, learner.optimizer.learning_rate) == (beta, 1e-5)
    assert capture(learner)["beta"] == beta
    learner.close()


def test_the_plan_is_the_one_that_is_written(tmp_path: Path) -> None:
    run = Run.open(short(tmp_path), tmp_path)
    opened = chapters.chapter(run, 512, {})
    assert opened.plan == dataclasses.replace(
        opened.before, training=dataclasses.replace(opened.before.training, budget=512)
    )


def test_data_that_changed_since_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, place in cast.TOYS.items():
        monkeypatch.setitem(LEARNERS, name, place)
    path = tmp_path / "mine.npz"
    inputs, targets = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 3
    np.savez(path, inputs=inputs, targets=targets)
    recipe = dataclasses.replace(
        cast.RECIPES["logistic-regression"], dataset="own/arrays", dataset_kwargs={"path": str(path)}, claim=None
    )
    run = train(recipe, {"budget": 64}, out=tmp_path).path
    assert resume(run, total_timesteps=96).notes == []
    np.savez(path, inputs=inputs + 1, targets=targets)
    assert resume(run, total_timesteps=128).notes == [f"not exact: {path} changed since the run began"]
    assert not Run.open(run, tmp_path).manifest["exact"]
