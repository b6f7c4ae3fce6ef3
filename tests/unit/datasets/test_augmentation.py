"""Augmentation: what a plain loop does, the same for any size of batch, and every change as often as the next."""

import numpy as np
import pytest
import torch
from torch import Tensor

from palestra.datasets.augmentation import Augmentation, mixed
from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.errors import UsageError

IMAGES = torch.from_numpy(np.random.default_rng(0).integers(1, 256, size=(60, 9, 7, 3), dtype=np.uint8))


def plain(images: Tensor, seed: int, position: int, flip: bool, pad: int) -> Tensor:
    """The same, image by image."""
    out = []
    for i, image in enumerate(images.numpy()):
        (draw,) = (int(bits) for bits in mixed(seed, position + i, 1))
        shown = image[:, ::-1] if flip and draw % 2 else image
        down, across = (((draw >> shift) % (1 << 24)) * (2 * pad + 1) >> 24 for shift in (1, 25))
        edges = [(pad, pad), (pad, pad), *[(0, 0)] * (image.ndim - 2)]
        out.append(np.pad(shown, edges)[down : down + image.shape[0], across : across + image.shape[1]])
    return torch.from_numpy(np.stack(out))


@pytest.mark.parametrize("images", [IMAGES, IMAGES[..., 0], IMAGES.float()], ids=["colour", "grey", "float"])
@pytest.mark.parametrize(("flip", "pad"), [(True, 2), (False, 3), (True, 0), (False, 0)])
def test_it_is_what_a_plain_loop_does(images: Tensor, flip: bool, pad: int) -> None:
    made = Augmentation(flip, pad)(images, 5, 1_000)
    assert made.dtype == images.dtype
    assert torch.equal(made, plain(images, 5, 1_000, flip, pad))


def test_a_place_is_changed_alike_in_any_batch() -> None:
    change = Augmentation(pad=2)
    whole = change(IMAGES, 0, 500)
    parts = [change(IMAGES[start : start + 7], 0, 500 + start) for start in range(0, 60, 7)]
    assert torch.equal(torch.cat(parts), whole)
    assert not torch.equal(change(IMAGES, 1, 500), whole)
    assert not torch.equal(change(IMAGES, 0, 560), whole)


def test_every_change_is_as_likely() -> None:
    draws = mixed(3, 0, 90_000)
    places = Augmentation(pad=1)._places(draws >> np.uint64(1)).bincount()
    assert places.tolist() == pytest.approx([30_000] * 3, rel=0.02)
    assert int((draws & np.uint64(1)).sum()) == pytest.approx(45_000, rel=0.02)
    assert len(set(draws.tolist())) == 90_000


def test_the_mixing_is_splitmix64() -> None:
    """Its published first number of the seed 1234567: the finaliser at the golden ratio more than the seed."""
    (first,) = _finaliser(np.array([1234567], np.uint64) + np.uint64(0x9E3779B97F4A7C15))
    assert int(first) == 6457827717110365317
    (ours,) = mixed(0, 0, 1)
    golden = np.uint64(0x9E3779B97F4A7C15)
    (key,) = _finaliser(golden[None] if isinstance(golden, np.ndarray) else np.array([golden]))
    (expected,) = _finaliser((np.array([key]) + np.uint64(1)) * golden)
    assert ours == expected


def _finaliser(values: np.ndarray) -> np.ndarray:
    """Steele, Lea & Flood 2014, figure 16."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def test_a_loader_changes_what_it_gives() -> None:
    split, change = Split(IMAGES, torch.arange(60)), Augmentation(pad=2)
    loader = Loader(split, 16, seed=4, augmentation=change)
    batches = [batch for _ in range(2) for batch in loader.take(4)]
    assert loader.position == 120
    first, again = batches[0], batches[4]
    assert first.targets is not None
    assert torch.equal(first.inputs, change(IMAGES[first.targets], 4, 0))
    assert again.targets is not None
    assert torch.equal(again.inputs, change(IMAGES[again.targets], 4, 60))


def test_what_cannot_be_changed() -> None:
    with pytest.raises(UsageError, match=r"images of shape \(60, 9\); expected \(B, H, W\) or \(B, H, W, C\)"):
        Augmentation()(IMAGES[:, :, 0, 0], 0, 0)
    with pytest.raises(UsageError, match="pad=-1; expected 0 or more pixels"):
        Augmentation(pad=-1)


def test_mirrors_take_turns() -> None:
    """Half of the images in an epoch, the others in the next, whatever the order and the batches."""
    change, row_B = Augmentation(pad=0, alternating=True), torch.arange(60)
    epochs = [change(IMAGES, 4, 60 * epoch, row_B, epoch) for epoch in range(3)]
    mirrored = [(each != IMAGES).flatten(1).any(1) for each in epochs]
    assert 15 < int(mirrored[0].sum()) < 45
    assert torch.equal(mirrored[1], ~mirrored[0])
    assert torch.equal(mirrored[2], mirrored[0])
    assert torch.equal(epochs[0][mirrored[0]], IMAGES[mirrored[0]].flip(2))
    turned = row_B.flip(0)
    assert torch.equal(change(IMAGES[turned], 4, 0, turned, 0), epochs[0][turned])
    with pytest.raises(UsageError, match="alternating without flip; expected both"):
        Augmentation(flip=False, alternating=True)


def test_a_loader_says_whose_turn_it_is() -> None:
    loader = Loader(Split(IMAGES, torch.arange(60)), 16, seed=4, augmentation=Augmentation(pad=0, alternating=True))
    shown = torch.empty(2, *IMAGES.shape, dtype=torch.uint8)
    for epoch in range(2):
        for images, row_B in loader.take(4):
            assert row_B is not None
            shown[epoch, row_B] = images
    assert torch.equal(shown[1], shown[0].flip(2))
