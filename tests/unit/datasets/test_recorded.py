"""Recorded episodes by name and by path, and as rows of which no episode is in two splits."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from recordings import episodes

import palestra
from palestra.datasets import recorded
from palestra.datasets.dataset import Dataset
from palestra.datasets.episodes import write_episodes
from palestra.datasets.recorded import load_episodes, register_episodes
from palestra.errors import UsageError

MADE = episodes("CartPole-v1", [3, 1, 4, 2, 5])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_episodes(tmp_path / "mine.npz", MADE)
    return tmp_path / "mine.npz"


def test_a_file_by_its_path(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_episodes(str(path)).digest == MADE.digest
    monkeypatch.chdir(path.parent)
    assert palestra.load_episodes("mine.npz").digest == MADE.digest
    observations, actions = palestra.load_data("mine.npz", validation=0.0, test=0.0)
    assert actions is not None
    assert np.array_equal(observations, MADE.observations)
    assert np.array_equal(actions, MADE.actions)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert Dataset("own/episodes", {"path": "mine.npz"}).origin() == {"files": {"mine.npz": {"sha256": digest}}}


def test_no_episode_is_in_two_splits(path: Path) -> None:
    splits = Dataset("own/episodes", {"path": str(path), "validation": 0.25, "test": 0.2, "seed": 3}).load()
    assert {*splits} == {"train", "validation", "test"}
    found = {}
    for name, (inputs, targets) in splits.items():
        rows = [int((MADE.observations == row).all(1).argmax()) for row in inputs.numpy()]
        assert targets is not None
        assert targets.tolist() == MADE.actions[rows].tolist()
        found[name] = {int(MADE.numbers[row]) for row in rows}
        assert len(rows) == sum(MADE.lengths[i] for i in found[name])
    assert sorted(len(each) for each in found.values()) == [1, 1, 3]
    assert set.union(*found.values()) == {0, 1, 2, 3, 4}


def test_one_s_own_by_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(recorded, "MADE", {})
    for name in ("SOURCES", "ORIGINS"):
        monkeypatch.setattr(f"palestra.datasets.dataset.{name}", {})
    register_episodes("test/mine", lambda: made.append(1) or MADE)  # type: ignore[func-returns-value]
    assert load_episodes("test/mine") is load_episodes("test/mine") is MADE
    assert made == [1]  # once
    assert Dataset("test/mine", {"test": 0.0, "validation": 0.0}).load()["train"].inputs.shape == (15, 4)
    assert Dataset("test/mine").origin() == {"env": "CartPole-v1", "sha256": MADE.digest}


def test_a_name_that_nothing_has(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown recorded episodes 'cartpole-mixt'; nearest: cartpole-mixed"):
        load_episodes("cartpole-mixt")
    with pytest.raises(UsageError, match=r"none\.npz cannot be read"):
        load_episodes(str(tmp_path / "none.npz"))
