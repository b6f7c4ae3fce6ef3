"""Blocks that fit between a gripper's jaws: those to train with, and others that are kept for evaluation.

Every one is convex and stands upright. The training's are cuboids and round cylinders; the held-out ones are of three
kinds that training never sees: hexagonal prisms, oval cylinders, and stubs of a pyramid, whose sides lean away from the
pads. Sizes and masses are drawn once, from the number of the block.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["cuboid", "cylinder", "prism", "oval", "stub"]
LEAST_HALF, MOST_HALF = (0.016, 0.014, 0.02), (0.03, 0.032, 0.03)
"""Half extents along x, y (where the jaws close) and z (m)."""
MASSES = (0.05, 0.2)
"""Kilogrammes."""
TRAINED: tuple[Kind, ...] = ("cuboid", "cylinder")
HELD_OUT: tuple[Kind, ...] = ("prism", "oval", "stub")
SETS = {"train": range(90), "held-out": range(90, 120)}
"""Numbers of the blocks to train with and of those kept for evaluation."""
CORNERS = {"cuboid": 4, "cylinder": 0, "prism": 6, "oval": 20, "stub": 4}
"""Of the outline seen from above; a cylinder is round."""
NARROWING = {"stub": 0.88}
"""Width of the top in units of the width of the foot, where it is not 1."""
FRICTION = 0.8


@dataclass(frozen=True)
class Block:
    """What PyBullet makes of it."""

    kind: Kind
    half: tuple[float, float, float]
    """Half extents along x, y and z (m); the middle is the centre of mass."""
    mass: float
    friction: float = FRICTION

    def vertices(self) -> list[tuple[float, float, float]]:
        """Its corners, the foot's first, each ring in the sense of the clock's opposite. None of a cylinder."""
        count = CORNERS[self.kind]
        if count == 4:
            ring = [(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)]
        else:
            angles = [2 * math.pi * i / count for i in range(count)]
            widest = max(map(math.sin, angles))  # a hexagon has a flat side there, to each pad
            ring = [(math.cos(angle), math.sin(angle) / widest) for angle in angles]
        x, y, z = self.half
        top = NARROWING.get(self.kind, 1.0)
        return [(s * x * a, s * y * b, h) for s, h in ((1.0, -z), (top, z)) for a, b in ring]

    def triangles(self) -> list[int]:
        """Numbers of vertices, three to a triangle, seen from outside against the clock."""
        count = CORNERS[self.kind]
        sides = [(i, (i + 1) % count) for i in range(count)]
        faces = [(i, j, count + j) for i, j in sides] + [(i, count + j, count + i) for i, j in sides]
        faces += [(0, i + 1, i) for i in range(1, count - 1)]
        faces += [(count, count + i, count + i + 1) for i in range(1, count - 1)]
        return [number for face in faces for number in face]


def block(number: int) -> Block:
    """The block of that number."""
    kinds = TRAINED if number in SETS["train"] else HELD_OUT
    kind = kinds[number % len(kinds)]
    rng = np.random.default_rng([17, number])
    x, y, z = (round(float(half), 4) for half in rng.uniform(LEAST_HALF, MOST_HALF))
    return Block(kind, (y if kind == "cylinder" else x, y, z), round(float(rng.uniform(*MASSES)), 3))
