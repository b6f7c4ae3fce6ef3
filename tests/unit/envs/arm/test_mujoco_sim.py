"""MuJoCo's world obeys, repeats itself and stands where PyBullet's stands; its motors and pictures are its own."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

import palestra  # noqa: F401 - makes the ids known
from palestra.envs.arm import mujoco_eye, mujoco_models
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.mujoco_sim import SUBSTEPS, URDFS, MujocoSim
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.sim import SUBSTEPS as PYBULLETS
from palestra.envs.arm.task import TABLE_TOP, WORKSPACE, Puck
from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.kinematics.motion import forward as placed_frames
from palestra.kinematics.robot_file import read_robot

REACH = "palestra/ArmReach-v0"
ROBOT = load_robot("kuka_iiwa")
REST = ROBOT.initial.tolist()
URDF = "random_urdfs/007/007.urdf"


@pytest.fixture(scope="module")
def shared() -> Iterator[MujocoSim]:
    for extra, module in (("mujoco", "mujoco"), ("arm", "pybullet_data")):
        pytest.importorskip(module, reason=f"the [{extra}] extra is not installed")
    world = MujocoSim(ROBOT)
    yield world
    world.close()


@pytest.fixture
def sim(shared: MujocoSim) -> MujocoSim:
    shared.begin(REST, URDF, (0.5, 0.1))
    return shared


def seeing(sim: MujocoSim) -> None:
    try:
        sim.gray(NOTES_CAMERA)
    except UsageError as error:
        pytest.skip(str(error))


def test_links_stand_where_the_robots_file_says(sim: MujocoSim) -> None:
    """At random angles: as our reader of the same URDF, and as the twin's and PyBullet's kinematics, to 1e-6 m."""
    tree = read_robot(mujoco_models.data_folder() / URDFS["kuka_iiwa"])
    rng = np.random.default_rng(0)
    for _ in range(20):
        angles = rng.uniform(ROBOT.lower.numpy(), ROBOT.upper.numpy())
        sim.teleport(angles.tolist(), steps=0)
        placed = np.array([place for place, _ in sim.link_frames()])
        read = placed_frames(tree, torch.from_numpy(angles)[None])[0, :, :3, 3].numpy()
        np.testing.assert_allclose(placed, read, atol=1e-9)
        ours = forward(ROBOT, torch.from_numpy(angles).float()[None])[0, :, :3, 3].numpy()
        np.testing.assert_allclose(placed, ours, atol=1e-6)


def test_links_stand_and_turn_where_pybullets_do(sim: MujocoSim) -> None:
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    from palestra.envs.arm.sim import Sim

    other, rng = Sim(ROBOT), np.random.default_rng(1)
    other.begin(REST, URDF, (0.5, 0.1))
    for _ in range(5):
        angles = rng.uniform(ROBOT.lower.numpy(), ROBOT.upper.numpy()).tolist()
        for each in (sim, other):
            each.teleport(angles, steps=0)
        for (place, turned), (their_place, their_turn) in zip(sim.link_frames(), other.link_frames(), strict=True):
            np.testing.assert_allclose(place, their_place, atol=1e-6)
            assert abs(np.dot(turned, their_turn)) == pytest.approx(1, abs=1e-6)
    other.close()


def test_a_thing_falls_as_things_fall(sim: MujocoSim) -> None:
    """Half a metre of free fall: z = z0 - g t^2 / 2, with a semi-implicit step's g t dt / 2 on top."""
    sim.put_thing((0.5, 0.25, 0.6))
    gravity, steps = 9.81, 120
    for _ in range(steps):
        sim._mujoco.mj_step(sim._model, sim._data)
    sim._mujoco.mj_forward(sim._model, sim._data)  # a step leaves the places of before it
    t, dt = steps * mujoco_models.STEP, mujoco_models.STEP
    assert sim.thing_pose()[0][2] == pytest.approx(0.6 - gravity * t * (t + dt) / 2, abs=1e-6)


