"""Files of tensors are those of the safetensors library, hashed while they are written."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from palestra.runs import tensorfile
from palestra.runs.codec import encode
from palestra.runs.tensorfile import read_tensors, write_tensors


def test_loaded_tensors_do_not_write_to_the_file(tmp_path: Path) -> None:
    tensors_before, _ = encode({"x": torch.zeros(1000), "y": np.zeros(3)})
    write_tensors(tmp_path / "f", tensors_before)
    before = (tmp_path / "f").read_bytes()
    back = read_tensors(tmp_path / "f")
    for tensor in back.values():
        tensor += 1
        tensor.numpy()[:] = 2
    assert (tmp_path / "f").read_bytes() == before


def test_file_equals_the_library_s(tmp_path: Path) -> None:
    """The safetensors library reads our bytes as it reads its own, and writes the same size."""
    given = {
        "half": torch.randn(3).to(torch.bfloat16), "flags": torch.tensor([True, False, True]),
        "double": torch.randn(2, 2, dtype=torch.float64), "bytes": torch.arange(5, dtype=torch.uint8),
    }  # fmt: skip
    size, digest = write_tensors(tmp_path / "ours", given)
    safetensors.torch.save_file(given, tmp_path / "theirs")
    assert size == (tmp_path / "ours").stat().st_size
    ours, theirs = (safetensors.torch.load_file(tmp_path / name) for name in ("ours", "theirs"))
    assert sorted(ours) == sorted(theirs)
    for name, tensor in ours.items():
        assert (tensor.dtype, tensor.shape) == (theirs[name].dtype, theirs[name].shape)
        assert torch.equal(tensor, theirs[name])
    for file in ("ours", "theirs"):
        raw = (tmp_path / file).read_bytes()
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        for name, tensor in given.items():
            assert header[name]["data_offsets"][0] % tensor.element_size() == 0
    assert len(digest) == 64


def test_the_digest_is_of_the_whole_file_however_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = {"a": torch.arange(300, dtype=torch.int64), "b": torch.ones(7, dtype=torch.uint8)}
    whole = write_tensors(tmp_path / "whole", tensors)
    monkeypatch.setattr(tensorfile, "_CHUNK", 101)
    assert write_tensors(tmp_path / "cut", tensors) == whole
    written = (tmp_path / "cut").read_bytes()
    assert written == (tmp_path / "whole").read_bytes()
    assert whole == (len(written), hashlib.sha256(written).hexdigest())
    assert torch.equal(read_tensors(tmp_path / "cut")["a"], tensors["a"])
