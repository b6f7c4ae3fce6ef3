"""The drawing of the arm: everything is where a camera sees it, and what is near covers what is far."""

import math

import pytest
import torch

from palestra.envs.arm.kinematics import forward
from palestra.envs.arm.pick_place import PickPlace
from palestra.envs.arm.reach import Reach
from palestra.envs.arm.robot import load_robot
from palestra.playgrounds.scenery import CAMERA, HEIGHT, WIDTH, Scenery, Shape

ROBOT = load_robot()


def seen(x: float, y: float, z: float) -> tuple[float, float]:
    """Where a point is in the picture, by the camera's matrices."""
    clip = CAMERA.projection_matrix() @ CAMERA.view_matrix() @ torch.tensor([x, y, z, 1.0], dtype=torch.float64)
    across, up = (clip[:2] / clip[3]).tolist()
    return WIDTH / 2 + across * HEIGHT / 2, HEIGHT / 2 - up * HEIGHT / 2


def drawn(task: Reach | PickPlace, joints: torch.Tensor = ROBOT.initial) -> dict[str, list[Shape]]:
    """The shapes of an arm, by their kinds; the object is a cube at (0.5, 0.1)."""
    place = torch.zeros(1, task.place_size)
    place[0, :3] = torch.tensor([0.5, 0.1, 0.0])
    box = torch.tensor([0.48, 0.08, -0.02]), torch.tensor([0.52, 0.12, 0.02])
    out: dict[str, list[Shape]] = {}
    for shape in Scenery(ROBOT, task, 0.1).shapes(joints[None], place, box):
        out.setdefault(shape[0], []).append(shape)
    return out


def test_things_are_where_the_camera_sees_them() -> None:
    shapes = drawn(Reach())
    at = forward(ROBOT, ROBOT.initial[None])[0, -1, :3, 3].tolist()
    assert shapes["tip"][0][3:5] == pytest.approx(seen(*at), abs=1e-2)
    assert shapes["plumb"][0][5:7] == pytest.approx(seen(*at[:2], -0.025), abs=1e-2)
    (goal,) = shapes["goal"]
    assert goal[3:5] == goal[5:7] == pytest.approx(seen(0.5, 0.1, 0.0), abs=1e-2)
    eye = CAMERA.pose()[0]
    slant = 2 * 0.1 * HEIGHT / 2 / math.tan(math.radians(CAMERA.fov / 2)) / goal[1]
    assert goal[2] == pytest.approx(slant)
    assert goal[1] < float(torch.linalg.vector_norm(eye - torch.tensor([0.5, 0.1, 0.0])))


def test_a_box_has_six_faces_of_which_the_near_ones_come_last() -> None:
    shapes = drawn(Reach())
    corners = {seen(x, y, z) for x in (0.48, 0.52) for y in (0.08, 0.12) for z in (-0.02, 0.02)}
    for axis in range(3):
        faces = shapes[f"thing-{axis}"]
        assert len(faces) == 2
        for _, _, width, *points in faces:
            assert width is None
            found = list(zip(points[::2], points[1::2], strict=True))
            assert len(found) == 4
            assert all(min(math.dist(point, corner) for corner in corners) < 1e-2 for point in found)
    low, top = shapes["thing-2"]
    assert top[1] < low[1], "the camera looks down"
    back, front = shapes["thing-0"]
    assert front[1] < back[1], "and towards the foot of the arm"


def test_jaws_and_a_plinth_are_there_where_the_task_has_them() -> None:
    plain, gripping = drawn(Reach()), drawn(PickPlace())
    assert not {"jaws", "plinth-0"} & plain.keys()
    assert len(gripping["jaws"]) == 3
    assert len(gripping["plinth-2"]) == 2
    assert gripping["tip"][0][4] > plain["tip"][0][4], "what grips is below the flange"
    assert len(plain["shadow"]) == len(ROBOT.capsule_radius)


def test_everything_fits_into_the_picture() -> None:
    ground = Scenery(ROBOT, Reach(), 0.1).ground()
    assert [shape[0] for shape in ground] == ["table", *["edge"] * 12]
    for kind, _, _, *points in [*ground, *(each for shapes in drawn(Reach()).values() for each in shapes)]:
        if kind != "table":
            assert all(0 < x < WIDTH for x in points[::2]), kind
            assert all(0 < y < HEIGHT for y in points[1::2]), kind