def test_a_joint_follows_late_by_friction_over_stiffness(sim: MujocoSim) -> None:
    """A step of the last joint, which has next to no inertia: 1 - exp(-t k / d), k and d those of the motor.

    A small one: of more than 0.15 rad at once the URDF's 300 N m would be less than the motor wants.
    """
    sim._data.ctrl[6] += 0.05
    lag = mujoco_models.FRICTION / mujoco_models.STIFFNESS
    start = sim.joint_angles()[6]
    for steps in (24, 48, 96):
        done = round(float(sim._data.time) / mujoco_models.STEP)
        for _ in range(steps - done):
            sim._mujoco.mj_step(sim._model, sim._data)
        expected = 0.05 * (1 - math.exp(-steps * mujoco_models.STEP / lag))
        assert sim.joint_angles()[6] - start == pytest.approx(expected, abs=1e-3)


def test_a_movement_takes_as_long_as_pybullets() -> None:
    assert pytest.approx(PYBULLETS / 240) == SUBSTEPS * mujoco_models.STEP


@pytest.mark.parametrize("number", [7, 350, 947])
def test_things_begin_at_rest_where_they_are_put(sim: MujocoSim, number: int) -> None:
    sim.begin(REST, f"random_urdfs/{number:03d}/{number:03d}.urdf", (0.45, -0.1))
    before, turned = sim.thing_pose()
    assert before[:2] == pytest.approx([0.45, -0.1], abs=1e-9)
    for _ in range(10):
        sim.move(REST)
    after, turned_after = sim.thing_pose()
    assert np.linalg.norm(np.subtract(after, before)) < 5e-3
    assert abs(np.dot(turned, turned_after)) > 0.99


def test_the_arm_shoves_what_is_in_its_way(sim: MujocoSim) -> None:
    sim.begin(REST, Puck(0.04, 0.05), (0.55, 0.0))
    assert sim.thing_pose()[0][2] == pytest.approx(TABLE_TOP + 0.025, abs=1e-3)
    down = torch.tensor(REST)[None]
    from palestra.envs.arm.kinematics import inverse

    for aim in ((0.45, 0.0, 0.05), (0.45, 0.0, 0.0), (0.55, 0.0, 0.0), (0.62, 0.0, 0.0), (0.66, 0.0, 0.0)):
        for _ in range(4):
            down = inverse(ROBOT, down, torch.tensor([aim]))
            sim.move(down[0].tolist())
    assert sim.thing_pose()[0][0] > 0.6


def play(env: Any, seed: int) -> list[Any]:
    env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    return [env.step(rng.uniform(-1, 1, 3).astype(np.float32))[:2] for _ in range(4)]


def test_an_episode_is_the_same_whatever_was_before(sim: MujocoSim) -> None:
    """Bit for bit: in a world just made, and in one used by another episode."""
    worlds = [gym.make(REACH, simulator="mujoco").unwrapped for _ in range(2)]
    play(worlds[1], 1)
    for (one, reward), (other, their_reward) in zip(play(worlds[0], 0), play(worlds[1], 0), strict=True):
        np.testing.assert_array_equal(one, other)
        assert reward == their_reward
    for world in worlds:
        world.close()


def test_the_views_are_those_of_pybullets_world(sim: MujocoSim) -> None:
    """Spaces and what lies in them, and the same task: the expert reaches held-out objects."""
    for view in ("state", "goal"):
        env = gym.make(REACH, view=view, simulator="mujoco", objects="held-out")
        reached = []
        for seed in range(3):
            obs, _ = env.reset(seed=seed)
            ended = False
            while not ended:
                assert env.observation_space.contains(obs)
                obs, _, terminated, truncated, info = env.step(env.unwrapped.expert())  # type: ignore[attr-defined]
                ended = terminated or truncated
            reached.append(info["is_success"])
        assert all(reached)
        env.close()


