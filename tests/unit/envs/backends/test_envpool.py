"""EnvPool's environments under the contract."""

import sys
from typing import Any

import numpy as np
import pytest
import torch

from palestra.envs.backends.envpool import EnvPoolVectorEnv, _reports
from palestra.errors import UsageError


def need_envpool() -> None:
    pytest.importorskip("envpool", reason="the [envpool] extra is not installed")


def test_without_envpool_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "envpool", None)
    with pytest.raises(UsageError, match=r"backend='envpool' needs .* pip install .*\[envpool\]'"):
        EnvPoolVectorEnv("CartPole-v1", 2)


def test_an_unknown_id_names_the_nearest() -> None:
    need_envpool()
    with pytest.raises(UsageError, match="nearest: CartPole-v1"):
        EnvPoolVectorEnv("CartPol-v1", 2)


def test_discrete_and_float64_observations_are_adapted() -> None:
    need_envpool()
    lake = EnvPoolVectorEnv("FrozenLake-v1", 3)
    obs = lake.reset(0)
    assert obs.tolist() == [[1.0] + [0.0] * 15] * 3
    ends = 0
    for _ in range(60):
        result = lake.step(torch.tensor([1, 2, 1]))
        ended = result.terminated | result.truncated
        assert torch.equal(result.obs[ended], obs[ended])
        assert not torch.equal(result.final_obs[ended], obs[ended]) or not ended.any()
        ends += int(ended.sum())
    assert ends > 3
    lake.close()
    cheetah = EnvPoolVectorEnv("HalfCheetah-v4", 2)
    assert cheetah.reset(0).dtype == torch.float32
    assert cheetah.step(torch.zeros(2, 6)).final_obs.dtype == torch.float32
    cheetah.close()


def test_a_missing_bound_is_infinite() -> None:
    need_envpool()
    env = EnvPoolVectorEnv("LunarLander-v3", 2)
    assert not env.observation_space.is_bounded("below")
    assert not env.observation_space.is_bounded("above")
    env.close()


def test_a_terminal_state_wins_over_a_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    need_envpool()
    env = EnvPoolVectorEnv("CartPole-v1", 2)
    env.reset(0)
    step = env._env.step

    def both(action: Any) -> Any:
        obs, reward, terminated, truncated, info = step(action)
        return obs, reward, terminated | True, truncated | np.array([True, False]), info

    monkeypatch.setattr(env._env, "step", both)
    result = env.step(torch.tensor([0, 0]))
    assert result.terminated.tolist() == [True, True]
    assert result.truncated.tolist() == [False, False]
    env.close()


def test_resuming_restarts_with_other_episodes_each_time() -> None:
    need_envpool()
    env = EnvPoolVectorEnv("CartPole-v1", 2)
    first = env.reset(4)
    starts: list[Any] = [first.tolist()]
    for _ in range(3):
        resumed = env.load_state_dict(env.state_dict())
        assert resumed.restarted.all()
        starts.append(resumed.obs.tolist())
    assert len({str(start) for start in starts}) == 4
    assert torch.equal(env.reset(4), first)
    env.close()


def test_what_it_says_at_an_end_is_reported_without_its_bookkeeping() -> None:
    infos = {
        "env_id": np.array([0, 1, 2]),
        "elapsed_step": np.array([9, 9, 9]),
        "lives": np.array([0, 3, 0], np.int32),
        "players": {"env_id": np.array([0, 1, 2])},
        "seen": np.zeros((3, 2)),
    }
    assert _reports(infos, [0, 2]) == ((0, {"lives": 0.0}), (2, {"lives": 0.0}))
    assert _reports({"env_id": np.array([0])}, [0]) == ()
