"""Worker processes that end or hang are named, and ended."""

import os
import time
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.envs.backends import workers
from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.misbehaviour import Misbehaviour


class Fatal(gym.Env[Any, Any]):
    """Does in its third step what its copy is told to do."""

    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, how: str) -> None:
        self.how = how

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> Any:
        self.steps += 1
        if action and self.steps == 3:
            if self.how == "hangs":
                time.sleep(600)
            os.kill(os.getpid(), 9) if self.how == "is killed" else os._exit(7)
        return np.zeros(2, np.float32), 0.0, False, False, {}


gym.register("test/Fatal-v0", entry_point=Fatal)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("hangs", "has not answered for 0.5 seconds; expected an answer .worker_timeout"),
        ("is killed", "was ended by signal 9; expected an answer"),
        ("ends", "ended with status 7; expected an answer"),
    ],
)
def test_a_lost_worker_is_named_and_nothing_is_left_of_the_others(how: str, said: str) -> None:
    env = GymVectorEnv("test/Fatal-v0", 3, "async", env_kwargs={"how": how}, worker_timeout=0.5)
    env.reset(0)
    processes = list(env._env.processes)  # type: ignore[union-attr]
    begun = time.monotonic()
    for _ in range(2):
        env.step(torch.tensor([0, 1, 0]))
    with pytest.raises(Misbehaviour, match=f"'test/Fatal-v0', copy 1: its worker process {said}"):
        env.step(torch.tensor([0, 1, 0]))
    assert time.monotonic() - begun < 30
    assert all(process.exitcode is not None for process in processes)
    saved = env.state_dict()  # what new copies can go on from
    env.close()
    fresh = GymVectorEnv("test/Fatal-v0", 3, "async", env_kwargs={"how": how})
    assert fresh.load_state_dict(saved).restarted.all()
    fresh.close()


def test_without_a_limit_an_answer_is_waited_for() -> None:
    env = GymVectorEnv("test/Fatal-v0", 1, "async", env_kwargs={"how": "hangs"}, worker_timeout=0.2)
    workers.set_patience(env._env, 0)  # type: ignore[arg-type]
    env.reset(0)
    workers.set_patience(env._env, 0.1)  # type: ignore[arg-type]
    with pytest.raises(BlockingIOError):
        env._env.parent_pipes[0].recv()  # type: ignore[union-attr]
    workers.end_workers(env._env)  # type: ignore[arg-type]
