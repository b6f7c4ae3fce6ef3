"""A camera in torch: grey pictures of capsules and solids in front of a background, one ray a pixel.

Every surface is met analytically. A capsule is what lies within a radius of a segment. A solid is a cuboid cut by a
quadric with the same axes, in which each axis has a weight: weights (1, 1, 1) leave an ellipsoid, (1, 1, 0) a
cylinder, (0, 0, 0) the whole cuboid. What lies behind them, the table and the floor, stands still while an episode
lasts, so it is drawn once, by :func:`background`.

Light and camera are those of PyBullet's software renderer without shadows: a surface of grey g, with normal n and the
light in direction l, is seen as

    g (ambient + min(diffuse max(0, n l) + specular max(0, r_z)^2, 1 - ambient)),    r = 2 (n l) n - l

The arm covers a tenth of a picture. So the picture is cut into tiles, and a shape is met only with the rays of those
tiles that its outline can touch, a bound that is never too small: thirty times less work than every shape with every
ray. All pairs of a shape and a tile, of all pictures, are rows of one tensor; where several shapes meet one pixel the
nearest wins, by the least of numbers whose high bits hold the depth and whose low bits the grey. Comparisons cost ten
times as much as sums on a CPU, so choices are made by clamped sums where there are many of them. The two functions that
meet shapes with rays work on numbers alone, so ``torch.compile`` makes one loop of each, seven times as fast; without a
compiler they do the same work an operation at a time.
"""

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

NEAR = 0.1
"""Metres along the camera's axis, nearer than which nothing is seen."""
FAR = 1e6
STEEP = 1e30
"""Makes a step of a slope: a positive number times this is more than any other number here."""
TILE = 12
"""Rows and columns of a tile."""
ROWS, ACCELERATOR_ROWS = 512, 16_384
"""Pairs of a shape and a tile worked on at a time: on a CPU their numbers stay in its cache."""
WIDTHS = {"AVX2": 256, "AVX512": 512}
"""Bits of a vector, by what PyTorch calls the processor; others it knows by itself."""
FLOOR_HEIGHT, FLOOR_GREY = -0.65, (195.8, 255.0)
"""The floor's squares of one metre and their two greys."""
TABLE_LOW, TABLE_HIGH, TABLE_HEIGHT = (-0.25, -0.5), (1.25, 0.5), -0.025
TABLE_GREY = ((204.1, -11.6, -40.3), (38.4, -18.1, 0.0), (-29.0, 0.0, 0.0))
"""The table's texture without its grain: entry [i][j] belongs to u^i v^j, with u along x and v along y from 0 to 1."""


class Light(NamedTuple):
    """The light of each picture."""

    direction_B3: Tensor
    """Unit vectors from the scene to the light."""
    ambient_B: Tensor
    diffuse_B: Tensor
    specular_B: Tensor


class Cameras(NamedTuple):
    """The camera of each picture."""

    eye_B3: Tensor
    axes_B33: Tensor
    """The columns point right, up and towards the viewer."""
    fov_B: Tensor
    """Opening angle in degrees."""


class Scene(NamedTuple):
    """What is in front of the background, in world coordinates (m)."""

    ends_BK23: Tensor
    """The ends of each capsule's segment."""
    radius_K: Tensor
    grey_BK: Tensor
    """Greys of the capsules, 0 to 255."""
    centre_BS3: Tensor
    """The middle of each solid."""
    axes_BS33: Tensor
    """Its axes, unit vectors, as columns."""
    half_BS3: Tensor
    """Half of its extent along each of them."""
    weight_BS3: Tensor
    """The weight of each axis in the quadric that cuts it."""
    solid_grey_BS: Tensor
    """Greys of the solids, 0 to 255."""


class Tiles(NamedTuple):
    """How a picture of some size is cut into T tiles of P pixels, row after row.

    In the camera's axes a ray is (half x, half y, -1), with half the tangent of half of the opening angle. Tiles at the
    rim may reach beyond the picture.
    """

    edge: int
    """Tiles along an edge; T is its square."""
    first_T2: Tensor
    """The x and y of each tile's first ray, at its upper left."""
    basis_4P: Tensor
    """How much x and y of a tile's rays differ from those of the first; ones; the sum of the squares of both."""


