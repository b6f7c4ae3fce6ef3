"""A camera in torch: grey pictures of capsules and solids in front of a background, one ray a pixel.

Every surface is met analytically (:mod:`palestra.envs.arm.shapes`). What lies behind them, the table and the floor,
stands still while an episode lasts, so it is drawn once (:mod:`palestra.envs.arm.background`). Light and camera are
those of PyBullet's software renderer without shadows.

The arm covers a tenth of a picture. So the picture is cut into tiles, and a shape is met only with the rays of those
tiles that its outline can touch, a bound that is never too small: thirty times less work than every shape with every
ray. All pairs of a shape and a tile, of all pictures, are rows of one tensor; where several shapes meet one pixel the
nearest wins, by the least of numbers that hold depth and grey at once (:func:`palestra.envs.arm.shapes.packed`). The
functions that meet shapes with rays are compiled where there is a compiler; without one they do the same work an
operation at a time.
"""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from palestra.envs.arm.scene import Cameras, Lights, Scene
from palestra.envs.arm.shapes import (
    FAR,
    NEAR,
    View,
    capsules,
    grey_of,
    meet_capsules,
    meet_solids,
    packed,
    solids,
)
from palestra.envs.arm.tiles import Tiles, from_tiles, tiles

ROWS, ACCELERATOR_ROWS = 512, 16_384
"""Pairs of a shape and a tile worked on at a time: on a CPU their numbers stay in its cache."""
WIDTHS = {"AVX2": 256, "AVX512": 512}
"""Bits of a vector, by what PyTorch calls the processor; others it knows by itself."""

Meet = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def render(
    cameras: Cameras, light: Lights, scene: Scene, behind_BTP: Tensor, size: int, compiled: bool = False
) -> Tensor:
    """Pictures (B, size, size) uint8 of scenes in front of backgrounds, uint8 tiles (B, T, P).

    ``compiled`` uses compiled functions if there is a compiler; some seconds are spent on the first call that does. The
    pictures are the same but for a grey level where a sum was rounded the other way.
    """
    cut = tiles(size, behind_BTP.device)
    turn_B33 = cameras.axes_B33
    half_B = cameras.half_B()
    squeeze_B13 = torch.stack((half_B, half_B, -torch.ones_like(half_B)), 1).unsqueeze(1)
    light_B13, sky_B13 = light.direction_B3.unsqueeze(1) @ turn_B33, turn_B33[:, 2:]
    view = View(squeeze_B13, half_B, light_B13, sky_B13)
    both_B6 = torch.cat((light_B13 * squeeze_B13, sky_B13 * squeeze_B13), 2).squeeze(1)
    ones = (half_B.square(), light.ambient_B, light.diffuse_B, light.specular_B, light.direction_B3[:, 2])
    picture_BC = torch.cat((both_B6, torch.stack(ones, 1)), 1)

    seen_BK23 = ((scene.ends_BK23 - cameras.eye_B3[:, None, None]).flatten(1, 2) @ turn_B33).unflatten(1, (-1, 2))
    centre_BS3 = (scene.centre_BS3 - cameras.eye_B3[:, None]) @ turn_B33
    axes_BS33 = turn_B33.mT[:, None] @ scene.axes_BS33
    around_BS = scene.half_BS3.norm(dim=2)  # of the ball around a solid
    kinds: tuple[tuple[tuple[Tensor, Tensor, Tensor], Tensor, Meet], ...] = (
        (_pairs(cut, view, seen_BK23, scene.radius_K.expand(seen_BK23.shape[:2])),
         capsules(view, seen_BK23, scene.radius_K, scene.grey_BK), meet_capsules),
        (_pairs(cut, view, centre_BS3.unsqueeze(2).expand(-1, -1, 2, -1), around_BS),
         solids(view, centre_BS3, axes_BS33, scene), meet_solids),
    )  # fmt: skip
    place_N = torch.cat([picture_N * cut.edge**2 + tile_N for (picture_N, _, tile_N), _, _ in kinds])
    touched = torch.zeros(behind_BTP.shape[0] * behind_BTP.shape[1], dtype=torch.bool, device=behind_BTP.device)
    touched[place_N] = True
    row_N = (touched.cumsum(0) - 1)[place_N]
    touched_M = touched.nonzero().squeeze(1)
    canvas = behind_BTP.flatten(0, 1).clone()
    far = torch.tensor(FAR, device=behind_BTP.device)
    nearest_MP = packed(far, canvas[touched_M].to(torch.int32))  # the background is behind everything
    num_rows = ROWS if behind_BTP.device.type == "cpu" else ACCELERATOR_ROWS
    done = 0
    for (picture_N, shape_N, tile_N), shape_BKC, meet in kinds:
        for first in range(0, len(picture_N), num_rows):
            # Parts of one length, which is what is compiled: the last goes over some pairs a second time.
            part = slice(max(0, min(first, len(picture_N) - num_rows)), first + num_rows)
            picture = picture_N[part]
            quickly = compiled and len(picture) == num_rows
            with torch.inference_mode(quickly or torch.is_inference_mode_enabled()):  # for others it is compiled anew
                shape_NC = shape_BKC[picture, shape_N[part]]
                numbers = cut.basis_4P, cut.first_T2[tile_N[part]], picture_BC[picture], shape_NC
                key_NP = _run_compiled(meet, numbers) if quickly else meet(*numbers)
            row = row_N[done + part.start : done + part.start + len(picture)]
            nearest_MP.scatter_reduce_(0, row[:, None].expand_as(key_NP), key_NP, "amin")
        done += len(picture_N)
    canvas[touched_M] = grey_of(nearest_MP)
    return from_tiles(canvas.view_as(behind_BTP), size)


