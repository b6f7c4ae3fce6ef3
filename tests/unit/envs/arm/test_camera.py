"""The camera is PyBullet's: the same matrices, and rays through the same points."""

import math

import numpy as np
import pytest
import torch

from palestra.envs.arm.camera import NOTES_CAMERA, Camera
from palestra.errors import UsageError

CAMERAS = [
    NOTES_CAMERA,
    Camera(target=(0.1, 0.2, 0.3), distance=1.3, yaw=33.0, pitch=-41.0, fov=45.0),
    Camera(target=(-0.1, 0.2, 0.3), distance=0.4, yaw=-120.0, pitch=20.0, fov=70.0, near=0.02, far=10.0),
]


@pytest.mark.parametrize("camera", CAMERAS)
def test_its_matrices_are_pybullets(camera: Camera) -> None:
    p = pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    view = p.computeViewMatrixFromYawPitchRoll(camera.target, camera.distance, camera.yaw, camera.pitch, 0.0, 2)
    projection = p.computeProjectionMatrixFOV(camera.fov, 1.0, camera.near, camera.far)
    torch.testing.assert_close(camera.view_matrix().T.flatten(), torch.tensor(view).double(), atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(
        camera.projection_matrix().T.flatten(), torch.tensor(projection).double(), atol=1e-6, rtol=1e-6
    )


def test_it_stands_where_its_angles_say() -> None:
    """Yaw 90 looks along -x; a pitch of -70 lifts it by sin 70."""
    eye, axes = NOTES_CAMERA.pose()
    cos, sin = math.cos(math.radians(70)), math.sin(math.radians(70))
    torch.testing.assert_close(eye, torch.tensor([0.55 + 0.7 * cos, 0.0, 0.05 + 0.7 * sin], dtype=torch.float64))
    torch.testing.assert_close(axes.T @ axes, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(eye - 0.7 * axes[:, 2], torch.tensor([0.55, 0.0, 0.05], dtype=torch.float64))


def test_a_square_picture_is_not_stretched() -> None:
    """The notes gave a square picture the aspect 960 / 720, which makes everything narrower by a quarter."""
    projection = NOTES_CAMERA.projection_matrix()
    assert projection[0, 0] == projection[1, 1] == pytest.approx(1 / math.tan(math.radians(30)))


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_ray_passes_where_the_matrices_project_its_pixel(camera: Camera) -> None:
    eye, ray = camera.rays()
    assert ray.shape == (84, 84, 3)
    torch.testing.assert_close(ray.norm(dim=-1), torch.ones(84, 84))
    point = torch.cat((eye + 2.0 * ray, torch.ones(84, 84, 1)), -1).double()
    clip = point @ (camera.projection_matrix() @ camera.view_matrix()).T
    column, row = torch.arange(84.0), torch.arange(84.0)
    across = (clip[..., 0] / clip[..., 3] + 1) * 42
    upwards = (clip[..., 1] / clip[..., 3] + 1) * 42
    torch.testing.assert_close(across, column.expand(84, 84).double(), atol=1e-3, rtol=0)
    torch.testing.assert_close(upwards, 83.0 - row[:, None].expand(84, 84).double(), atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [40, 84, 200])
def test_pybullet_samples_where_the_rays_go(size: int) -> None:
    """A box, aslant and off the middle, covers the same pixels to one: the renderer may round an edge either way."""
    p = pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    camera = Camera(target=(0.1, 0.05, -0.03), distance=1.0, yaw=20.0, pitch=-35.0, size=size)
    client = p.connect(p.DIRECT)
    try:
        shape = p.createVisualShape(p.GEOM_BOX, halfExtents=[0.1, 0.1, 0.1], physicsClientId=client)
        box = p.createMultiBody(0, -1, shape, physicsClientId=client)
        view, projection = (m.T.flatten().tolist() for m in (camera.view_matrix(), camera.projection_matrix()))
        image = p.getCameraImage(size, size, view, projection, shadow=0, physicsClientId=client)
    finally:
        p.disconnect(client)
    theirs = torch.from_numpy(np.asarray(image[4]).reshape(size, size) == box)
    eye, ray = camera.rays()
    near, far = (-0.1 - eye) / ray, (0.1 - eye) / ray
    ours = torch.minimum(near, far).amax(-1) <= torch.maximum(near, far).amin(-1)
    outline = 4 * theirs.sum().sqrt()
    assert (ours ^ theirs).sum() < 0.5 * outline
    rows, columns = (where.double().mean() for where in ours.nonzero(as_tuple=True))
    their_rows, their_columns = (where.double().mean() for where in theirs.nonzero(as_tuple=True))
    assert abs(rows - their_rows) < 0.3
    assert abs(columns - their_columns) < 0.3


@pytest.mark.parametrize(
    "wrong", [{"size": 0}, {"distance": 0.0}, {"fov": 180.0}, {"near": 0.0}, {"near": 2.0, "far": 1.0}]
)
def test_a_camera_that_cannot_be(wrong: dict[str, float]) -> None:
    settings = {"target": (0.0, 0.0, 0.0), "distance": 1.0, "yaw": 0.0, "pitch": 0.0} | wrong
    with pytest.raises(UsageError, match="expected"):
        Camera(**settings)
