"""Episodes that are played again, or that say that they cannot be."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from palestra.envs.episode_tape import EpisodeTape, episode_seed


class Walk(gym.Env[Any, Any]):
    """A random walk; ``drift`` is what a copy does that neither seed nor actions tell."""

    observation_space = spaces.Box(-np.inf, np.inf, (1,), np.float64)
    action_space = spaces.Discrete(3, start=-1)

    def __init__(self, drift: float = 0.0) -> None:
        self.drift = drift

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.seeds = [*getattr(self, "seeds", []), seed]
        self.place = self.np_random.normal(size=1)
        return self.place, {"unread": 1}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action)
        self.place = self.place + action * self.np_random.normal(size=1) + self.drift
        return self.place, float(action), bool(abs(self.place[0]) > 5), False, {"unread": 1}


def played(tape: EpisodeTape, num_steps: int, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    seen = []
    for _ in range(num_steps):
        obs, reward, terminated, _, info = tape.step(rng.integers(-1, 2))
        assert info == {}
        seen.append((obs.tolist(), reward, terminated))
        if terminated:
            seen.append(tape.reset()[0].tolist())
    return seen


def test_every_reset_is_seeded_from_root_copy_and_episode() -> None:
    env = Walk()
    tape = EpisodeTape(env, 2)
    tape.reset(seed=11)
    tape.reset()
    tape.reset()
    tape.reset(seed=12)
    assert env.seeds == [episode_seed(11, 2, 0), episode_seed(11, 2, 1), episode_seed(11, 2, 2), episode_seed(12, 2, 0)]
    seeds = [episode_seed(root, copy, episode) for root in range(5) for copy in range(5) for episode in range(40)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_a_tape_longer_than_its_first_room_is_played_again_exactly() -> None:
    class Staying(Walk):
        def step(self, action: Any) -> Any:
            obs, reward, _, _, _ = super().step(action)
            return obs, reward, False, False, {}

    tape, other = EpisodeTape(Staying(), 0), EpisodeTape(Staying(), 0)
    tape.reset(seed=0)
    played(tape, 1000, seed=1)
    saved = tape.capture()
    assert saved["actions"].shape == (1000,)
    assert saved["actions"].dtype == np.int8
    other.resume_from = saved
    obs, restarted = other.resume()
    assert not restarted
    assert obs.tolist() == saved["obs"].tolist()
    assert played(other, 100, seed=2) == played(tape, 100, seed=2)
    assert len(other.capture()["actions"]) == 1100


def test_what_cannot_be_played_again_begins_a_new_episode_and_says_so() -> None:
    tape, other = EpisodeTape(Walk(), 0), EpisodeTape(Walk(drift=1e-9), 0)
    tape.reset(seed=0)
    while len(tape.capture()["actions"]) < 5:
        played(tape, 1, seed=0)
    saved = tape.capture()
    other.resume_from = saved
    obs, restarted = other.resume()
    assert restarted
    fresh, _ = Walk().reset(seed=episode_seed(0, 0, saved["episode"] + 1))
    assert obs.tolist() == fresh.tolist()
    assert len(other.capture()["actions"]) == 0


def test_an_episode_that_ends_while_played_again_begins_anew() -> None:
    tape, other = EpisodeTape(Walk(), 0), EpisodeTape(Walk(drift=10.0), 0)
    tape.reset(seed=0)
    tape.step(np.int64(0))
    other.resume_from = tape.capture()
    assert other.resume()[1]


def test_the_last_observation_outlives_a_reset_that_writes_into_it() -> None:
    class InPlace(Walk):
        seen = np.zeros(1)

        def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
            self.seen[:] = 0.0
            return self.seen, {}

        def step(self, action: Any) -> Any:
            self.seen += 1.0
            return self.seen, 0.0, bool(self.seen[0] == 2), False, {}

    tape = EpisodeTape(InPlace(), 0)
    tape.reset(seed=0)
    tape.step(np.int64(0))
    last, _, terminated, _, _ = tape.step(np.int64(0))
    assert terminated
    assert tape.reset()[0] == 0.0
    assert last == 2.0


def test_no_tape_is_kept_where_there_is_a_snapshot() -> None:
    tape = EpisodeTape(gym.make("CartPole-v1"), 0)
    tape.reset(seed=0)
    tape.step(np.int64(1))
    saved = tape.capture()
    assert saved["actions"] is None
    assert saved["snapshot"] is not None


@pytest.mark.parametrize("env_id", ["LunarLander-v3", "BipedalWalker-v3", "BipedalWalkerHardcore-v3"])
def test_box2d_is_played_again_exactly_after_other_episodes(env_id: str) -> None:
    pytest.importorskip("Box2D", reason="the [box2d] extra is not installed")

    def run(tape: EpisodeTape, num_steps: int) -> list[Any]:
        seen = []
        for _ in range(num_steps):
            obs, reward, terminated, truncated, _ = tape.step(tape.action_space.sample())
            seen.append((obs.tobytes(), float(reward), terminated))
            if terminated or truncated:
                seen.append(tape.reset()[0].tobytes())
        return seen

    tape = EpisodeTape(gym.make(env_id, disable_env_checker=True), 0)
    tape.reset(seed=5)
    tape.action_space.seed(0)
    for _ in range(3):
        run(tape, 130)
        other = EpisodeTape(gym.make(env_id, disable_env_checker=True), 0)
        other.resume_from = tape.capture()
        assert not other.resume()[1]
        tape.action_space.seed(1)
        other.action_space.seed(1)
        assert run(other, 130) == run(tape, 130)
