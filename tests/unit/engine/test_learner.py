"""What every learner has from its parent: a source, a clock, a seed, files; and what it has to say itself."""

from pathlib import Path

import pytest
import torch
from coin import Coin

from palestra.datasets.dataset import Dataset
from palestra.engine.learner import Learner
from palestra.engine.settings import AlgorithmConfig
from palestra.measure import Measure, Metrics
from palestra.runs import checkpoints


class Still(Learner):
    """Learns nothing and measures nothing."""

    name = "still"

    def step(self) -> Metrics:
        self.clock += 1
        return {}


def test_a_text_names_its_source_and_its_settings_are_their_defaults() -> None:
    learner = Still("numbers", seed=4, device="cpu")
    assert (learner.source, learner.config) == (Dataset("numbers"), AlgorithmConfig())
    assert (learner.seed, learner.device, learner.exhibits()) == (4, torch.device("cpu"), [])
    assert learner.describe() == {
        "learner": {"name": "still", "settings": {}},
        "dataset": {"id": "numbers", "kwargs": {}},
        "training": {"seed": 4, "device": "cpu"},
    }


def test_the_share_of_the_budget_is_none_where_nobody_has_said_it() -> None:
    learner = Coin()
    learner.step()
    assert learner.budget_used == 0.0
    learner.budget = 32
    assert learner.budget_used == 0.25


def test_who_does_not_say_how_good_it_is_cannot_be_evaluated() -> None:
    with pytest.raises(TypeError, match="Still has no evaluation; train it with eval_every=0"):
        Still("numbers").measured(Measure())
    assert Still("numbers").learn(3, eval_every=0).clock == 3


def test_a_state_goes_to_disk_and_back(tmp_path: Path) -> None:
    coin, again = Coin(seed=1), Coin(seed=2)
    coin.learn(24)
    loaded = checkpoints.load_latest(coin.save(tmp_path) / "checkpoints")
    assert set(loaded.state["learner"]) == {"clock", "finished", "heads", "rng"}
    assert again.load_state_dict(coin.state_dict()) == []
    assert again.step() == {**coin.step(), "train/budget": 0.0}
