"""Paint lasts for an episode."""

import numpy as np
import pytest

from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.gym_env import ArmEnv
from palestra.envs.arm.paint import Paint

pytest.importorskip("pybullet", reason="the [arm] extra is not installed")


def test_paint_is_gone_in_the_next_plain_episode() -> None:
    env = ArmEnv(view="pixels")
    plain = env.reset(seed=0)[0]
    env.sim.begin(env.robot.initial.tolist(), "random_urdfs/000/000.urdf", (0.5, 0.0), Paint(0.5, 0.5, (0.5,) * 8))
    dark = env.sim.gray(NOTES_CAMERA)
    assert dark.mean() < 0.6 * plain.mean()
    np.testing.assert_array_equal(env.reset(seed=0)[0], plain)
    env.close()
