"""A folder of images: classes by folder, and the file that is wrong by its name."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import outcome
from PIL import Image

from palestra.datasets.dataset import Dataset
from palestra.datasets.own_images import class_names, load, read_images
from palestra.errors import UsageError


def save(path: Path, value: int, mode: str = "RGB", size: tuple[int, int] = (6, 4), **words: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, value // 2, 0)).convert(mode).save(path, **words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten images of each of two classes; the red of one says which it is."""
    root = tmp_path / "pets"
    for label, name in enumerate(("cat", "dog")):
        for i in range(10):
            save(root / name / f"{i}.png", 100 * label + i)
    (root / ".hidden").mkdir()
    (root / "cat" / "Thumbs.db").write_bytes(b"?")
    return root


def test_images_by_class(folder: Path) -> None:
    named = Dataset("own/images", {"path": str(folder), "validation": 0.2, "test": 0.3})
    splits = named.load()
    assert named.class_names() == ("cat", "dog")
    assert [tuple(split.inputs.shape) for split in splits.values()] == [(10, 4, 6, 3), (4, 4, 6, 3), (6, 4, 6, 3)]
    red = torch.cat([split.inputs[:, 0, 0, 0] for split in splits.values()]).long()
    label = torch.cat([split.targets for split in splits.values() if split.targets is not None])
    assert torch.equal(red // 100, label)
    assert sorted(red.tolist()) == [*range(10), *range(100, 110)]


def test_splits_that_are_given(folder: Path) -> None:
    root = folder.parent / "split"
    for part, count in (("train", 6), ("Val", 2), ("test", 3)):
        for label, name in enumerate(("cat", "dog")):
            for i in range(count):
                save(root / part / name / f"{i}.jpg", 100 * label + i)
    splits = load(str(root))
    assert {name: len(split.inputs) for name, split in splits.items()} == {"train": 12, "validation": 4, "test": 6}
    assert class_names(str(root)) == ("cat", "dog")
    for path in (root / "Val").rglob("*.jpg"):
        path.unlink()
    (root / "Val" / "cat").rmdir()
    (root / "Val" / "dog").rmdir()
    (root / "Val").rmdir()
    splits = load(str(root), validation=0.25)
    assert {name: len(split.inputs) for name, split in splits.items()} == {"train": 9, "validation": 3, "test": 6}


def test_grey_ones_and_a_mixture(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        save(path, int(path.stem), "L")
    assert load(str(folder))["train"].inputs.shape[1:] == (4, 6)
    save(folder / "cat" / "0.png", 9)
    assert load(str(folder))["train"].inputs.shape[1:] == (4, 6, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_modes_of_eight_bits(folder: Path, mode: str) -> None:
    kind = "tiff" if mode == "CMYK" else "png"
    save(folder / "cat" / f"more.{kind}", 50, mode)
    assert load(str(folder))["train"].inputs.dtype == torch.uint8


def test_an_image_that_lies_on_its_side_is_stood_up(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        path.unlink()
    for name in ("cat", "dog"):
        for i in range(5):
            exif = Image.Exif()
            exif[0x0112] = 6  # turned by a quarter
            save(folder / name / f"{i}.jpg", i, size=(6, 4), exif=exif)
    assert load(str(folder))["train"].inputs.shape[1:] == (6, 4, 3)


def test_one_size_for_all(folder: Path) -> None:
    save(folder / "dog" / "5.png", 105, size=(5, 5))
    with pytest.raises(UsageError, match=r"dog/5\.png has 5 x 5 pixels, 0\.png has 6 x 4; expected images of one size"):
        load(str(folder))
    assert load(str(folder), size=8)["train"].inputs.shape[1:] == (8, 8, 3)


@pytest.mark.parametrize(("name", "data", "why"), [
    ("cat/notes.txt", b"hello", r"cat/notes\.txt is no image; expected \.bmp, \.gif"),
    ("cat/a.png", b"no picture", r"cat/a\.png is no whole image \(cannot identify image file\); expected one that"),
    ("stray.png", b"", r"stray\.png is no class; expected the folders cat, dog, and nothing beside them"),
])  # fmt: skip
def test_the_file_that_is_wrong(folder: Path, name: str, data: bytes, why: str) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(UsageError, match=why):
        load(str(folder))


def test_a_file_that_breaks_off(folder: Path) -> None:
    path = folder / "dog" / "3.png"
    Image.fromarray(np.random.default_rng(0).integers(256, size=(40, 60, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UsageError, match=r"dog/3\.png is no whole image \(.*\); expected one that can be shown"):
        load(str(folder), size=8)


def test_values_of_another_kind(folder: Path) -> None:
    Image.fromarray(np.full((4, 6), 40_000, np.uint16)).save(folder / "cat" / "deep.png")
    with pytest.raises(UsageError, match=r"cat/deep\.png has values of another kind \(I;16\); expected 8 bits"):
        load(str(folder))


def test_a_picture_as_large_as_a_house(folder: Path) -> None:
    Image.new("1", (10_000, 8_000)).save(folder / "cat" / "large.png")
    with pytest.raises(UsageError, match=r"cat/large\.png has 10000 x 8000 pixels; expected 67,108,864 at most"):
        load(str(folder))


def test_folders_that_are_none(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder; expected one with a folder of images for each class"):
        load(str(tmp_path / "none"))
    with pytest.raises(UsageError, match="has 1 folders; expected one for each class"):
        load(str(tmp_path))
    empty = tmp_path / "empty"
    for name in ("a", "b"):
        os.makedirs(empty / name)
    with pytest.raises(UsageError, match="holds no images; expected some in each of a, b"):
        load(str(empty))
    with pytest.raises(UsageError, match="size=-1; expected pixels"):
        load(str(folder), size=-1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4), st.integers(0, 80))
def test_damage_is_an_image_or_an_error(folder: Path, changes: list[tuple[int, int]], cut: int) -> None:
    path = folder / "cat" / "0.png"
    save(path, 1)
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data[: len(data) - cut])
    splits, error = outcome(lambda: load(str(folder), size=4))
    assert "cat/0.png" in error if splits is None else splits["train"].inputs.shape[1:] == (4, 4, 3)


def test_some_files_in_the_shape_of_others(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "same.png")
    Image.new("RGB", (60, 20), (10, 200, 30)).save(tmp_path / "wide.png")
    read = read_images([tmp_path / "same.png", tmp_path / "wide.png"], (4, 6, 3))
    assert (read.shape, read.dtype) == ((2, 4, 6, 3), np.uint8)
    assert np.array_equal(read[0], values)
    assert (read[1] == (10, 200, 30)).all()
    grey = read_images([tmp_path / "wide.png"], (4, 6))
    assert grey.shape == (1, 4, 6)
    assert (grey == np.asarray(Image.open(tmp_path / "wide.png").convert("L"))[0, 0]).all()


def test_any_change_in_the_folder_changes_its_digest(folder: Path) -> None:
    named = Dataset("own/images", {"path": str(folder)})
    seen = [named.origin()]
    save(folder / "cat" / "0.png", 99)
    seen.append(named.origin())
    (folder / "cat" / "0.png").rename(folder / "dog" / "0a.png")
    seen.append(named.origin())
    digests = [each["files"][str(folder)]["sha256"] for each in seen]
    assert len(set(digests)) == 3
    assert named.origin() == seen[-1]
