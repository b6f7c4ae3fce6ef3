"""PyBullet's world obeys, repeats itself, keeps no more memory than it needs, and says what is missing."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from palestra.envs.arm import client, objects
from palestra.envs.arm import sim as sim_module
from palestra.envs.arm.blocks import Block
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.kinematics import forward, inverse
from palestra.envs.arm.objects import object_set
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.sim import REBUILD_EVERY, Sim
from palestra.envs.arm.task import TABLE_TOP, Puck
from palestra.errors import UsageError

ROBOT = load_robot("kuka_iiwa")
REST = ROBOT.initial.tolist()
URDF = "random_urdfs/007/007.urdf"


@pytest.fixture
def sim() -> Iterator[Sim]:
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    world = Sim(ROBOT)
    world.begin(REST, URDF, (0.5, 0.1))
    yield world
    world.close()


def record(sim: Sim, seed: int, near: bool) -> tuple[list[float], bool]:
    """A short episode's whole course, and whether the arm touched the thing."""
    rng = np.random.default_rng(seed)
    urdf = object_set("train")[rng.integers(900)]
    # Near is below the arm, which then goes down; away from it no touch is possible.
    sim.begin(REST, urdf, (0.55, 0.0) if near else (rng.uniform(0.3, 0.7), 0.28))
    joints, course, touched = torch.tensor([REST]), [], False
    for _ in range(8):
        step = torch.tensor([[*rng.uniform(-0.03, 0.03, 2), -0.1]], dtype=torch.float32)
        joints = inverse(ROBOT, joints, forward(ROBOT, joints)[:, -1, :3, 3] + step)
        sim.move(joints[0].tolist())
        course += [*sim.joint_angles(), *sim.end_effector()[0], *sim.thing_pose()[0], *sim.thing_pose()[1]]
        touched |= bool(sim._p.getContactPoints(sim._arm, sim._thing, physicsClientId=sim._client))
    return course, touched


@pytest.mark.parametrize("near", [True, False])
def test_an_episode_is_the_same_whatever_was_before(sim: Sim, near: bool) -> None:
    """Bit for bit: in a world just built, in one used by other episodes, and beside another world."""
    touched = 0
    for seed in range(4):
        fresh = Sim(ROBOT)
        expected, touches = record(fresh, seed, near)
        assert record(sim, seed, near)[0] == expected
        sim.begin(REST, Puck(0.04, 0.05), (0.3, 0.0))
        assert record(sim, seed, near)[0] == expected
        fresh.close()
        touched += touches
    assert touched == (4 if near else 0)


