"""Blocks: closed bodies of the sizes told, which fit between the jaws; those held out are of other kinds."""

import numpy as np
import pytest

from palestra.envs.arm.blocks import CORNERS, HELD_OUT, LEAST_HALF, MOST_HALF, SETS, TRAINED, block
from palestra.envs.arm.jaws import WIDEST
from palestra.envs.arm.objects import object_set


def test_held_out_kinds_are_never_trained_with() -> None:
    kinds = {name: {block(number).kind for number in numbers} for name, numbers in SETS.items()}
    assert kinds == {"train": set(TRAINED), "held-out": set(HELD_OUT)}
    assert (len(object_set("train", blocks=True)), len(object_set("held-out", blocks=True))) == (90, 30)
    assert block(7) == block(7) != block(9)


def test_they_are_of_the_sizes_told_and_fit_between_the_jaws() -> None:
    half = np.array([block(number).half for numbers in SETS.values() for number in numbers])
    assert (half[:, 1:] >= LEAST_HALF[1:]).all()
    assert (half <= np.maximum(MOST_HALF, MOST_HALF[1])).all()
    assert (2 * half[:, 1] < WIDEST - 0.03).all()


@pytest.mark.parametrize("number", [90, 91, 92])
def test_the_surface_is_closed_and_seen_from_outside(number: int) -> None:
    """Every edge belongs to two triangles, in either direction, and the volume inside is positive."""
    one = block(number)
    corners, faces = np.array(one.vertices()), np.array(one.triangles()).reshape(-1, 3)
    assert len(corners) == 2 * CORNERS[one.kind]
    edges = [tuple(face[[i, (i + 1) % 3]]) for face in faces for i in range(3)]
    assert len(set(edges)) == len(edges)
    assert set(edges) == {(b, a) for a, b in edges}
    a, b, c = (corners[faces[:, i]] for i in range(3))
    assert (np.cross(a, b) * c).sum() / 6 > 0.5 * np.prod(2 * np.array(one.half))
    np.testing.assert_allclose(np.abs(corners).max(0), one.half, rtol=1e-6)