@cache
def _compiled(meet: Meet) -> list[Meet]:
    """The compiled function, to be tried, and the plain one to fall back on.

    The compiler finds what it has written to disk again by function and options. The width of the processor's vectors
    is none of them unless it is asked for: held to other instructions (``ATEN_CPU_CAPABILITY``), or with a folder that
    two machines share, it would take loops of another width, and leave out every second piece of a picture.
    """
    width = WIDTHS.get(torch.backends.cpu.get_cpu_capability())
    options: dict[str, str | int | bool | Callable[..., Any]] = {} if width is None else {"cpp.simdlen": width}
    return [meet, torch.compile(meet, dynamic=False, fullgraph=True, options=options)]


def _run_compiled(meet: Meet, numbers: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
    """The compiled function's result; the plain one's for good, once compiling has failed."""
    functions = _compiled(meet)
    if len(functions) == 1:
        return meet(*numbers)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of its own old parts while it compiles
            return functions[1](*numbers)
    except Exception:  # whatever is missing: a compiler, its headers, a place to write
        functions.pop()
        return meet(*numbers)


def _pairs(cut: Tiles, view: View, ends_BK23: Tensor, radius_BK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Picture, shape and tile (N,) of all pairs in which a capsule's outline may touch a tile.

    In a picture a capsule lies in the rectangle around its two balls, and in the strip that the planes through the eye
    cut out which pass it at its radius.
    """
    depth = -ends_BK23[..., 2]
    radius = radius_BK.unsqueeze(2)
    half = view.half_B[:, None, None]
    before = depth > radius + NEAR  # else the ball is around the eye, or behind it
    square = torch.where(before, depth.square() - radius.square(), 1.0)
    low, high = [], []
    for across in ends_BK23[..., :2].unbind(3):
        spread = radius * (across.square() + square).clamp_min(0.0).sqrt()
        slope = [torch.where(before, (across * depth + sign * spread) / square / half, sign * FAR) for sign in (-1, 1)]
        low.append(slope[0].amin(2))
        high.append(slope[1].amax(2))
    edge, reach = cut.edge, cut.basis_4P[0, -1]
    x, y = cut.first_T2[:edge, 0], cut.first_T2[::edge, 1]
    in_column = (low[0].unsqueeze(2) <= x + reach) & (high[0].unsqueeze(2) >= x)
    in_row = (low[1].unsqueeze(2) <= y) & (high[1].unsqueeze(2) >= y - reach)
    normal = torch.linalg.cross(ends_BK23[:, :, 0], ends_BK23[:, :, 1])
    # A segment that points at the eye has no plane: too short a normal only widens the strip.
    normal = normal / normal.norm(dim=2, keepdim=True).clamp_min(1e-4) * view.squeeze_B13
    nx, ny, nz = normal[..., None, None].unbind(2)
    nearest = (depth.amin(2) - radius_BK).clamp_min(NEAR)
    width = radius_BK / nearest + (normal[..., 0].abs() + normal[..., 1].abs()) * (reach / 2)
    beside = (nz + nx * (x + reach / 2) + ny * (y - reach / 2).unsqueeze(1)).abs() <= width[..., None, None]
    visible = (depth.amax(2) + radius_BK > NEAR)[..., None, None]
    touching = in_row.unsqueeze(3) & in_column.unsqueeze(2) & beside & visible
    picture_N, shape_N, tile_N = touching.flatten(2).nonzero().unbind(1)
    return picture_N, shape_N, tile_N
