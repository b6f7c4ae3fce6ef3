"""Whether a checkpoint belongs to the learner that it is put into."""

from pathlib import Path

import pytest
from coin import Coin

from palestra.engine import checkpoint
from palestra.envs.world import World
from palestra.errors import UsageError
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
