"""From arrays of images to splits: a validation split held out of what there is to train on, uint8 in one tensor."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Split, Splits
from palestra.datasets.parts import held_out
from palestra.datasets.stand_ins import made_images

Labelled = tuple[NDArray[np.uint8], NDArray[Any]]
"""Images (N, H, W[, C]) and their labels (N,)."""


def image_splits(train: Labelled, test: Labelled, *, validation: int, seed: int) -> dict[str, Split]:
    """``train``, ``validation`` (not there if 0) and ``test``: images uint8, labels int64.

    Args:
        train: what there is to train on, some of which is held out.
        test: what only the last figure is measured on.
        validation: rows to hold out.
        seed: decides which.
    """
    rest, held = held_out(len(train[0]), validation, seed)
    splits = {"train": _split(*(part[rest] for part in train))}
    if validation:
        splits["validation"] = _split(*(part[held] for part in train))
    return splits | {"test": _split(*test)}


def made_splits(shape: tuple[int, ...], classes: int, sizes: tuple[int, int], *, validation: int, seed: int) -> Splits:
    """The same of made images: ``sizes`` to train on and to test on."""
    train, test = (
        made_images(shape, classes, size, seed, split=split) for split, size in zip(("train", "test"), sizes)
    )
    return image_splits(train, test, validation=validation, seed=seed)


def _split(images: NDArray[np.uint8], labels: NDArray[Any]) -> Split:
    inputs = images if images.flags.writeable else images.copy()  # PyTorch wants memory that may be written
    return Split(torch.from_numpy(inputs), torch.from_numpy(labels.astype(np.int64)))
