"""The lesson on augmentation: changes are what they are called, and what is measured is training by training."""

import math

import pytest
import torch

from palestra.trials.lessons import augmentation
from palestra.trials.lessons.augmentation import (
    CHANGES,
    SHIFT,
    SIDE,
    STRETCH,
    TURN,
    bent,
    between,
    lesson,
    mirrored,
    moved,
    noisy,
)


def images(rows: int = 20) -> torch.Tensor:
    """(2, rows, 8, 8), two of a class."""
    return torch.rand(2, rows, 8, 8, generator=torch.Generator().manual_seed(0))


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_what_lies_between_two_of_a_class_is_their_mean_with_weights() -> None:
    shown = images()
    made, partner = between(shown, rng()), shown.view(2, 10, 2, 8, 8).flip(2).view_as(shown)  # the only other one
    far = (partner - shown).flatten(2)
    share = ((made - shown).flatten(2) * far).sum(-1, keepdim=True) / far.square().sum(-1, keepdim=True)
    torch.testing.assert_close(made.flatten(2), shown.flatten(2) + share * far)
    assert float(share.min()) == 0  # its other one may be itself
    assert 0.5 < float(share.max()) <= 1


def test_changes_are_what_they_are_called() -> None:
    shown = images(200)
    flipped = mirrored(shown, rng())
    turned = (flipped == shown.flip(-1)).flatten(2).all(-1)
    assert torch.equal(turned, ~(flipped == shown).flatten(2).all(-1))
    assert 0.4 < float(turned.double().mean()) < 0.6
    torch.testing.assert_close((noisy(shown, rng()) - shown).std(), torch.tensor(augmentation.NOISE), rtol=0.05, atol=0)
    aside = moved(shown, rng())
    places = [
        (aside[..., 1:-1, 1:-1] == shown[..., 1 + row : 7 + row, 1 + column : 7 + column]).flatten(2).all(-1)
        for row in (-1, 0, 1)
        for column in (-1, 0, 1)
    ]
    assert all(0.05 < float(each.double().mean()) < 0.2 for each in places)
    assert sum(places).eq(1).all()  # type: ignore[union-attr]
    assert torch.equal(CHANGES["as they are"](shown, rng()), shown)


def test_what_is_judged_has_the_same_images_and_weights_for_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "STEPS", 0)
    same = augmentation.accuracies_by_change(2, 0)
    assert [*same] == [*CHANGES]
    assert all(torch.equal(each, same["noise"]) for each in same.values())
    assert len(same["noise"].unique()) > 1  # though each training has images and weights of its own
    monkeypatch.setattr(augmentation, "STEPS", 2)
    found = augmentation.accuracies_by_change(2, 0)
    assert not torch.equal(found["noise"], found["mirrored"])


def test_what_is_bent_a_little_is_the_image_turned_stretched_and_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    middle = (torch.arange(SIDE) - (SIDE - 1) / 2) / SIDE
    row, column = torch.meshgrid(middle, middle, indexing="ij")
    dot = torch.exp(-20 * ((row - 0.1).square() + column.square())).expand(1, 400, SIDE, SIDE)  # below the middle

    def places() -> tuple[torch.Tensor, torch.Tensor]:
        seen = bent(dot, rng())[0]
        weight = seen.sum((1, 2))
        return (seen * row).sum((1, 2)) / weight * SIDE, (seen * column).sum((1, 2)) / weight * SIDE

    down, across = places()
    before = float((dot[0, 0] * row).sum() / dot[0, 0].sum()) * SIDE
    assert float(down.mean()) == pytest.approx(before, abs=0.1)
    assert abs(float(across.mean())) < 0.1
    assert SHIFT * 0.8 < float(across.abs().max()) < SHIFT + before * math.sin(TURN) + before * STRETCH + 0.2
    for name in ("TURN", "STRETCH", "SHIFT"):
        monkeypatch.setattr(augmentation, name, 0.0)
    torch.testing.assert_close(bent(dot, rng()), dot)
    monkeypatch.setattr(augmentation, "TURN", math.pi / 2)  # by up to a right angle: no farther from the middle
    down, across = places()
    assert float(across.max()) > 0.5 * before
    assert float((down.square() + across.square()).sqrt().mean()) == pytest.approx(before, rel=0.2)


def test_to_bend_digits_is_worth_something_and_to_mirror_them_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "COUNTS", (5,))
    rows = {(count, name): figures for count, name, *figures in lesson(0).rows}
    assert len(rows) == len(CHANGES)
    accuracy, gain, low, high = map(float, rows["5", "bent a little"])
    assert gain == pytest.approx(accuracy - float(rows["5", "as they are"][0]))
    assert low < gain < high
    assert gain > 0.005
    assert float(rows["5", "mirrored"][1]) < -0.02
