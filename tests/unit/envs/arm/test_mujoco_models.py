"""What MuJoCo compiles: files that are none, a room around the arm, things and their friction."""

from pathlib import Path

import pytest

from palestra.envs.arm import mujoco_models
from palestra.envs.arm.blocks import Block
from palestra.envs.arm.task import Puck
from palestra.errors import UsageError

pytest.importorskip("mujoco", reason="the [mujoco] extra is not installed")
pytest.importorskip("pybullet_data", reason="the [arm] extra is not installed")
MUJOCO = mujoco_models.import_mujoco()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no robot", "cannot be loaded by MuJoCo"),
        ('<!DOCTYPE r [<!ENTITY e "x">]><robot name="r"/>', "with a DOCTYPE; expected none"),
        (None, "cannot be loaded by MuJoCo"),
    ],
)
def test_what_is_no_urdf_is_refused_in_a_line(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "robot.urdf"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=said) as error:
        mujoco_models.read_urdf(str(path))
    assert "\n" not in str(error.value)


def test_an_arm_has_a_motor_a_joint() -> None:
    model = mujoco_models.room_with(MUJOCO, "kuka_iiwa/model.urdf", 7).compile()
    assert (model.nu, model.nq) == (7, 7)
    assert model.opt.timestep == mujoco_models.STEP
    with pytest.raises(UsageError, match="expected a chain that begins with 8 revolute joints"):
        mujoco_models.room_with(MUJOCO, "kuka_iiwa/model.urdf", 8)


def test_a_puck_is_as_heavy_as_it_says_and_a_block_is_for_jaws() -> None:
    puck = Puck(radius=0.04, height=0.03, mass=0.2)
    spec, centre = mujoco_models.thing_spec(MUJOCO, puck)
    assert spec.compile().body_mass.sum() == pytest.approx(puck.mass)
    assert centre == [0.0, 0.0, 0.0]
    block = Block("cuboid", (0.02, 0.02, 0.02), 0.1)
    with pytest.raises(UsageError, match="a block in MuJoCo's world, whose arm has no jaws"):
        mujoco_models.thing_spec(MUJOCO, block)
