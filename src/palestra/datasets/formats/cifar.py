"""CIFAR-10's binary form (https://www.cs.toronto.edu/~kriz/cifar.html), and the sheets that one package keeps it in.

A record is a label and 3 x 32 x 32 bytes: all red, all green, all blue. The site's Python form is a pickle, which could
run anything when it is read, and never is read here.
"""

import io
import json
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.hub.content import UnavailableError
from palestra.errors import PalestraError

SIDE = 32
PIXELS = SIDE * SIDE
RECORD = 1 + 3 * PIXELS
BATCH = 10_000
"""Images of a file."""
CLASSES = 10


def read_cifar(data: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, 32, 32, 3) and labels (N,) of a binary file. PalestraError for anything else, with the record."""
    if not data or len(data) % RECORD:
        raise PalestraError(f"{name} has {len(data):,} bytes; expected records of {RECORD:,}")
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    labels = records[:, 0]
    if labels.max() >= CLASSES:
        wrong = int((labels >= CLASSES).argmax())
        raise PalestraError(f"{name}, record {wrong}: class {labels[wrong]}; expected 0 to {CLASSES - 1}")
    images = np.empty((len(records), PIXELS, 3), np.uint8)
    for channel, plane in enumerate(records[:, 1:].reshape(-1, 3, PIXELS).swapaxes(0, 1)):
        images[..., channel] = plane  # four times as fast as a transposition
    return images.reshape(-1, SIDE, SIDE, 3), labels.copy()


def rebuilt(sheets: Mapping[str, bytes], labels: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """The binary files from PNG sheets of 10,000 rows, an image a row, and lists of labels.

    Args:
        sheets: name of the binary file to PNG, in the order of the labels.
        labels: name of the first of these files to the JSON list of labels that begins with it.

    Raises UnavailableError for what is no such sheet or list.
    """
    following: list[int] = []
    for name, sheet in sheets.items():
        if name in labels:
            following = _labels(labels[name])
        if len(following) < BATCH:
            raise UnavailableError(f"there are {len(following)} labels for the {BATCH:,} images of {name}")
        label_N, following = np.array(following[:BATCH], np.uint8), following[BATCH:]
        pixels = _pixels(sheet, name).reshape(BATCH, PIXELS, 3).transpose(0, 2, 1).reshape(BATCH, 3 * PIXELS)
        yield name, np.concatenate((label_N[:, None], pixels), 1).tobytes()


def _labels(data: bytes) -> list[int]:
    try:
        labels = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UnavailableError("the list of labels is no JSON") from error
    if not isinstance(labels, list) or not all(type(each) is int and 0 <= each < CLASSES for each in labels):
        raise UnavailableError(f"the list of labels holds something else than 0 to {CLASSES - 1}")
    return labels


def _pixels(sheet: bytes, name: str) -> NDArray[np.uint8]:
    from PIL import Image  # 30 ms, and only for who fetches

    expected = (PIXELS, BATCH)
    try:
        with Image.open(io.BytesIO(sheet), formats=["PNG"]) as image:
            if image.size != expected or image.mode != "RGB":
                raise UnavailableError(f"the sheet of {name} is {image.mode} {image.size}; expected RGB {expected}")
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnavailableError(f"the sheet of {name} is no whole PNG ({error})") from error
