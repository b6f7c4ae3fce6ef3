"""CIFAR-10: from its files, from the package that keeps it as sheets, and made."""

import hashlib
import io
import json
from itertools import chain
from pathlib import Path

import numpy as np
import packed
import pytest
import torch
from PIL import Image

from palestra.datasets import cifar10
from palestra.datasets.dataset import Dataset
from palestra.datasets.formats import cifar
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.display import Silent
from palestra.datasets.hub.ladder import Resource, fetch
from palestra.datasets.hub.sources import Archive, NpmPackage

NAMES = [content.name for content in cifar10.RESOURCE.contents]
BATCH = 4


def batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(256, size=(BATCH, 32, 32, 3), dtype=np.uint8), rng.integers(10, size=BATCH).astype(np.uint8)


def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Binary files of four images each in the place of the real ones."""
    monkeypatch.setattr(cifar, "BATCH", BATCH)
    files = {}
    for seed, name in enumerate(NAMES):
        images, labels = batch(seed)
        records = [bytes([label]) + image.transpose(2, 0, 1).tobytes() for image, label in zip(images, labels)]
        files[name] = b"".join(records)
    contents = tuple(Content(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items())
    monkeypatch.setattr(cifar10, "RESOURCE", Resource("cifar10", contents, cifar10.RESOURCE.sources))
    return files


def as_png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(batch(seed)[0].reshape(BATCH, 1024, 3)).save(out, "PNG")
    return out.getvalue()


def test_both_archives_give_the_same_splits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = small(monkeypatch)
    original, package = (source for source in cifar10.RESOURCE.sources)
    assert isinstance(original, Archive)
    assert isinstance(package, NpmPackage)
    (tmp_path / "original.tgz").write_bytes(packed.tgz({f"cifar-10-batches-bin/{n}": d for n, d in files.items()}))
    members = {f"package/{name.removesuffix('.bin')}.png": as_png(seed) for seed, name in enumerate(NAMES)}
    labels = [batch(seed)[1].tolist() for seed in range(6)]
    members["package/train_lables.json"] = json.dumps([*chain.from_iterable(labels[:5])]).encode()
    members["package/test_lables.json"] = json.dumps(labels[5]).encode()
    (tmp_path / "package.tgz").write_bytes(packed.tgz(members))
    for archive in ("original.tgz", "package.tgz"):
        monkeypatch.setenv("PALESTRA_DATA", str(tmp_path / f"cache of {archive}"))
        assert fetch(cifar10.RESOURCE, given=tmp_path / archive, display=Silent()) == files
        splits = Dataset("cifar10", {"validation": 5}).load()
        assert [tuple(split.inputs.shape) for split in splits.values()] == [
            (15, 32, 32, 3), (5, 32, 32, 3), (4, 32, 32, 3),
        ]  # fmt: skip
        assert torch.equal(splits["test"].inputs, torch.from_numpy(batch(5)[0]))
        assert splits["test"].targets is not None
        assert splits["test"].targets.tolist() == labels[5]


def test_made_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "SIZES", (40, 20))
    splits = Dataset("cifar10", {"validation": 0, "stand_in": True}).load()
    assert [tuple(split.inputs.shape) for split in splits.values()] == [(40, 32, 32, 3), (20, 32, 32, 3)]
    assert Dataset("cifar10").class_names()[3] == "cat"
