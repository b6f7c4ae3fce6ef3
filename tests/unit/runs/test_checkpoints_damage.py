"""Any bit flipped and any byte cut off, in any file of a checkpoint, is found before anything is used."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from palestra.runs import checkpoints
from palestra.runs.checkpoints import DamagedCheckpointError


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    state = {"weights": torch.randn(40, generator=torch.Generator().manual_seed(0)), "names": ["a", "b"], "x": 1.5}
    return checkpoints.save(tmp_path, 7, state, info={"score": 0.25})


def spots(checkpoint: Path, count: int, seed: int) -> list[tuple[Path, int]]:
    """Random byte positions over the files, as likely in the small files as in the large one."""
    rng = random.Random(seed)
    files = sorted(checkpoint.iterdir())
    chosen = [rng.choice(files) for _ in range(count)]
    return [(path, rng.randrange(path.stat().st_size)) for path in chosen]


@contextmanager
def damaged(path: Path, bad: bytes) -> Iterator[None]:
    """The file holds other bytes for a while; written in place, which is ten times faster than anew."""
    good = path.read_bytes()
    for data in (bad, good):
        with path.open("r+b") as file:
            file.write(data)
            file.truncate()
        if data is bad:
            yield


def test_a_thousand_bit_flips(checkpoint: Path) -> None:
    rng = random.Random(1)
    for path, position in spots(checkpoint, 1000, seed=2):
        bad = bytearray(path.read_bytes())
        bad[position] ^= 1 << rng.randrange(8)
        with damaged(path, bad), pytest.raises(DamagedCheckpointError, match=r"step-000000000007 is damaged \("):
            checkpoints.verify(checkpoint)
    checkpoints.verify(checkpoint)


def test_every_bit_of_the_manifest(checkpoint: Path) -> None:
    """Whitespace, digits, the digest itself: no flip may leave a manifest that still counts."""
    path = checkpoint / "manifest.json"
    good = path.read_bytes()
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        with damaged(path, bad), pytest.raises(DamagedCheckpointError, match=r"\(manifest\.json: "):
            checkpoints.verify(checkpoint)
    checkpoints.verify(checkpoint)


def test_a_thousand_truncations(checkpoint: Path) -> None:
    for path, length in spots(checkpoint, 1000, seed=3):
        bad = path.read_bytes()[:length]
        with damaged(path, bad), pytest.raises(DamagedCheckpointError, match=re.escape(path.name)):
            checkpoints.verify(checkpoint)
    checkpoints.verify(checkpoint)


def test_the_message_tells_a_cut_from_a_flip(checkpoint: Path) -> None:
    path = checkpoint / "tensors.safetensors"
    data = path.read_bytes()
    cut = rf"tensors.safetensors: 100 bytes, expected {len(data)}"
    with damaged(path, data[:100]), pytest.raises(DamagedCheckpointError, match=cut):
        checkpoints.verify(checkpoint)


def test_bytes_added(checkpoint: Path) -> None:
    for path in sorted(checkpoint.iterdir()):
        bad = path.read_bytes() + b"\n"
        with damaged(path, bad), pytest.raises(DamagedCheckpointError, match=re.escape(path.name)):
            checkpoints.verify(checkpoint)
    checkpoints.verify(checkpoint)


def test_load_verifies_too(checkpoint: Path) -> None:
    path = checkpoint / "state.json"
    path.write_bytes(path.read_bytes().replace(b"1.5", b"2.5"))
    with pytest.raises(DamagedCheckpointError, match=r"state\.json: SHA-256 differs"):
        checkpoints.load(checkpoint)
