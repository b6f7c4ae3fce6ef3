"""A folder for a hub: it loads, acts as the run does, and tells how well it was found to."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import palestra
from palestra.engine.state import capture
from palestra.exports.hub import write_hub


def test_a_run_is_in_it_whole(quick_run: Path, tmp_path: Path) -> None:
    quick_run = Path(shutil.copytree(quick_run, tmp_path / quick_run.name))
    (quick_run / "videos").mkdir()
    (quick_run / "videos" / "step-000000000256-seed-0.mp4").write_bytes(b"film")
    done = write_hub(quick_run, tmp_path / "hub", which="last", count=3, seed=5, licence="cc0-1.0")
    held = {str(path.relative_to(done.folder)) for path in done.folder.rglob("*") if path.is_file()}
    assert held == {
        "README.md", "config.json", "requirements.txt", "results.json", "replay.mp4",
        *(f"checkpoints/step-000000000256/{name}" for name in ("manifest.json", "state.json", "tensors.safetensors")),
    }  # fmt: skip
    assert (done.folder / "replay.mp4").read_bytes() == b"film"
    assert (done.folder / "config.json").read_text() == (quick_run / "config.json").read_text()
    assert "torch==" in (done.folder / "requirements.txt").read_text()
    found = json.loads((done.folder / "results.json").read_text())
    again = palestra.evaluate(quick_run, episodes=3, seed=5, which="last")
    assert found["mean_reward"] == pytest.approx(again.score)
    assert (found["n_eval_episodes"], found["step"]) == (3, 256)
    text = (done.folder / "README.md").read_text()
    assert f'value: "{found["mean_reward"]:.2f} +/- {found["std_reward"]:.2f}"' in text
    assert 'license: "cc0-1.0"' in text
    assert quick_run.name in text
    obs = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    np.testing.assert_array_equal(
        palestra.load(done.folder).predict(obs), palestra.load(quick_run, which="last").predict(obs)
    )


def test_what_an_agent_remembers_stays_at_home(tmp_path: Path) -> None:
    config = palestra.DQNConfig(learning_starts=64, buffer_size=4_096, hidden_sizes=(8,))
    agent = palestra.DQN("CartPole-v1", config).learn(2_000)
    saved = agent.save(tmp_path / "saved")
    done = write_hub(saved, tmp_path / "hub", count=2)
    whole, light = (
        load_file(next(folder.glob("checkpoints/*/tensors.safetensors"))) for folder in (saved, done.folder)
    )
    numbers = [sum(x.numel() * x.element_size() for x in each.values()) for each in (whole, light)]
    assert numbers[1] < numbers[0] / 4
    loaded = palestra.load(done.folder)
    for name, weight in capture(agent.modules).items():
        assert torch.equal(weight, capture(loaded.modules)[name])
    assert loaded.clock == agent.clock == done.step
    agent.close()


def test_a_learner_of_data_is_told_by_its_scores(tmp_path: Path) -> None:
    learner = palestra.SoftmaxRegression("iris").learn(500)
    done = write_hub(learner.save(tmp_path / "saved"), tmp_path / "hub")
    accuracy = palestra.evaluate(tmp_path / "saved").score
    assert done.facts["eval/accuracy"] == accuracy
    assert f"accuracy {accuracy:.6g} on" in done.file.read_text()
    assert (palestra.load(done.folder).predict(learner.train.inputs) == learner.predict(learner.train.inputs)).all()


def test_tables_and_what_another_library_learned_go_along(tmp_path: Path) -> None:
    q = palestra.QLearning("FrozenLake-v1").learn(5_000)
    done = write_hub(q.save(tmp_path / "q"), tmp_path / "hub-q", count=2)
    states = np.arange(16)
    np.testing.assert_array_equal(palestra.load(done.folder).predict(states), q.predict(states))
    q.close()
