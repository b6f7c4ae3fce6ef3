"""Made images: of the asked shape, by the seed alone, and such that something can be learned from them."""

import numpy as np
import pytest

from palestra.datasets.stand_ins import made_images


@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3), (8, 10)])
def test_shape_and_classes(shape: tuple[int, ...]) -> None:
    images, labels = made_images(shape, 5, 52, 0, split="train")
    assert images.shape == (52, *shape)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [11, 11, 10, 10, 10]


def test_the_seed_decides() -> None:
    first, again, other = (made_images((9, 9), 3, 20, seed, split="train") for seed in (0, 0, 1))
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], made_images((9, 9), 3, 20, 0, split="test")[0])


def test_a_class_is_the_same_in_every_split() -> None:
    """The nearest mean of the training images tells the classes of others."""
    (images, labels), (others, theirs) = (made_images((28, 28), 4, 400, 0, split=name) for name in ("train", "test"))
    means = np.stack([images[labels == label].mean(0) for label in range(4)])
    distance = ((others[:, None] - means[None]) ** 2).sum((2, 3))
    assert (distance.argmin(1) == theirs).mean() > 0.9
