"""Sets of four IDX files: from files to splits."""

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from palestra.datasets import idx_set
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Folder
from palestra.errors import PalestraError

IMAGES = np.random.default_rng(0).integers(256, size=(12, 28, 28), dtype=np.uint8)


def resource(folder: Path, labels: int = 12) -> Resource:
    label = np.arange(labels, dtype=np.uint8) % 10
    files = {}
    for part in ("train", "t10k"):
        files[f"{part}-images-idx3-ubyte"] = struct.pack(">4I", 0x803, *IMAGES.shape) + IMAGES.tobytes()
        files[f"{part}-labels-idx1-ubyte"] = struct.pack(">2I", 0x801, labels) + label.tobytes()
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    contents = tuple(Content(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items())
    return Resource("toy", contents, (Folder(str(folder), {name: name for name in files}),))


def test_from_files_to_splits(tmp_path: Path) -> None:
    splits = idx_set.idx_splits(resource(tmp_path / "a"), 4, 0, stand_in=False)
    assert [len(split.inputs) for split in splits.values()] == [8, 4, 12]
    assert torch.equal(splits["test"].inputs, torch.from_numpy(IMAGES))
    assert splits["test"].targets is not None
    assert splits["test"].targets.tolist() == [*range(10), 0, 1]


def test_as_many_labels_as_images(tmp_path: Path) -> None:
    with pytest.raises(PalestraError, match="toy has 12 images and 11 labels; expected as many"):
        idx_set.idx_splits(resource(tmp_path / "a", labels=11), 4, 0, stand_in=False)


def test_the_four_files_in_order() -> None:
    four = idx_set.contents(*"abcd")
    assert [content.sha256 for content in four] == [*"abcd"]
    assert four[0].size == 16 + 60_000 * 28 * 28
    assert four[3].size == 8 + 10_000
    with pytest.raises(ValueError, match="zip"):
        idx_set.contents(*"abc")


def test_made_images_in_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx_set, "SIZES", (50, 20))
    splits = idx_set.idx_splits(resource(tmp_path / "a"), 5, 0, stand_in=True)
    assert [tuple(split.inputs.shape) for split in splits.values()] == [(45, 28, 28), (5, 28, 28), (20, 28, 28)]
