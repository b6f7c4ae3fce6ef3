"""Which worlds with physics there are, and which has jaws."""

import pytest

from palestra.envs.arm.gym_env import ArmEnv
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.simulator import SIMULATORS, make_gripping, make_simulator
from palestra.errors import UsageError

ROBOT = load_robot("kuka_iiwa")


@pytest.mark.parametrize("name", SIMULATORS)
def test_each_is_made_by_its_name(name: str) -> None:
    pytest.importorskip(name, reason="its extra is not installed")
    pytest.importorskip("pybullet_data", reason="the [arm] extra is not installed")
    world = make_simulator(name, ROBOT)
    world.close()


def test_others_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="unknown simulator of the arm 'bullet'; nearest: pybullet"):
        make_simulator("bullet", ROBOT)


def test_jaws_hang_from_pybullets_arm_alone() -> None:
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    world = make_gripping(ROBOT, None)
    assert world.opening() >= 0
    world.close()
    with pytest.raises(UsageError, match="simulator='mujoco' for a task with jaws; expected 'pybullet'"):
        ArmEnv("pick-place", "state", simulator="mujoco")