@cache
def tiles(size: int, device: torch.device) -> Tiles:
    """The tiles of a picture.

    A ray goes through the lower left corner of its pixel, since there PyBullet's software renderer looks.
    """
    with torch.inference_mode(False):
        edge = -(-size // TILE)
        pixel, tile = torch.arange(TILE, device=device), torch.arange(edge, device=device) * TILE
        x, y = tile * (2.0 / size) - 1.0, 1.0 - (tile + 1) * (2.0 / size)
        step = pixel * (2.0 / size)
        dx, dy = step.repeat(TILE), -step.repeat_interleave(TILE)
        basis_4P = torch.stack((dx, dy, torch.ones_like(dx), dx.square() + dy.square()))
        return Tiles(edge, torch.stack((x.repeat(edge), y.repeat_interleave(edge)), 1), basis_4P)


def to_tiles(picture_BSS: Tensor) -> Tensor:
    """Pictures (B, size, size) as tiles (B, T, P); what a tile has beyond the picture is zero."""
    size = picture_BSS.shape[1]
    count = -(-size // TILE)
    padded = torch.nn.functional.pad(picture_BSS, (0, count * TILE - size) * 2)
    return padded.view(-1, count, TILE, count, TILE).transpose(2, 3).reshape(-1, count * count, TILE * TILE)


def from_tiles(tiles_BTP: Tensor, size: int) -> Tensor:
    """The inverse of :func:`to_tiles`."""
    count = -(-size // TILE)
    padded = tiles_BTP.view(-1, count, count, TILE, TILE).transpose(2, 3).reshape(-1, count * TILE, count * TILE)
    return padded[:, :size, :size]


def background(
    cameras: Cameras,
    light: Light,
    table_B: Tensor,
    floor_B: Tensor,
    size: int,
    wave_B3: Tensor | None = None,
    stripes_B: Tensor | None = None,
) -> Tensor:
    """Tiles (B, T, P) float32 grey, 0 to 255, of the table's top and the floor.

    ``table_B`` and ``floor_B`` are factors on their greys; ``stripes_B`` the height of stripes over both, and
    ``wave_B3`` their wave vector along x and y (radians per metre) and phase.
    """
    cut = tiles(size, cameras.eye_B3.device)
    x_TP, y_TP = (cut.first_T2[:, :, None] + cut.basis_4P[:2]).unbind(1)
    half_B1 = _half(cameras).unsqueeze(1)
    right, up, back = cameras.axes_B33.unbind(2)
    ray_B3 = torch.stack((half_B1 * right, half_B1 * up, -back), 2).unbind(
        1
    )  # of x, y and 1, for each axis of the world

    def along(coefficient_B3: Tensor) -> Tensor:
        x, y, one = (_each(number) for number in coefficient_B3.unbind(1))
        return (x * x_TP).add_(one).add_(y * y_TP)

    # Where rays meet the table's plane, in units of the table: a map of the picture by a fraction.
    eye_x, eye_y, eye_z = cameras.eye_B3.unbind(1)
    drop_B = TABLE_HEIGHT - eye_z
    (left, front), (width, depth) = TABLE_LOW, (TABLE_HIGH[i] - TABLE_LOW[i] for i in range(2))
    shorter = along(ray_B3[2]).clamp_(max=-1e-6).reciprocal_()
    u = along(ray_B3[0] * (drop_B / width).unsqueeze(1)).mul_(shorter).add_(_each((eye_x - left) / width))
    v = along(ray_B3[1] * (drop_B / depth).unsqueeze(1)).mul_(shorter).add_(_each((eye_y - front) / depth))
    inside = torch.minimum(u * (1 - u), v * (1 - v))
    (c00, c01, c02), (c10, c11, _), (c20, _, _) = TABLE_GREY
    table = (v * c02).add_(c01).mul_(v).add_(c00)
    table.add_((u * c20).add_(v, alpha=c11).add_(c10).mul_(u)).mul_(_each(table_B))
    # The floor lies on the same rays, farther by a factor.
    farther_B = (FLOOR_HEIGHT - eye_z) / drop_B
    x = (u * _each(farther_B * width)).add_(_each(eye_x + farther_B * (left - eye_x))).floor_()
    y = (v * _each(farther_B * depth)).add_(_each(eye_y + farther_B * (front - eye_y))).floor_()
    odd = x.add_(y).mul_(0.5).frac_().abs_().mul_(2 * (FLOOR_GREY[0] - FLOOR_GREY[1]))
    grey = torch.where(inside >= 0, table, odd.add_(FLOOR_GREY[1]).mul_(_each(floor_B)))
    if wave_B3 is not None and stripes_B is not None:
        turns = (u * _each(wave_B3[:, 0] * width)).add_(v * _each(wave_B3[:, 1] * depth)).add_(_each(wave_B3[:, 2]))
        turns.mul_(0.5 / torch.pi).sub_(turns.round()).abs_().mul_(4).sub_(1)  # a sine's peaks, by straight lines
        grey.add_(turns.mul_(_each(stripes_B)))
    upward = light.direction_B3[:, 2]  # the normal points upwards, so r_z = n l
    lit = light.diffuse_B * upward.clamp_min(0) + light.specular_B * upward.clamp_min(0).square()
    return grey.mul_(_each(light.ambient_B + torch.minimum(lit, 1 - light.ambient_B)))


def render(
    cameras: Cameras, light: Light, scene: Scene, behind_BTP: Tensor, size: int, compiled: bool = False
) -> Tensor:
    """Pictures (B, size, size) uint8 of scenes in front of backgrounds, uint8 tiles (B, T, P).

    ``compiled`` uses compiled functions if there is a compiler; some seconds are spent on the first call that does. The
    pictures are the same but for a grey level where a sum was rounded the other way.
    """
    cut = tiles(size, behind_BTP.device)
    turn_B33 = cameras.axes_B33
    half_B = _half(cameras)
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
         _capsules(view, seen_BK23, scene.radius_K, scene.grey_BK), _meet_capsules),
        (_pairs(cut, view, centre_BS3.unsqueeze(2).expand(-1, -1, 2, -1), around_BS),
         _solids(view, centre_BS3, axes_BS33, scene), _meet_solids),
    )  # fmt: skip
    place_N = torch.cat([picture_N * cut.edge**2 + tile_N for (picture_N, _, tile_N), _, _ in kinds])
    touched = torch.zeros(behind_BTP.shape[0] * behind_BTP.shape[1], dtype=torch.bool, device=behind_BTP.device)
    touched[place_N] = True
    row_N = (touched.cumsum(0) - 1)[place_N]
    touched_M = touched.nonzero().squeeze(1)
    canvas = behind_BTP.flatten(0, 1).clone()
    far = torch.tensor(FAR, device=behind_BTP.device).view(torch.int32) & -256
    nearest_MP = (canvas[touched_M].to(torch.int32) | far).view(torch.float32)  # the background is behind everything
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
    canvas[touched_M] = (nearest_MP.view(torch.int32) & 255).to(torch.uint8)
    return from_tiles(canvas.view_as(behind_BTP), size)


class View(NamedTuple):
    """What the camera does to a direction: r(x, y) v = x v'_x + y v'_y + v'_z, with v' = v times ``squeeze``."""

    squeeze_B13: Tensor
    half_B: Tensor
    light_B13: Tensor
    """The direction of the light in the camera's axes."""
    sky_B13: Tensor
    """The direction upwards in the camera's axes."""


class _Rays:
    """The rays of N tiles, and what of a picture does not depend on a shape. A place on a ray is its depth times it."""

    def __init__(self, basis_4P: Tensor, first_N2: Tensor, picture_NC: Tensor) -> None:
        self._basis, self._first = basis_4P, first_N2
        light_N3, sky_N3, half_square, *self._light = picture_NC.split([3, 3, 1, 1, 1, 1, 1], 1)
        self.to_light, self.to_sky = self.along(light_N3), self.along(sky_N3)
        # (N, P): the square of a ray's length, half^2 (x^2 + y^2) + 1.
        around = first_N2.square().sum(1, keepdim=True) * half_square + 1
        self.length = self._sum(torch.cat((2 * half_square * first_N2, around, half_square), 1))

    def along(self, direction_N3: Tensor) -> Tensor:
        """(N, P): the product of every ray with a squeezed direction."""
        first = (direction_N3[:, :2] * self._first).sum(1, keepdim=True) + direction_N3[:, 2:]
        return self._sum(torch.cat((direction_N3[:, :2], first), 1))

    def _sum(self, numbers_NC: Tensor) -> Tensor:
        """(N, P): numbers of a tile times the basis. Sums can join a compiled loop, a product of matrices cannot."""
        if not torch.compiler.is_compiling():
            return numbers_NC @ self._basis[: numbers_NC.shape[1]]
        terms: list[Tensor] = [number * row for number, row in zip(numbers_NC.split(1, 1), self._basis)]
        return sum(terms[1:], terms[0])

    def key(self, inside: Tensor, depth: Tensor, facing: Tensor, upward: Tensor, grey: Tensor) -> Tensor:
        """(N, P) float32: depth to five digits and the grey that is seen there, in one number.

        It is beyond FAR where nothing is met: where ``inside`` is negative, or nearer than NEAR.
        """
        ambient, diffuse, specular, light_z = self._light
        shine = torch.addcmul(-light_z, facing, upward, value=2.0).clamp_min_(0.0).square_().mul_(specular)
        lit = torch.addcmul(shine, facing.clamp_min(0.0), diffuse)
        seen = torch.minimum(lit, 1.0 - ambient).mul_(grey).add_(grey * ambient + 0.5).to(torch.int32)
        key = seen.bitwise_or_(depth.view(torch.int32) & -256).view(torch.float32)
        outside = torch.minimum(inside, depth - NEAR).clamp_max_(0.0)
        return key.add_(outside, alpha=-STEEP)


Meet = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


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


def _each(values_B: Tensor) -> Tensor:
    """(B, 1, 1): one number a picture, for all its pixels."""
    return values_B[:, None, None]


def _half(cameras: Cameras) -> Tensor:
    """(B,) tangent of half of the opening angle."""
    return (torch.deg2rad(cameras.fov_B) / 2).tan()


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


def _dot(p: Tensor, q: Tensor) -> Tensor:
    return (p * q).sum(2, keepdim=True)


def _capsules(view: View, ends_BK23: Tensor, radius_K: Tensor, grey_BK: Tensor) -> Tensor:
    """(B, K, 20): the numbers of capsules that :func:`_meet_capsules` needs."""
    a, b = ends_BK23.unbind(2)
    d = b - a
    ad, dd = _dot(a, d), _dot(d, d).clamp_min(1e-9)
    outside = _dot(a, a) - radius_K.square().unsqueeze(1)
    inverse = (1 / radius_K).unsqueeze(1)
    lights = [_dot(vector, to) * inverse for to in (view.light_B13, view.sky_B13) for vector in (a, d)]
    numbers = (ad, dd, 1 / dd, outside, dd * outside - ad * ad, *lights, inverse.expand_as(ad), grey_BK.unsqueeze(2))
    return torch.cat((a * view.squeeze_B13, d * view.squeeze_B13, (dd * a - ad * d) * view.squeeze_B13, *numbers), 2)


def _meet_capsules(basis_4P: Tensor, first_N2: Tensor, picture_NC: Tensor, shape_NC: Tensor) -> Tensor:
    """The keys (N, P) of rays that meet a capsule around the segment from a to a + d.

    Where a ray enters the endless cylinder says which point of the segment is responsible, an end if it is beyond. The
    capsule is then met where the ball around that point is, even on the cylinder, whose normal there is the ball's.
    """
    rays = _Rays(basis_4P, first_N2, picture_NC)
    on_a, on_d, middle = (rays.along(shape_NC[:, first : first + 3]) for first in (0, 3, 6))
    ad, dd, inverse_dd, outside, off_axis, light_a, light_d, sky_a, sky_d, inverse, grey = shape_NC[:, 9:].split(1, 1)
    square = (rays.length * dd).addcmul_(on_d, on_d, value=-1).clamp_min_(1e-12)
    rest = (middle * middle).addcmul_(square, off_axis, value=-1).clamp_min_(0.0)
    depth = (middle - rest.sqrt_()).div_(square)
    share = torch.addcmul(-ad, depth, on_d).mul_(inverse_dd).clamp_(0.0, 1.0)
    on_c = on_a.addcmul_(share, on_d)
    outside_c = (share * dd).add_(2 * ad).mul_(share).add_(outside)
    rest = (on_c * on_c).addcmul_(rays.length, outside_c, value=-1)
    depth = (on_c - rest.clamp_min(0.0).sqrt_()).div_(rays.length)
    scaled = depth * inverse
    facing = torch.addcmul(-light_a, scaled, rays.to_light).addcmul_(share, light_d, value=-1)
    upward = torch.addcmul(-sky_a, scaled, rays.to_sky).addcmul_(share, sky_d, value=-1)
    return rays.key(rest, depth, facing, upward, grey)


def _solids(view: View, centre_BS3: Tensor, axes_BS33: Tensor, scene: Scene) -> Tensor:
    """(B, S, 26): the numbers of solids that :func:`_meet_solids` needs."""
    inverse = 1 / scene.half_BS3
    rows_BS33 = axes_BS33.mT * inverse.unsqueeze(3)
    origin = -(rows_BS33 @ centre_BS3.unsqueeze(3)).squeeze(3)
    outside = _dot(scene.weight_BS3, origin.square()) - 1
    rays = (rows_BS33 * view.squeeze_B13.unsqueeze(1)).flatten(2)
    lights = [(to.unsqueeze(1) @ axes_BS33).squeeze(2) for to in (view.light_B13, view.sky_B13)]
    return torch.cat((rays, origin, scene.weight_BS3, *lights, inverse, outside, scene.solid_grey_BS.unsqueeze(2)), 2)


def _meet_solids(basis_4P: Tensor, first_N2: Tensor, picture_NC: Tensor, shape_NC: Tensor) -> Tensor:
    """The keys (N, P) of rays that meet a solid. Along its axes, in units of its half extents, a ray is o + t r."""
    rays = _Rays(basis_4P, first_N2, picture_NC)
    ray = [rays.along(shape_NC[:, 3 * i : 3 * i + 3]) for i in range(3)]
    columns = shape_NC[:, 9:].split(1, 1)
    origin, weight, light, sky, inverse = (columns[3 * i : 3 * i + 3] for i in range(5))
    outside, grey = columns[15:]
    # The cuboid, |o + t r| <= 1 along every axis: the ray enters through the last of three near planes.
    slope = [(r + 1e-7).reciprocal_() for r in ray]  # no ray is quite parallel
    middle = [s * -o for o, s in zip(origin, slope)]
    near, far = ([m.add(s.abs(), alpha=sign) for m, s in zip(middle, slope)] for sign in (-1, 1))
    enters = torch.maximum(torch.maximum(near[0], near[1]), near[2])
    leaves = torch.minimum(torch.minimum(far[0], far[1]), far[2])
    # The quadric, sum of w (o + t r)^2 <= 1; with no weight at all it is everywhere.
    square, along = torch.full_like(enters, 1e-12), torch.zeros_like(enters)
    for w, o, r in zip(weight, origin, ray):
        square.addcmul_(r * r, w)
        along.addcmul_(r, w * o)
    rest = (along * along).addcmul_(square, outside, value=-1)
    root = rest.clamp_min(0.0).sqrt_()
    round_near = (-along - root).div_(square)
    depth = torch.maximum(enters, round_near)
    leaves = torch.minimum(leaves, (root - along).div_(square))
    # The normal: that of the quadric if it was entered last, else that of the plane.
    curved = [(depth * r).add_(o).mul_(w * i) for w, i, o, r in zip(weight, inverse, origin, ray)]
    norm = sum((c * c for c in curved), torch.full_like(enters, 1e-12)).rsqrt_()
    was_round = ((round_near - enters) * STEEP).clamp_(0.0, 1.0)
    facing, upward = torch.zeros_like(enters), torch.zeros_like(enters)
    for c, n, r, to_light, to_sky in zip(curved, near, ray, light, sky):
        flat = ((n - enters) * STEEP).add_(1.0).clamp_min_(0.0).mul_(r.sign()).neg_()
        normal = torch.lerp(flat, c.mul_(norm), was_round)
        facing.addcmul_(normal, to_light)
        upward.addcmul_(normal, to_sky)
    return rays.key(torch.minimum(rest, leaves - depth), depth, facing, upward, grey)
