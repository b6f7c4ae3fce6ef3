"""An agent's actions as joint speeds."""

from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from planar import URDF, tool

import palestra
from palestra.errors import PalestraError, UsageError
from palestra.kinematics.robot_file import read_robot
from palestra.kinematics.tree import Tree
from palestra.streaming.acting import Acting
from palestra.streaming.protocol import Measurement


class Reach(gym.Env[Any, Any]):
    """Three numbers are seen; so many are said."""

    observation_space = spaces.Box(-10.0, 10.0, (3,), np.float32)

    def __init__(self, says: int = 2) -> None:
        self.action_space = spaces.Box(-1.0, 1.0, (says,), np.float32)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return np.zeros(3, np.float32), {}

    def step(self, action: Any) -> Any:
        return np.zeros(3, np.float32), 0.0, False, False, {}


@pytest.fixture(scope="module")
def planar(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    file: Path = tmp_path_factory.mktemp("robot") / "planar.urdf"
    file.write_text(URDF)
    return read_robot(file)


def agent(says: int) -> Any:
    gym.register(f"streaming/Reach{says}-v0", partial(Reach, says), max_episode_steps=10)
    try:
        return palestra.PPO(f"streaming/Reach{says}-v0", palestra.PPOConfig(hidden_sizes=(8,)), seed=0)
    finally:
        del gym.registry[f"streaming/Reach{says}-v0"]


SEEN = Measurement(0, 0.0, np.array([0.4, 0.8]), np.array([0.3, -2.0, 1.0]))


def test_an_action_is_a_speed_of_each_joint(planar: Tree) -> None:
    acts = agent(2)
    wanted: Any = Acting(acts, planar, scale=0.5)(SEEN)
    np.testing.assert_allclose(wanted, 0.5 * acts.predict(np.asarray(SEEN.obs, np.float32)), rtol=1e-6)
    assert np.abs(wanted).max() > 0
    acts.close()


def test_an_action_is_the_speed_of_the_tool(planar: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """By finite differences of two cosines: in the plane as wanted, but for what damping takes."""
    acts = agent(3)
    acting = Acting(acts, planar, means="tool", end="tool", scale=0.1)
    monkeypatch.setattr(acts, "predict", lambda obs: np.array([0.7, -0.4, 0.2], np.float32))
    q, speed, small = SEEN.q_Q, acting(SEEN), 1e-6
    moved = (tool(q + small * speed) - tool(q - small * speed)) / (2 * small)
    np.testing.assert_allclose(moved, [0.07, -0.04], atol=0.006)
    acts.close()


def test_others_are_told_what_is_expected(planar: Tree) -> None:
    two, tree = agent(2), planar
    with pytest.raises(UsageError, match="as the tool's speed in x, y and z; expected a Box of 3 numbers"):
        Acting(two, tree, means="tool", end="tool")
    with pytest.raises(UsageError, match="scale=0"):
        Acting(two, tree, scale=0)
    for obs in (None, np.zeros(4)):
        with pytest.raises(PalestraError, match="expected the policy's 3"):
            Acting(two, tree)(Measurement(0, 0.0, np.zeros(2), obs))
    two.close()
    choosing = palestra.PPO("CartPole-v1")
    with pytest.raises(UsageError, match=r"actions Discrete\(2\) as a speed of each joint"):
        Acting(choosing, tree)
    choosing.close()
    with pytest.raises(UsageError, match="which acts in no world"):
        Acting(palestra.LibraryClassifier("iris"), tree)
