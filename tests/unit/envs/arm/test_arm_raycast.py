"""The ray caster draws what PyBullet draws: outlines, greys and shading, and loses nothing by looking at tiles only."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.arm import raycast
from palestra.envs.arm.camera import NOTES_CAMERA
from palestra.envs.arm.kinematics import inverse
from palestra.envs.arm.raycast import render
from palestra.envs.arm.robot import load_robot
from palestra.envs.arm.scene import Cameras, Lights, Scene
from palestra.envs.arm.settings import ArmSettings
from palestra.envs.arm.shapes import View, grey_of, meet_capsules, meet_solids, packed
from palestra.envs.arm.sim import Sim
from palestra.envs.arm.tiles import from_tiles, tiles, to_tiles
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


def random_scene(num: int, size: int) -> tuple[Cameras, Lights, Scene]:
    """Capsules and solids of every kind, at random before random cameras."""
    generator = torch.Generator().manual_seed(size)

    def uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=generator)

    turns = torch.linalg.qr(torch.randn(num, 4, 3, 3, generator=generator))[0]
    eye = torch.nn.functional.normalize(uniform(num, 3), dim=1) * uniform(num, 1, low=0.8, high=1.2)
    back = torch.nn.functional.normalize(eye, dim=1)
    right = torch.nn.functional.normalize(torch.linalg.cross(torch.randn(num, 3, generator=generator), back), dim=1)
    cameras = Cameras(
        eye, torch.stack((right, torch.linalg.cross(back, right), back), 2), uniform(num, low=40, high=80)
    )
    light = Lights(torch.nn.functional.normalize(uniform(num, 3), dim=1), torch.full((num,), 0.5),
                  torch.full((num,), 0.4), torch.full((num,), 0.1))  # fmt: skip
    weight = torch.tensor([[0.0, 0, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]])
    scene = Scene(
        ends_BK23=0.35 * uniform(num, 3, 2, 3), radius_K=torch.tensor([0.03, 0.08, 0.15]),
        grey_BK=uniform(num, 3, low=60, high=250), centre_BS3=0.3 * uniform(num, 4, 3), axes_BS33=turns,
        half_BS3=uniform(num, 4, 3, low=0.05, high=0.2), weight_BS3=weight.expand(num, 4, 3),
        solid_grey_BS=uniform(num, 4, low=60, high=250),
    )  # fmt: skip
    return cameras, light, scene


def outside(point: NDArray[Any], scene: Scene, one: int) -> NDArray[Any]:
    """(..., shapes): how far points are outside of every shape of a scene, zero on its surface, growing outwards."""
    ends, radius, centre, axes, half, weight = (
        each.double().numpy() for each in (scene.ends_BK23[one], scene.radius_K, *(e[one] for e in scene[3:7]))
    )
    found = []
    for (a, b), r in zip(ends, radius, strict=True):
        share = np.clip(((point - a) @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
        found.append(np.linalg.norm(point - a - share[..., None] * (b - a), axis=-1) - r)
    for c, turn, h, w in zip(centre, axes, half, weight, strict=True):
        local = (point - c) @ turn / h
        found.append(np.maximum(np.abs(local).max(-1), np.sqrt((w * local**2).sum(-1))) - 1)
    return np.stack(found, -1)


def test_what_it_draws_is_what_marching_along_the_rays_finds() -> None:
    """Against an oracle that knows no intersection: 1,500 points on each ray, and normals by differences."""
    size, num = 24, 6
    cameras, light, scene = random_scene(num, size)
    empty = torch.full((num, 4, 144), 7, dtype=torch.uint8)
    drawn = render(cameras, light, scene, empty, size).numpy()
    greys = torch.cat((scene.grey_BK, scene.solid_grey_BS), 1).numpy()
    wrong_outline, wrong_grey, seen = 0, 0, 0
    for one in range(num):
        half = np.tan(np.radians(cameras.fov_B[one].item()) / 2)
        at = np.arange(size) * 2 / size - 1
        x, y = np.meshgrid(at, at[::-1])
        turn, eye = cameras.axes_B33[one].double().numpy(), cameras.eye_B3[one].double().numpy()
        ray = np.stack((half * x, half * y, -np.ones_like(x)), -1) @ turn.T
        depth = np.linspace(0.1, 2.0, 1_500)
        gap = outside(eye + depth[:, None, None, None] * ray, scene, one)
        hit = (gap <= 0).any(-1)
        first = hit.argmax(0)
        shown = hit.any(0)
        wrong_outline += int((shown != (drawn[one] != 7)).sum())
        rows, columns = np.nonzero(shown)
        point = eye + depth[first[rows, columns], None] * ray[rows, columns]
        which = gap[first[rows, columns], rows, columns].argmin(-1)
        slope = np.stack(
            [outside(point + 1e-5 * unit, scene, one) - outside(point - 1e-5 * unit, scene, one) for unit in np.eye(3)],
            -1,
        )
        normal = slope[np.arange(len(which)), which]
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        to_light = light.direction_B3[one].double().numpy()
        facing = normal @ to_light
        shine = np.maximum(2 * facing * normal[:, 2] - to_light[2], 0) ** 2
        expected = greys[one][which] * (0.5 + np.minimum(0.4 * np.maximum(facing, 0) + 0.1 * shine, 0.5))
        wrong_grey += int((np.abs(expected - drawn[one][rows, columns]) > 3).sum())
        seen += len(which)
    assert seen > 800
    assert wrong_outline < 0.01 * seen
    assert wrong_grey < 0.03 * seen  # edges, where a march of 1.3 mm steps is as often wrong


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


@pytest.mark.parametrize("size", [1, 12, 30, 84])
def test_tiles_are_the_picture(size: int) -> None:
    picture = torch.arange(2 * size * size).view(2, size, size)
    assert torch.equal(from_tiles(to_tiles(picture), size), picture)


def test_a_key_sorts_by_depth_and_brings_its_grey() -> None:
    depth = torch.linspace(0.0, 3.0, 3_000)
    grey = torch.randint(256, (3_000,), dtype=torch.int32, generator=torch.Generator().manual_seed(0))
    key = packed(depth, grey.clone())
    assert torch.equal(grey_of(key).int(), grey)
    assert torch.equal(key.argsort(), torch.arange(3_000))  # a millimetre apart
    torch.testing.assert_close(key, depth, rtol=1 / 30_000, atol=1e-9)


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
