"""Faces: half of the patches are some."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from palestra.datasets import faces
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Folder


def test_the_first_half_are_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    np.save(out, np.arange(8 * 4.0).reshape(8, 2, 2) / 32)
    (tmp_path / "lfw_subset.npy").write_bytes(out.getvalue())
    content = Content("lfw_subset.npy", len(out.getvalue()), hashlib.sha256(out.getvalue()).hexdigest())
    folder = Folder(str(tmp_path), {"lfw_subset.npy": "lfw_subset.npy"})
    monkeypatch.setattr(faces, "RESOURCE", Resource("faces", (content,), (folder,)))
    splits = faces.load(validation=0.25, test=0.25)
    assert [len(split.inputs) for split in splits.values()] == [4, 2, 2]
    for split in splits.values():
        assert split.targets is not None
        assert (split.inputs[:, 0, 0] < 0.5).long().equal(split.targets)
