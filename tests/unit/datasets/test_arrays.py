"""Data as NumPy, by name or by path."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import palestra
from palestra.datasets import idx_set
from palestra.datasets.arrays import load_data, named
from palestra.errors import UsageError


def test_images_and_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx_set, "SIZES", (60, 20))
    images, labels = palestra.load_data("fashion-mnist", split="test", validation=5, stand_in=True)
    assert labels is not None
    assert (images.shape, images.dtype) == ((20, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((20,), np.int64)
    with pytest.raises(UsageError, match="unknown split of 'mnist' 'tests'; nearest: test"):
        load_data("mnist", split="tests", stand_in=True, validation=5)


def test_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", inputs=np.zeros((9, 2)))
    Path("a.csv").write_text("x,y\n" + "1,2\n" * 9)
    for name in ("one", "two"):
        Path("pets", name).mkdir(parents=True)
        Image.new("L", (3, 3)).save(f"pets/{name}/a.png")
    assert load_data("a.npz", test=0.0)[0].shape == (7, 2)
    assert load_data("a.npz")[1] is None
    assert load_data("a.csv", target="y")[0].shape == (5, 1)
    assert load_data("pets", validation=0.0, test=0.0)[0].shape == (2, 3, 3)
    assert named("pets", {}).id == "own/images"
    Path("a.txt").write_text("")
    with pytest.raises(UsageError, match=r"a\.txt is no file to learn from; expected a folder of images, \.csv"):
        load_data("a.txt")
    with pytest.raises(UsageError, match="unknown data set 'mnis'; nearest: mnist"):
        load_data("mnis")
    assert load_data("a.csv")[0].shape == (5, 2)
    assert load_data("a.csv")[1] is None
