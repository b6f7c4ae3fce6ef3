"""Any bit flipped and any byte cut off, in any file of a checkpoint, is found before anything is used."""

import random
from pathlib import Path

import pytest
import torch

from palestra.runs import checkpoints


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


def test_a_thousand_bit_flips(checkpoint: Path) -> None:
    rng = random.Random(1)
    for path, position in spots(checkpoint, 1000, seed=2):
        good = path.read_bytes()
        bad = bytearray(good)
        bad[position] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(checkpoints.DamagedCheckpointError, match=r"step-000000000007 is damaged \("):
            checkpoints.verify(checkpoint)
        path.write_bytes(good)
    checkpoints.verify(checkpoint)


def test_every_bit_of_the_manifest(checkpoint: Path) -> None:
    """Whitespace, digits, the digest itself: no flip may leave a manifest that still counts."""
    path = checkpoint / "manifest.json"
    good = path.read_bytes()
    for bit in range(8 * len(good)):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        with pytest.raises(checkpoints.DamagedCheckpointError, match="manifest.json"):
            checkpoints.verify(checkpoint)
    path.write_bytes(good)
    checkpoints.verify(checkpoint)


def test_a_thousand_truncations(checkpoint: Path) -> None:
    for path, length in spots(checkpoint, 1000, seed=3):
        good = path.read_bytes()
        path.write_bytes(good[:length])
        with pytest.raises(checkpoints.DamagedCheckpointError, match=path.name):
            checkpoints.verify(checkpoint)
        path.write_bytes(good)
    checkpoints.verify(checkpoint)


def test_bytes_added(checkpoint: Path) -> None:
    for path in sorted(checkpoint.iterdir()):
        good = path.read_bytes()
        path.write_bytes(good + b"\n")
        with pytest.raises(checkpoints.DamagedCheckpointError, match=path.name):
            checkpoints.verify(checkpoint)
        path.write_bytes(good)


def test_load_verifies_too(checkpoint: Path) -> None:
    path = checkpoint / "state.json"
    path.write_bytes(path.read_bytes().replace(b"1.5", b"2.5"))
    with pytest.raises(checkpoints.DamagedCheckpointError, match="state.json: SHA-256 differs"):
        checkpoints.load(checkpoint)