def test_it_resumes_exactly(sim: MujocoSim) -> None:
    kwargs = {"simulator": "mujoco"}
    env, again = (make_vec(REACH, 1, backend="sync", env_kwargs=kwargs) for _ in range(2))
    env.reset(1)
    actions = torch.from_numpy(np.random.default_rng(0).uniform(-0.5, 0.5, (5, 1, 3)).astype(np.float32))
    for action in actions[:3]:
        env.step(action)
    assert not again.load_state_dict(env.state_dict()).restarted.any()
    for action in actions[3:]:
        for ours, theirs in zip(env.step(action), again.step(action), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    env.close()
    again.close()


def test_pictures_are_of_the_same_scene_in_a_light_of_their_own(sim: MujocoSim) -> None:
    """The arm's silhouette covers PyBullet's; the table's grey does not equal it, and lines are in the film only."""
    seeing(sim)
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    from palestra.envs.arm.sim import Sim

    down = [angle + change for angle, change in zip(REST, (0, 0.5, 0, 0, 0, 0, 0), strict=True)]
    other = Sim(ROBOT)
    for each in (sim, other):
        each.begin(down, URDF, (0.6, -0.2))
    picture = sim.gray(NOTES_CAMERA)
    assert (picture.shape, picture.dtype) == ((84, 84), np.uint8)
    arm = other.masks(NOTES_CAMERA)["arm"]
    ours = picture < 150  # the arm is darker than the table, in which nothing else of size is dark
    assert (arm & ours)[20:].sum() / (arm | ours)[20:].sum() > 0.7
    assert np.abs(picture.astype(float) - other.gray(NOTES_CAMERA)).mean() > 2
    np.testing.assert_array_equal(sim.gray(NOTES_CAMERA), picture)
    film = sim.outside(WORKSPACE, (0.5, 0.0), height=120, width=160)
    assert film.shape == (120, 160, 3)
    assert ((film[..., 2].astype(int) - film[..., 0] > 60) & (film[..., 0] < 60)).sum() > 40
    np.testing.assert_array_equal(sim.gray(NOTES_CAMERA), picture)
    other.close()


def test_where_there_is_no_opengl_one_line_says_so(sim: MujocoSim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "nothing")
    monkeypatch.setattr(sim, "_eye", None)
    mujoco_eye._open_gl.cache_clear()
    with pytest.raises(UsageError, match=r"pictures of MuJoCo's world by nothing .*; expected OpenGL .*view='state'"):
        sim.gray(NOTES_CAMERA)
    mujoco_eye._open_gl.cache_clear()


def test_what_cannot_be_had_is_told(sim: MujocoSim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="unknown simulator of the arm 'mujocco'; nearest: mujoco"):
        gym.make(REACH, simulator="mujocco")
    with pytest.raises(UsageError, match="drive='low' for a world with physics"):
        gym.make(REACH, simulator="mujoco", drive="low")
    with pytest.raises(UsageError, match="randomisation='automatic' for a world with physics"):
        gym.make(REACH, simulator="mujoco", randomisation="automatic")
    with pytest.raises(UsageError, match=r"simulator='mujoco' for .* on the torch backend"):
        make_vec(REACH, 1, backend="torch", env_kwargs={"simulator": "mujoco"})
    with pytest.raises(UsageError, match="expected a URDF file that exists"):
        MujocoSim(ROBOT, urdf="nowhere.urdf")
    (tmp_path / "broken.urdf").write_text("not a robot")
    with pytest.raises(UsageError, match=r"cannot be loaded by MuJoCo .*; expected a URDF with its meshes"):
        MujocoSim(ROBOT, urdf=str(tmp_path / "broken.urdf"))
    (tmp_path / "still.urdf").write_text('<robot name="still"><link name="one"/></robot>')
    with pytest.raises(UsageError, match="expected a chain that begins with 7 revolute joints"):
        MujocoSim(ROBOT, urdf=str(tmp_path / "still.urdf"))
    weightless = tmp_path / "weightless.urdf"
    weightless.write_text('<robot name="air"><link name="one"><inertial><mass value="0"/></inertial></link></robot>')
    with pytest.raises(UsageError, match=r"of 0\.0 kg with 0 shapes that touch; expected a mass and a collision shape"):
        sim.begin(REST, str(weightless), (0.5, 0.0))
    monkeypatch.setitem(__import__("sys").modules, "mujoco", None)
    with pytest.raises(UsageError, match=r"the MuJoCo world of the arm needs the \[mujoco\] extra"):
        MujocoSim(ROBOT)
