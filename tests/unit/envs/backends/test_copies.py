"""Our loop over copies against Gymnasium's: the same answers, step for step."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from palestra.envs.backends import gymnasium as backend
from palestra.envs.backends.copies import Copies
from palestra.envs.backends.gymnasium import GymVectorEnv


class Wanders(gym.Env[Any, Any]):
    """Ends by chance, by its own cut or by both, and says so in info now and then."""

    observation_space = gym.spaces.Box(-1, 1, (3,))
    action_space: gym.Space[Any] = gym.spaces.Discrete(3, start=1)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return self.np_random.random(3, np.float32), {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action)
        ends, cut = self.np_random.random(2) < 0.2
        info = {"luck": float(self.np_random.random())} if self.np_random.random() < 0.5 else {}
        return self.np_random.random(3, np.float32), float(np.sum(action)), bool(ends), bool(cut), info


class Turns(Wanders):
    action_space = gym.spaces.Box(-1, 1, (2,))


@pytest.mark.parametrize("kind", [Wanders, Turns])
def test_they_answer_as_gymnasiums_do(kind: type[Wanders], monkeypatch: pytest.MonkeyPatch) -> None:
    gym.register("test/Wanders-v0", entry_point=kind, max_episode_steps=12)
    try:
        ours = GymVectorEnv("test/Wanders-v0", 7)
        monkeypatch.setattr(backend, "Copies", SyncVectorEnv)
        theirs = GymVectorEnv("test/Wanders-v0", 7)
    finally:
        del gym.registry["test/Wanders-v0"]
    assert type(ours._env) is Copies
    assert type(theirs._env) is SyncVectorEnv
    assert torch.equal(ours.reset(5), theirs.reset(5))
    generator, ended, told = torch.Generator().manual_seed(0), 0, 0
    for _ in range(200):
        action = torch.rand(7, 2, generator=generator)
        if kind is Wanders:
            action = torch.randint(3, (7,), generator=generator)
        for mine, other in zip(ours.step(action), theirs.step(action), strict=True):
            assert mine.dtype == other.dtype
            assert torch.equal(mine, other)
        assert ours.reports == theirs.reports
        ended, told = ended + bool(ours.reports), told + len(ours.reports)
    assert 0 < ended < told


def test_answers_are_not_written_over_by_the_next_step() -> None:
    env = Copies([Wanders] * 2, autoreset_mode=AutoresetMode.SAME_STEP)  # type: ignore[list-item]
    env.reset(seed=[1, 2])
    _, reward, terminated, truncated, _ = env.step(np.array([1, 3]))
    before = [array.copy() for array in (reward, terminated, truncated)]
    for _ in range(20):
        env.step(np.array([2, 2]))
    for array, then in zip((reward, terminated, truncated), before, strict=True):
        np.testing.assert_array_equal(array, then)
