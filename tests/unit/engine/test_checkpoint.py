"""Whether a checkpoint belongs to the learner that it is put into."""

from pathlib import Path
from typing import Any

import pytest
import torch
from coin import Coin

from palestra.engine import checkpoint
from palestra.envs.world import World
from palestra.errors import PalestraError, UsageError
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.runs import checkpoints


def small(hidden: int, num_envs: int = 2) -> PPO:
    return PPO(World("CartPole-v1", num_envs), PPOConfig(num_steps=8, minibatch_size=8, hidden_sizes=(hidden,)))


def test_it_comes_back_with_the_facts_given(tmp_path: Path) -> None:
    coin, other = Coin(), Coin(seed=1)
    coin.step()
    checkpoint.save(coin, tmp_path, trainer={"a": 1}, best_step=None, seconds=2.5)
    loaded = checkpoints.load_latest(tmp_path)
    assert (loaded.step, loaded.state["trainer"]) == (8, {"a": 1})
    assert loaded.info == {"learner": "coin", "best_step": None, "seconds": 2.5}
    assert checkpoint.restore(other, loaded) == []
    assert other.step() == coin.step()


def test_another_algorithms_is_refused(tmp_path: Path) -> None:
    checkpoint.save(Coin(), tmp_path)
    with pytest.raises(UsageError, match="was made by coin, and this is ppo; load it with the configuration"):
        checkpoint.restore(small(8), checkpoints.load_latest(tmp_path))


@pytest.mark.parametrize("other", [{"hidden": 16}, {"hidden": 8, "num_envs": 3}], ids=["network", "num_envs"])
def test_another_shape_is_refused(tmp_path: Path, other: dict[str, int]) -> None:
    checkpoint.save(small(8), tmp_path)
    with pytest.raises(UsageError, match=r"does not fit this configuration|expected equal numbers"):
        checkpoint.restore(small(**other), checkpoints.load_latest(tmp_path))


def two(folder: Path, **changed: Any) -> PPO:
    """A learner with two checkpoints, the newer of which holds something else."""
    learner = small(8)
    learner.step()
    checkpoint.save(learner, folder)
    learner.step()
    state = {"learner": {**learner.state_dict(), **changed}, "trainer": {}}
    checkpoints.save(folder, learner.clock, state, info={"learner": "ppo"})
    return learner


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"clock": 5}, "its learner stands at 5"),
        ({"clock": "x"}, "clock is 'x'; expected an integer"),
        ({"nets": {}}, "nets: a state of []; expected"),
        ({"experience": 5}, "experience is 5; expected a state of"),
        ({"shuffling": torch.zeros(5056)}, "shuffling is of torch.float32"),
    ],
)
def test_what_no_learner_holds_is_passed_over_before_any_of_it_is_used(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    two(tmp_path, **changed)
    loaded, notes = checkpoint.restore_latest(other := small(8), tmp_path)
    assert (loaded.step, other.clock, notes) == (16, 16, [])
    assert said in loaded.skipped[0]
    assert "step-000000000032" in loaded.skipped[0]


def test_nothing_changes_where_a_checkpoint_is_refused(tmp_path: Path) -> None:
    learner = small(8)
    learner.step()
    checkpoint.save(learner, tmp_path)
    loaded, other = checkpoints.load_latest(tmp_path), small(8)
    before = [value.clone() for value in other.modules.state_dict().values()]
    loaded.state["learner"]["shuffling"] = None
    with pytest.raises(UsageError, match="shuffling is None; expected"):
        checkpoint.restore(other, loaded)
    assert all(map(torch.equal, before, other.modules.state_dict().values()))


def test_a_trainer_asks_for_its_own_state_too(tmp_path: Path) -> None:
    two(tmp_path)
    assert checkpoint.restore_latest(small(8), tmp_path)[0].step == 32
    with pytest.raises(PalestraError, match=r"info.seconds is missing.*info.seconds is missing"):
        checkpoint.restore_latest(small(8), tmp_path, trained=True)