def test_it_moves_by_motors_to_where_it_is_told(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of up to 0.1 m along each axis, anywhere above the table: the joints arrive within 2 mm, by dynamics."""
    monkeypatch.setattr(sim._p, "resetJointState", lambda *a, **k: pytest.fail("a teleport"))
    rng = np.random.default_rng(0)
    joints = torch.tensor([REST])
    missed = []
    for _ in range(120):
        here = forward(ROBOT, joints)[0, -1, :3, 3].numpy()
        to = (here + rng.choice((-0.1, 0.1), 3)).clip((0.35, -0.25, 0.15), (0.65, 0.25, 0.5))
        joints = inverse(ROBOT, joints, torch.tensor(to[None], dtype=torch.float32))
        sim.move(joints[0].tolist())
        missed.append(np.linalg.norm(np.array(sim.end_effector()[0]) - forward(ROBOT, joints)[0, -1, :3, 3].numpy()))
    assert np.max(missed) < 2e-3
    assert np.median(missed) < 5e-4


def test_motion_is_physical(sim: Sim) -> None:
    """Half way through a movement the joints are between its ends; a teleport has no half way."""
    goal = [angle + 0.1 for angle in REST]
    half = []
    step = sim._p.stepSimulation

    def spy(**kwargs: Any) -> None:
        step(**kwargs)
        half.append(sim.joint_angles()[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sim._p, "stepSimulation", spy)
        sim.move(goal)
    assert len(half) == sim_module.SUBSTEPS
    assert REST[0] + 0.02 < half[len(half) // 2] < goal[0] - 0.02
    np.testing.assert_allclose(sim.joint_angles(), goal, atol=2e-3)


def test_after_a_teleport_the_motors_hold_the_new_place(sim: Sim) -> None:
    """In the notes the old targets, or none, let the arm go where it likes."""
    goal = [angle + 0.3 for angle in REST]
    sim.teleport(goal, steps=240)
    np.testing.assert_allclose(sim.joint_angles(), goal, atol=1e-3)


def test_link_frames_are_the_robots(sim: Sim) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        angles = rng.uniform(ROBOT.lower.numpy(), ROBOT.upper.numpy()).astype(np.float32)
        sim.teleport(angles.tolist(), steps=0)
        ours = forward(ROBOT, torch.from_numpy(angles)[None])[0, :, :3, 3].numpy()
        np.testing.assert_allclose([place for place, _ in sim.link_frames()], ours, atol=1e-6)
        np.testing.assert_allclose(sim.end_effector()[0], ours[-1], atol=1e-6)


@pytest.mark.parametrize("number", [7, 25, 350, 600, 947])
def test_things_begin_at_rest_where_they_are_put(sim: Sim, number: int) -> None:
    """From 0.01 m, as in the notes, most objects are pushed out of the table or fall over, by up to 20 cm."""
    sim.begin(REST, f"random_urdfs/{number:03d}/{number:03d}.urdf", (0.45, -0.1))
    before, turned = sim.thing_pose()
    assert before[:2] == pytest.approx([0.45, -0.1], abs=1e-9)
    for _ in range(30):
        sim.move(REST)
    after, turned_after = sim.thing_pose()
    assert np.linalg.norm(np.subtract(after, before)) < 5e-3
    assert abs(np.dot(turned, turned_after)) > 0.999
    assert sim._p.getContactPoints(sim._thing, sim._table, physicsClientId=sim._client)


def test_a_picture_is_rendered_at_its_own_size(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notes rendered 960 x 960 to use 84 x 84; and shadows, once on, stay on unless they are switched off."""
    calls = []
    render = sim._p.getCameraImage

    def spy(width: int, height: int, *args: Any, **kwargs: Any) -> Any:
        calls.append((width, height, kwargs["shadow"], kwargs["physicsClientId"]))
        return render(width, height, *args, **kwargs)

    monkeypatch.setattr(sim._p, "getCameraImage", spy)
    picture = sim.gray(NOTES_CAMERA)
    assert calls == [(84, 84, 0, sim._client)]
    assert (picture.shape, picture.dtype) == ((84, 84), np.uint8)
    assert picture.std() > 10
    sim._p.getCameraImage = render


def test_gray_is_luminance(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    colour = np.array([10, 200, 90, 255], np.uint8)
    everywhere = np.broadcast_to(colour, (84, 84, 4))
    monkeypatch.setattr(sim._p, "getCameraImage", lambda *a, **k: (84, 84, everywhere, None, None))
    assert (sim.gray(NOTES_CAMERA) == round(0.299 * 10 + 0.587 * 200 + 0.114 * 90)).all()


def test_a_build_without_numpy_gives_the_same_picture(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a PyBullet returns flat tuples of numbers."""
    expected = sim.gray(NOTES_CAMERA)
    render = sim._p.getCameraImage

    def flat(*args: Any, **kwargs: Any) -> Any:
        width, height, pixels, depth, segments = render(*args, **kwargs)
        return width, height, tuple(np.asarray(pixels).ravel().tolist()), depth, segments

    monkeypatch.setattr(sim._p, "getCameraImage", flat)
    np.testing.assert_array_equal(sim.gray(NOTES_CAMERA), expected)


def test_the_box_of_a_thing_is_that_of_its_surface(sim: Sim, tmp_path: Path) -> None:
    sim.begin(REST, Block("cuboid", (0.02, 0.03, 0.04), 0.1), (0.5, 0.1))
    low, high = sim.thing_box()
    assert low == pytest.approx([0.48, 0.07, TABLE_TOP], abs=1e-6)
    assert high == pytest.approx([0.52, 0.13, TABLE_TOP + 0.08], abs=1e-6)
    sim.begin(REST, URDF, (0.5, 0.1))
    low, high = sim.thing_box()
    assert low[2] == pytest.approx(TABLE_TOP, abs=2e-3), "it lies on the table"
    assert all(a < at < b for a, at, b in zip(low, sim.thing_pose()[0], high, strict=True))
    ball = '<robot name="ball"><link name="ball"><inertial><mass value="0.1"/><inertia ixx="1e-4" iyy="1e-4" izz="1e-4"'
    ball += ' ixy="0" ixz="0" iyz="0"/></inertial><collision><geometry><sphere radius="0.03"/></geometry></collision>'
    (tmp_path / "ball.urdf").write_text(f"{ball}</link></robot>")
    sim.begin(REST, str(tmp_path / "ball.urdf"), (0.5, 0.1))
    low, high = sim.thing_box()
    assert 0.06 <= high[0] - low[0] < 0.15


def test_masks_say_what_is_seen(sim: Sim) -> None:
    down = [angle + change for angle, change in zip(REST, (0, 0.5, 0, 0, 0, 0, 0), strict=True)]
    sim.teleport(down, steps=0)
    masks = sim.masks(NOTES_CAMERA)
    assert 200 < masks["arm"].sum() < 5_000
    assert 5 < masks["thing"].sum() < 300
    assert masks["table"].sum() > 2_000
    assert not (masks["arm"] & masks["table"]).any()


def test_the_lines_of_the_workspace_are_in_the_film_only(sim: Sim) -> None:
    from palestra.envs.arm.task import WORKSPACE

    seen = sim.gray(NOTES_CAMERA)
    outside = sim.outside(WORKSPACE, height=240, width=320)
    blue = (outside[..., 2].astype(int) - outside[..., 0] > 60) & (outside[..., 0] < 60)
    assert blue.sum() > 200
    np.testing.assert_array_equal(sim.gray(NOTES_CAMERA), seen)


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def grown_megabytes(sim: Sim, resets: int) -> float:
    """By how much the process grows over so many resets, once it has seen the objects and a rebuild."""
    things = object_set("held-out")[:20]
    for i in range(2 * REBUILD_EVERY):
        sim.begin(REST, things[i % 20], (0.5, 0.0))
    before = resident_megabytes()
    for i in range(resets):
        sim.begin(REST, things[i % 20], (0.5, 0.0))
    return resident_megabytes() - before


on_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from Linux's /proc")


@on_linux
def test_memory_does_not_grow_from_rebuild_to_rebuild(sim: Sim) -> None:
    """50 KB stay of a removed object until the world is built anew: 20 MB after these resets if it never were."""
    assert grown_megabytes(sim, 2 * REBUILD_EVERY) < 8


@on_linux
@pytest.mark.slow
def test_memory_does_not_grow_over_ten_thousand_resets(sim: Sim) -> None:
    assert grown_megabytes(sim, 10_000) < 15


def test_reset_loads_the_object_and_nothing_else(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    load = sim._p.loadURDF
    monkeypatch.setattr(sim._p, "loadURDF", lambda path, *a, **k: loaded.append(path) or load(path, *a, **k))
    sim.begin(REST, URDF, (0.4, 0.0))
    sim.begin(REST, URDF, (0.4, 0.1))
    assert loaded == [URDF, URDF]


def test_every_call_names_its_client() -> None:
    """A call without it goes to client 0, whosever that is."""
    without = {"multiplyTransforms", "invertTransform", "computeViewMatrixFromYawPitchRoll", "connect", "isConnected"}
    without |= {"computeProjectionMatrixFOV", "disconnect", "getMatrixFromQuaternion"}
    files = [Path(str(module.__file__)) for module in (client, objects, sim_module)]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    to_pybullet = [
        (call.func.attr, {keyword.arg for keyword in call.keywords}, call.lineno)
        for call in calls
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in {"p", "self._p"}
    ]
    assert len(to_pybullet) > 40
    assert [call for call in to_pybullet if call[0] not in without and "physicsClientId" not in call[1]] == []


def test_one_brings_an_object_or_a_robot(sim: Sim, tmp_path: Path) -> None:
    data = pytest.importorskip("pybullet_data", reason="the [arm] extra is not installed")
    path = Path(data.getDataPath()) / "cube_small.urdf"
    assert object_set(str(path)) == [str(path)]
    sim.begin(REST, str(path), (0.5, 0.0))
    assert sim.thing_pose()[0] == pytest.approx([0.5, 0.0, TABLE_TOP + 0.025], abs=2e-3)
    own = Sim(ROBOT, urdf=str(Path(data.getDataPath()) / "kuka_iiwa/model.urdf"))
    own.close()
    with pytest.raises(UsageError, match="expected a chain that begins with the 7 revolute joints"):
        Sim(ROBOT, urdf=str(path))
    (tmp_path / "broken.urdf").write_text("not a robot")
    with pytest.raises(UsageError, match="cannot be loaded"):
        Sim(ROBOT, urdf=str(tmp_path / "broken.urdf"))
    with pytest.raises(UsageError, match="expected a URDF file that exists"):
        Sim(ROBOT, urdf="nowhere.urdf")
