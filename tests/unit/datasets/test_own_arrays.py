"""One's own arrays: what is taken, and the row that is wrong."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import outcome

from palestra.datasets.own_arrays import digests, load
from palestra.errors import UsageError

IMAGES = np.random.default_rng(0).integers(256, size=(20, 5, 5), dtype=np.uint8)
LABELS = np.arange(20) % 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.npz"


@pytest.mark.parametrize("names", [("inputs", "targets"), ("x", "y"), ("images", "labels")])
def test_an_archive(path: Path, names: tuple[str, str]) -> None:
    np.savez_compressed(path, **dict(zip(names, (IMAGES, LABELS))))
    splits = load(str(path), seed=1)
    assert {name: len(split.inputs) for name, split in splits.items()} == {"train": 12, "validation": 4, "test": 4}
    inputs = torch.cat([split.inputs for split in splits.values()])
    assert inputs.dtype == torch.uint8
    order = [int((image.numpy() == IMAGES).all((1, 2)).argmax()) for image in inputs]
    assert sorted(order) == list(range(20))
    targets = torch.cat([split.targets for split in splits.values() if split.targets is not None])
    assert targets.tolist() == LABELS[order].tolist()


def test_the_test_rows_apart(path: Path) -> None:
    np.savez(path, x_train=IMAGES, y_train=LABELS[:, None], x_test=IMAGES[:5], y_test=LABELS[:5, None])
    splits = load(str(path), validation=0.25)
    assert {name: len(split.inputs) for name, split in splits.items()} == {"train": 15, "validation": 5, "test": 5}
    assert splits["test"].targets is not None
    assert splits["test"].targets.tolist() == LABELS[:5].tolist()
    assert "validation" not in load(str(path), validation=0.0)


def test_an_array_of_its_own_for_each(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(20.0).reshape(10, 2))
    np.save(tmp_path / "y.npy", np.arange(10) / 2)
    with_targets = load(str(tmp_path / "x.npy"), targets=str(tmp_path / "y.npy"))
    train = with_targets["train"]
    assert train.targets is not None
    assert torch.equal(train.inputs[:, 0], 4 * train.targets)
    assert (train.inputs.dtype, train.targets.dtype) == (torch.float32, torch.float32)
    assert load(str(tmp_path / "x.npy"))["train"].targets is None
    assert digests(str(tmp_path / "x.npy"), str(tmp_path / "y.npy")) == {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in (tmp_path / "x.npy", tmp_path / "y.npy")
    }


NAN = np.ones((20, 4))
NAN[7, 2] = np.nan


@pytest.mark.parametrize(("arrays", "why"), [
    ({"inputs": NAN, "targets": LABELS}, "row 7 of .*inputs has NaN or infinity; expected finite numbers"),
    ({"inputs": IMAGES, "targets": LABELS - 1}, "row 0 of the targets is -1; expected classes from 0"),
    ({"inputs": IMAGES, "targets": LABELS[:19]}, "20 inputs and 19 targets; expected as many"),
    ({"inputs": IMAGES, "targets": np.array(["a"] * 20)}, "targets of <U1; expected classes from 0, or numbers"),
    ({"inputs": LABELS}, r"inputs of shape \(20,\); expected \(N, \.\.\.\), a row a sample"),
    ({"inputs": IMAGES.astype("U3")}, "inputs of <U3; expected numbers"),
    ({"a": IMAGES, "b": LABELS}, "has a, b in it; expected inputs and targets, or x and y"),
    ({"inputs": np.array([None] * 20)}, "cannot be read .*; expected what numpy.savez or numpy.save wrote, without"),
    ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, :4], "y_test": LABELS}, "expected rows of one shape"),
])  # fmt: skip
def test_the_row_that_is_wrong(path: Path, arrays: dict[str, Any], why: str) -> None:
    np.savez(path, **arrays)
    with pytest.raises(UsageError, match=why):
        load(str(path))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.npz cannot be read \(No such file or directory\)"):
        load(str(tmp_path / "none.npz"))
    np.savez(tmp_path / "a.npz", inputs=IMAGES)
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(UsageError, match="is an archive; expected one array"):
        load(str(tmp_path / "a.npy"))


def test_headers_that_make_no_sense(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data.replace(b"(20, 5, 5)", b"(20, 5, 5("))
    with pytest.raises(UsageError, match=r"a\.npy cannot be read \(.*\); expected what numpy"):
        load(str(tmp_path / "a.npy"))
    (tmp_path / "a.npz").write_bytes(WHOLE.replace(b"\x08\x00", b"\x63\x00"))  # a compression that nobody knows
    with pytest.raises(UsageError, match=r"a\.npz cannot be read \(That compression method is not supported\)"):
        load(str(tmp_path / "a.npz"))


def _archive() -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, inputs=IMAGES, targets=LABELS)
    return out.getvalue()


WHOLE = _archive()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=4), st.integers(0, 300))
def test_damage_is_data_or_an_error(path: Path, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    path.write_bytes(data[: len(data) - cut])
    splits, error = outcome(lambda: load(str(path)))
    assert "mine.npz" in error if splits is None else splits["train"].inputs.dim() >= 2
