"""Stand-ins: images that are made on the spot, in the shape of a data set that cannot be had.

Each class has a soft blot of its own, which an image shows somewhat shifted, lighter or darker, under noise: enough to
try a training on, and nothing that a result could be claimed for. Who wants one asks for it by ``stand_in=true``, which
stands in the run's configuration from then on.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

_COARSE = 7
_SHIFT = 2
_NOISE = 64


def made_images(
    shape: tuple[int, ...], classes: int, count: int, seed: int, *, split: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, *shape) and labels (N,), each class as often as the next. Splits of one seed have the same classes.

    Args:
        shape: (H, W), or (H, W, 3).
        classes: how many.
        count: of the images.
        seed: of the classes and of the images.
        split: whose images; each split has others.
    """
    shifted = _shifted(shape, classes, seed)  # (classes, places, *shape), in 0 to 1
    rng = np.random.default_rng([seed, *split.encode()])
    labels = rng.permutation(np.arange(count) % classes).astype(np.uint8)
    place = rng.integers(shifted.shape[1], size=count)
    images = rng.integers(_NOISE, size=(count, *shape), dtype=np.uint8)
    light = rng.uniform(0.6, 1.0, count).astype(np.float32) * (255 - _NOISE)
    for start in range(0, count, 4_096):
        rows = slice(start, start + 4_096)
        blots = shifted[labels[rows], place[rows]]
        images[rows] += (blots * light[rows].reshape(-1, *(1 for _ in shape))).astype(np.uint8)
    return images, labels


def _shifted(shape: tuple[int, ...], classes: int, seed: int) -> NDArray[np.float32]:
    """Every class's blot at every place."""
    rng = np.random.default_rng([seed, classes, *shape])
    height, width, *rest = shape
    coarse = rng.random((classes, _COARSE, _COARSE, *rest))
    smooth = _stretched(_stretched(coarse, height, 1), width, 2)
    blots = np.clip(3 * smooth - 1, 0, 1).astype(np.float32)  # some of it quite dark, some quite light
    moves = range(-_SHIFT, _SHIFT + 1)
    return np.stack([np.roll(blots, move, (1, 2)) for move in product(moves, moves)], 1)


def _stretched(values: NDArray[np.float64], size: int, axis: int) -> NDArray[np.float64]:
    """Linear interpolation to another size along an axis."""
    at = np.linspace(0, values.shape[axis] - 1, size)
    low = np.minimum(at.astype(int), values.shape[axis] - 2)
    share = (at - low).reshape([-1 if i == axis else 1 for i in range(values.ndim)])
    stretched: NDArray[np.float64] = (1 - share) * values.take(low, axis) + share * values.take(low + 1, axis)
    return stretched
