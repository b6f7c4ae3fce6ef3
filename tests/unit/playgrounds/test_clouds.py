"""Points to begin with: within the picture, of every class, and the same from one seed."""

import pytest
import torch

from palestra.engine.seeding import generator
from palestra.playgrounds.clouds import CLASSES, GROUPS

MAKERS = {f"classes {name}": (lambda rng, make=make: make(200, 0.0, rng)) for name, make in CLASSES.items()} | {
    f"groups {name}": (lambda rng, make=make: make(200, rng)) for name, make in GROUPS.items()
}


@pytest.mark.parametrize("name", MAKERS)
def test_points_lie_within_the_picture_and_come_from_the_seed(name: str) -> None:
    points, which = MAKERS[name](generator(0, "points"))
    again, _ = MAKERS[name](generator(0, "points"))
    assert points.shape == (200, 2)
    assert points.dtype == torch.float64
    assert (points.abs() <= 1.1).all()
    assert torch.equal(points, again)
    counts = which.bincount()
    assert counts.min() > 0.4 * 200 / len(counts)


def test_corners_are_exclusive_or_and_rings_lie_around() -> None:
    points, which = CLASSES["corners"](400, 0.0, generator(1, "points"))
    assert torch.equal(which == 1, points[:, 0] * points[:, 1] < 0)
    points, which = CLASSES["rings"](400, 0.0, generator(1, "points"))
    radius = points.norm(dim=1)
    assert radius[which == 0].max() < radius[which == 1].min()


def test_noise_blurs() -> None:
    for make in (CLASSES["two"], CLASSES["moons"], CLASSES["spirals"], CLASSES["rings"]):
        still, _ = make(500, 0.0, generator(2, "points"))
        blurred, _ = make(500, 1.0, generator(2, "points"))
        assert (blurred - still).square().mean() > 1e-3
