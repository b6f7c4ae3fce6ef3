"""Where rays meet capsules and solids, and what grey is seen there, analytically.

A capsule is what lies within a radius of a segment. A solid is a cuboid cut by a quadric with the same axes, in which
each axis has a weight: weights (1, 1, 1) leave an ellipsoid, (1, 1, 0) a cylinder, (0, 0, 0) the whole cuboid.

A surface of grey g, with normal n and the light in direction l, is seen as

    g (ambient + min(diffuse max(0, n l) + specular max(0, r_z)^2, 1 - ambient)),    r = 2 (n l) n - l

Depth and grey are one float32, a *key*: the least of the keys of one pixel belongs to the nearest surface and brings
its grey along, so that one reduction takes the place of a minimum and a look-up (:func:`packed`). Comparisons cost ten
times as much as sums on a CPU, so choices are made by clamped sums where there are many of them. ``meet_capsules`` and
``meet_solids`` work on numbers alone, so ``torch.compile`` makes one loop of each, seven times as fast.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from palestra.envs.arm.scene import Scene

NEAR = 0.1
"""Metres along the camera's axis, nearer than which nothing is seen."""
FAR = 1e6
STEEP = 1e30
"""Makes a step of a slope: a positive number times this is more than any other number here."""
GREY = 255
"""The bits of a key that hold the grey: the lowest eight."""


def packed(depth: Tensor, grey: Tensor) -> Tensor:
    """Keys float32 of depths float32, at least 0, and greys int32 from 0 to 255, which are written over.

    The bits of positive floats are ordered as the floats are. So with its lowest eight bits given to the grey a key
    still sorts by depth, to one part in 30,000, which is what the other fifteen bits of its fraction hold; of two
    surfaces nearer to each other than that the darker is seen.
    """
    return grey.bitwise_or_(depth.view(torch.int32) & ~GREY).view(torch.float32)


def grey_of(key: Tensor) -> Tensor:
    """The greys uint8 in keys."""
    return (key.view(torch.int32) & GREY).to(torch.uint8)


class View(NamedTuple):
    """What the camera does to a direction: r(x, y) v = x v'_x + y v'_y + v'_z, with v' = v times ``squeeze``."""

    squeeze_B13: Tensor
    half_B: Tensor
    light_B13: Tensor
    """The direction of the light in the camera's axes."""
    sky_B13: Tensor
    """The direction upwards in the camera's axes."""


class Rays:
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
        """(N, P) float32: the :func:`packed` depth and grey that is seen there.

        It is beyond FAR where nothing is met: where ``inside`` is negative, or nearer than NEAR.
        """
        ambient, diffuse, specular, light_z = self._light
        shine = torch.addcmul(-light_z, facing, upward, value=2.0).clamp_min_(0.0).square_().mul_(specular)
        lit = torch.addcmul(shine, facing.clamp_min(0.0), diffuse)
        seen = torch.minimum(lit, 1.0 - ambient).mul_(grey).add_(grey * ambient + 0.5).to(torch.int32)
        key = packed(depth, seen)
        outside = torch.minimum(inside, depth - NEAR).clamp_max_(0.0)
        return key.add_(outside, alpha=-STEEP)


def _dot(p: Tensor, q: Tensor) -> Tensor:
    return (p * q).sum(2, keepdim=True)


def capsules(view: View, ends_BK23: Tensor, radius_K: Tensor, grey_BK: Tensor) -> Tensor:
    """(B, K, 20): the numbers of capsules that :func:`meet_capsules` needs."""
    a, b = ends_BK23.unbind(2)
    d = b - a
    ad, dd = _dot(a, d), _dot(d, d).clamp_min(1e-9)
    outside = _dot(a, a) - radius_K.square().unsqueeze(1)
    inverse = (1 / radius_K).unsqueeze(1)
    lights = [_dot(vector, to) * inverse for to in (view.light_B13, view.sky_B13) for vector in (a, d)]
    numbers = (ad, dd, 1 / dd, outside, dd * outside - ad * ad, *lights, inverse.expand_as(ad), grey_BK.unsqueeze(2))
    return torch.cat((a * view.squeeze_B13, d * view.squeeze_B13, (dd * a - ad * d) * view.squeeze_B13, *numbers), 2)


def meet_capsules(basis_4P: Tensor, first_N2: Tensor, picture_NC: Tensor, shape_NC: Tensor) -> Tensor:
    """The keys (N, P) of rays that meet a capsule around the segment from a to a + d.

    Where a ray enters the endless cylinder says which point of the segment is responsible, an end if it is beyond. The
    capsule is then met where the ball around that point is, even on the cylinder, whose normal there is the ball's.
    """
    rays = Rays(basis_4P, first_N2, picture_NC)
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


def solids(view: View, centre_BS3: Tensor, axes_BS33: Tensor, scene: Scene) -> Tensor:
    """(B, S, 26): the numbers of solids that :func:`meet_solids` needs."""
    inverse = 1 / scene.half_BS3
    rows_BS33 = axes_BS33.mT * inverse.unsqueeze(3)
    origin = -(rows_BS33 @ centre_BS3.unsqueeze(3)).squeeze(3)
    outside = _dot(scene.weight_BS3, origin.square()) - 1
    rays = (rows_BS33 * view.squeeze_B13.unsqueeze(1)).flatten(2)
    lights = [(to.unsqueeze(1) @ axes_BS33).squeeze(2) for to in (view.light_B13, view.sky_B13)]
    return torch.cat((rays, origin, scene.weight_BS3, *lights, inverse, outside, scene.solid_grey_BS.unsqueeze(2)), 2)


def meet_solids(basis_4P: Tensor, first_N2: Tensor, picture_NC: Tensor, shape_NC: Tensor) -> Tensor:
    """The keys (N, P) of rays that meet a solid. Along its axes, in units of its half extents, a ray is o + t r."""
    rays = Rays(basis_4P, first_N2, picture_NC)
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
