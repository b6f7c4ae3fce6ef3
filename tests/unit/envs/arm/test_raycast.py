"""The ray caster draws what PyBullet draws: outlines, greys and shading, and loses nothing by looking at tiles only."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scenes import random_scene
from torch import Tensor

from palestra.envs.arm import raycast
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.kinematics import inverse
from palestra.envs.arm.raycast import render
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.scene import Cameras
from palestra.envs.arm.settings import ArmSettings
from palestra.envs.arm.shapes import View, meet_capsules, meet_solids
from palestra.envs.arm.sim import Sim
from palestra.envs.arm.tiles import tiles, to_tiles
from palestra.envs.arm.twin import ArmTwin
from palestra.envs.backends.torch import TorchVectorEnv

ROBOT = load_robot("kuka_iiwa")


def poses(num: int) -> Tensor:
    """Joints that hold the end effector, gripper down if possible, anywhere in the workspace."""
    generator = torch.Generator().manual_seed(0)
    target = torch.tensor([0.2, -0.3, 0.0]) + torch.tensor([0.5, 0.6, 0.55]) * torch.rand(num, 3, generator=generator)
    return inverse(ROBOT, ROBOT.initial.expand(num, 7), target)


@pytest.fixture(scope="module")
def both() -> tuple[list[dict[str, NDArray[Any]]], NDArray[np.uint8], NDArray[np.bool_]]:
    """Of 200 poses: PyBullet's masks with its "picture", the twin's pictures, and where the twin shows the arm."""
    pytest.importorskip("pybullet", reason="the [arm] extra is not installed")
    joints = poses(200)
    rules = ArmTwin(len(joints), settings=ArmSettings(view="pixels", frame_stack=1))
    twin = TorchVectorEnv(rules)
    twin.reset(0)
    with torch.inference_mode():
        arranged = rules.arranged(joints, torch.tensor([[0.5, 0.0, -9.0]]).expand(200, 3))
        pictures = twin.set_state(arranged)[:, 0].numpy()
        assert rules.eye is not None
        scene = rules.eye.scene(rules.parts(twin.state))
        blank = torch.zeros_like(rules.eye._behind)
        shown = (render(*scene, blank, 84) == render(*scene, blank + 255, 84)).numpy()
    world = Sim(ROBOT)
    real = []
    for row in joints.tolist():
        world.begin(row, "random_urdfs/000/000.urdf", (9.0, 9.0))
        real.append({**world.masks(NOTES_CAMERA), "picture": world.gray(NOTES_CAMERA)})
    world.close()
    return real, pictures, shown


def test_the_arms_outline_is_pybullets(both: Any) -> None:
    """Intersection over union at 84 x 84, averaged over 200 poses: 0.902 measured, the worst 0.76."""
    real, _, shown = both
    overlap = [(each["arm"] & mine).sum() / (each["arm"] | mine).sum() for each, mine in zip(real, shown, strict=True)]
    assert np.mean(overlap) > 0.89
    assert np.min(overlap) > 0.7


@pytest.mark.parametrize(("part", "limit"), [("table", 4.5), ("floor", 3.5), ("arm", 9.0)])
def test_its_greys_are_pybullets(both: Any, part: str, limit: float) -> None:
    """Mean absolute difference in grey levels of 255. Measured: table 3.5 with its grain, floor 2.5, arm 7.2."""
    real, pictures, shown = both
    gaps = []
    for each, mine, arm in zip(real, pictures, shown, strict=True):
        where = each[part] & (arm if part == "arm" else ~arm)
        gaps.append(np.abs(each["picture"].astype(float) - mine)[where])
    assert np.concatenate(gaps).mean() < limit


@pytest.mark.parametrize("size", [20, 50])
def test_tiles_leave_nothing_out(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is the same to the bit if every shape is met with every tile."""
    num = 40
    scene = random_scene(num, size)
    behind = to_tiles(torch.full((num, size, size), 9, dtype=torch.uint8))
    culled = render(*scene, behind, size)

    def every(cut: Any, view: Any, ends: Tensor, radius: Tensor) -> tuple[Tensor, ...]:
        return torch.ones(*radius.shape, cut.edge**2).nonzero().unbind(1)

    kept = sum(len(raycast._pairs(*_pair_arguments(size, scene[0], points, radius))[0]) for points, radius in (
        (scene[2].ends_BK23, scene[2].radius_K.expand(num, 3)),
        (scene[2].centre_BS3.unsqueeze(2).expand(-1, -1, 2, -1), scene[2].half_BS3.norm(dim=2)),
    ))  # fmt: skip
    assert kept < 0.9 * num * 7 * (-(-size // 12)) ** 2
    monkeypatch.setattr(raycast, "_pairs", every)
    assert torch.equal(render(*scene, behind, size), culled)


def _pair_arguments(size: int, cameras: Cameras, points: Tensor, radius: Tensor) -> tuple[Any, ...]:
    half = torch.tan(torch.deg2rad(cameras.fov_B) / 2)
    squeeze = torch.stack((half, half, -torch.ones_like(half)), 1).unsqueeze(1)
    seen = ((points - cameras.eye_B3[:, None, None]).flatten(1, 2) @ cameras.axes_B33).unflatten(1, (-1, 2))
    view = View(squeeze, half, squeeze, squeeze)
    return tiles(size, torch.device("cpu")), view, seen, radius


def test_nothing_in_front_of_the_camera_leaves_the_background() -> None:
    cameras, light, scene = random_scene(3, 30)
    behind = to_tiles(torch.full((3, 30, 30), 8, dtype=torch.uint8))
    away = scene._replace(ends_BK23=scene.ends_BK23 + 50 * cameras.axes_B33[:, None, None, :, 2],
                          centre_BS3=scene.centre_BS3 + 50 * cameras.axes_B33[:, None, :, 2])  # fmt: skip
    assert (render(cameras, light, away, behind, 30) == 8).all()


@pytest.fixture
def fresh() -> Iterator[None]:
    """No compiled function yet, and none left behind."""
    raycast._compiled.cache_clear()
    yield
    raycast._compiled.cache_clear()


def test_compiled_pictures_are_the_plain_ones(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for one grey level in at most one pixel of a thousand, where a sum was rounded the other way."""
    size, num = 60, 64
    monkeypatch.setattr(raycast, "ROWS", 128)
    scene = random_scene(num, size)
    behind = to_tiles(torch.full((num, size, size), 9, dtype=torch.uint8))
    plain, compiled = render(*scene, behind, size), render(*scene, behind, size, compiled=True)
    if any(len(raycast._compiled(meet)) == 1 for meet in (meet_capsules, meet_solids)):
        pytest.skip("there is no compiler that torch.compile could use")
    gap = (plain.int() - compiled.int()).abs()
    assert (gap > 0).float().mean() < 1e-3
    assert (gap > 1).float().mean() < 1e-4  # an edge
    with torch.inference_mode():
        assert torch.equal(render(*scene, behind, size, compiled=True), compiled)


@pytest.mark.parametrize(
    ("capability", "options"), [("AVX2", {"cpp.simdlen": 256}), ("AVX512", {"cpp.simdlen": 512}), ("DEFAULT", {})]
)
def test_what_was_compiled_for_other_vectors_is_not_found_again(
    capability: str, options: dict[str, int], fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key on disk is the function and these: loops written for AVX-512 drew half of a picture under AVX2."""
    given = []
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch, "compile", lambda function, **kwargs: given.append(kwargs) or function)
    raycast._compiled(meet_capsules)
    assert [kwargs["options"] for kwargs in given] == [options]


def test_without_a_compiler_the_pictures_are_the_plain_ones(fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def fails(function: Any, **_: Any) -> Any:
        def call(*_: Any) -> Tensor:
            tried.append(function)
            raise RuntimeError("no compiler")

        return call

    monkeypatch.setattr(torch, "compile", fails)
    monkeypatch.setattr(raycast, "ROWS", 64)
    scene = random_scene(20, 36)
    behind = to_tiles(torch.full((20, 36, 36), 9, dtype=torch.uint8))
    for _ in range(2):
        assert torch.equal(render(*scene, behind, 36, compiled=True), render(*scene, behind, 36))
    assert tried == [meet_capsules, meet_solids]
