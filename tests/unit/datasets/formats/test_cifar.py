"""CIFAR's records, and that the sheets of a package become the same bytes."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from palestra.datasets.formats import cifar
from palestra.datasets.formats.cifar import RECORD, read_cifar, rebuilt
from palestra.datasets.hub.content import UnavailableError
from palestra.errors import PalestraError


def record(label: int, image: np.ndarray) -> bytes:
    """A record as the data set's page describes it: label, then the red, the green and the blue plane, row by row."""
    planes = [image[row, column, channel] for channel in range(3) for row in range(32) for column in range(32)]
    return bytes([label, *planes])


IMAGES = np.random.default_rng(0).integers(256, size=(3, 32, 32, 3), dtype=np.uint8)
LABELS = [3, 0, 9]
DATA = b"".join(record(label, image) for label, image in zip(LABELS, IMAGES))


def test_the_images_come_back() -> None:
    images, labels = read_cifar(DATA, "batch")
    assert np.array_equal(images, IMAGES)
    assert labels.tolist() == LABELS


@pytest.mark.parametrize(("data", "why"), [
    (b"", "batch has 0 bytes; expected records of 3,073"),
    (DATA[:-1], "batch has 9,218 bytes; expected records of 3,073"),
    (DATA + b"\n", "batch has 9,220 bytes"),
    (DATA[:RECORD] + b"\x0a" + DATA[RECORD + 1 :], "batch, record 1: class 10; expected 0 to 9"),
])  # fmt: skip
def test_what_is_no_batch(data: bytes, why: str) -> None:
    with pytest.raises(PalestraError, match=why):
        read_cifar(data, "batch")


@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), max_size=4), st.integers(0, 2))
def test_a_damaged_batch_is_images_or_an_error(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(DATA)
    for place, value in changes:
        data[place] = value
    try:
        images, labels = read_cifar(bytes(data[: len(data) - cut]), "batch")
    except PalestraError:
        return
    assert b"".join(record(int(label), image) for label, image in zip(labels, images)) == data


def sheet(images: np.ndarray, mode: str = "RGB") -> bytes:
    """A PNG with an image a row."""
    out = io.BytesIO()
    Image.fromarray(images.reshape(len(images), 1024, 3)).convert(mode).save(out, "PNG", compress_level=1)
    return out.getvalue()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sheets of three images."""
    monkeypatch.setattr(cifar, "BATCH", 3)


@pytest.mark.usefixtures("small")
def test_sheets_become_the_binary_files() -> None:
    sheets = {"one": sheet(IMAGES), "two": sheet(IMAGES[::-1]), "test": sheet(IMAGES)}
    labels = {"one": json.dumps([*LABELS, 1, 2, 5]).encode(), "test": json.dumps(LABELS).encode()}
    found = dict(rebuilt(sheets, labels))
    assert found["one"] == found["test"] == DATA
    assert found["two"] == b"".join(record(label, image) for label, image in zip([1, 2, 5], IMAGES[::-1]))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("png", "labels", "why"), [
    (sheet(IMAGES), b"[1, 2]", "there are 2 labels for the 3 images of one"),
    (sheet(IMAGES), b"[1, 2, 10]", "something else than 0 to 9"),
    (sheet(IMAGES), b"[1, 2, true]", "something else than 0 to 9"),
    (sheet(IMAGES), b'{"a": 1}', "something else than 0 to 9"),
    (sheet(IMAGES), b"[1, 2,", "the list of labels is no JSON"),
    (sheet(IMAGES), b"[" * 100_000, "the list of labels is no JSON"),
    (sheet(IMAGES[:2]), b"[1, 2, 3]", r"the sheet of one is RGB \(1024, 2\); expected RGB \(1024, 3\)"),
    (sheet(IMAGES, "L"), b"[1, 2, 3]", "the sheet of one is L"),
    (sheet(IMAGES)[:2_000], b"[1, 2, 3]", "the sheet of one is no whole PNG"),
    (b"GIF89a", b"[1, 2, 3]", "the sheet of one is no whole PNG"),
])  # fmt: skip
def test_what_is_no_sheet(png: bytes, labels: bytes, why: str) -> None:
    with pytest.raises(UnavailableError, match=why):
        dict(rebuilt({"one": png}, {"one": labels}))
