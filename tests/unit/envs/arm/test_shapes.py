"""Rays meet shapes where a march along them does, and a key holds both what is nearest and its grey."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scenes import random_scene

from palestra.envs.arm.raycast import render
from palestra.envs.arm.scene import Scene
from palestra.envs.arm.shapes import grey_of, packed


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


def test_a_key_sorts_by_depth_and_brings_its_grey() -> None:
    depth = torch.linspace(0.0, 3.0, 3_000)
    grey = torch.randint(256, (3_000,), dtype=torch.int32, generator=torch.Generator().manual_seed(0))
    key = packed(depth, grey.clone())
    assert torch.equal(grey_of(key).int(), grey)
    assert torch.equal(key.argsort(), torch.arange(3_000))  # a millimetre apart
    torch.testing.assert_close(key, depth, rtol=1 / 30_000, atol=1e-9)
