"""A folder of the user's own images: a folder for each class in it, or ``train``, ``validation`` and ``test`` first."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import file_digest
from palestra.datasets.tables.splits import Cut
from palestra.errors import UsageError, require

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"}
SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}
"""Name of a folder to split."""
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_BYTES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa"}
"""Modes of images with a byte a channel."""
_MOST_PIXELS = 1 << 26
_IGNORED = {"thumbs.db", "desktop.ini"}


class Images(NamedTuple):
    """Images with their labels."""

    images: NDArray[np.uint8]
    """(N, H, W) where all are grey, else (N, H, W, 3)."""
    labels: NDArray[np.int64]
    """(N,)."""


def load(
    path: str,
    size: int = 0,
    validation: float = 0.2,
    test: float = 0.2,
    folds: int = 0,
    fold: int = 0,
    seed: int = 0,
) -> Splits:
    """Images (N, H, W[, 3]) uint8, and classes in the order of their folders' names.

    Args:
        path: the folder.
        size: pixels a side to which every image is brought; 0 for the size that they all have.
        validation: share of the images to choose by, where the folder has no ``validation``.
        test: share of the images to be judged on in the end, where the folder has no ``train``.
        folds: as :class:`Cut` takes it, and ``fold`` and ``seed`` too.
        fold: which of them.
        seed: decides which images.

    Raises UsageError, which names the file, for one that is no image, is damaged, or has another size.
    """
    require(size >= 0, f"size={size}", "pixels, or 0 for that of the images")
    root = Path(path).expanduser()
    classes = class_names(path)
    given = _given_splits(root)
    if not given:
        read = _read(_files(root, classes), size)
        parts = Cut(validation, test, folds, fold, seed).rows(len(read.images))
        return {name: _split(read, rows) for name, rows in parts.items()}
    files = {split: _files(folder, classes) for split, folder in given.items()}
    read = _read([each for part in files.values() for each in part], size)  # of one size and colour in all splits
    ends = np.cumsum([len(part) for part in files.values()])
    rows_of = dict(zip(files, np.split(np.arange(len(read.images)), ends[:-1]), strict=True))
    if "validation" not in rows_of:
        cut = Cut(validation, 0.0, folds, fold, seed).rows(len(rows_of["train"]))
        rows_of |= {name: rows_of["train"][rows] for name, rows in cut.items()}
    return {name: _split(read, rows) for name, rows in rows_of.items()}


def read_images(files: Sequence[Path], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(n, *shape) images in the size and colours of others: (H, W) grey ones, or (H, W, 3).

    One of other proportions loses its edges. UsageError, which names the file, for one that is no image.
    """
    from PIL import Image, ImageOps

    mode, size = "L" if len(shape) == 2 else "RGB", (shape[1], shape[0])
    pictures = (Image.fromarray(_picture(file, 0)).convert(mode) for file in files)
    return np.stack([np.asarray(ImageOps.fit(each, size, Image.Resampling.BILINEAR), np.uint8) for each in pictures])


def class_names(path: str, **_: Any) -> tuple[str, ...]:
    """Names of the classes: the folders in it, in alphabetical order. UsageError for fewer than two."""
    root = Path(path).expanduser()
    if not root.is_dir():
        raise UsageError(f"{path} is no folder; expected one with a folder of images for each class")
    folder = _given_splits(root).get("train", root)
    names = sorted(each.name for each in _visible(folder) if each.is_dir())
    require(len(names) > 1, f"{folder} has {len(names)} folders", "one for each class, with its images, two or more")
    return tuple(names)


def _given_splits(root: Path) -> dict[str, Path]:
    folders = {each.name.lower(): each for each in _visible(root) if each.is_dir()}
    return {SPLITS[name]: folder for name, folder in folders.items() if name in SPLITS} if "train" in folders else {}


def _visible(folder: Path) -> list[Path]:
    return sorted(
        each for each in folder.iterdir() if not each.name.startswith(".") and each.name.lower() not in _IGNORED
    )


def _files(folder: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Every image of a folder of classes with its label."""
    known = {name: label for label, name in enumerate(classes)}
    found = []
    for each in _visible(folder):
        if each.name not in known or not each.is_dir():
            expected = f"the folders {', '.join(classes[:6])}{', ...' * (len(classes) > 6)}, and nothing beside them"
            raise UsageError(f"{each} is no class; expected {expected}")
        for file in _visible(each):
            if file.suffix.lower() not in SUFFIXES:
                raise UsageError(f"{file} is no image; expected {', '.join(sorted(SUFFIXES))}")
            found.append((file, known[each.name]))
    if not found:
        raise UsageError(f"{folder} holds no images; expected some in each of {', '.join(classes[:6])}")
    return found


def _read(files: list[tuple[Path, int]], size: int) -> Images:
    pictures = [_picture(file, size) for file, _ in files]
    colour = any(picture.ndim == 3 for picture in pictures)
    shape = pictures[0].shape[:2]
    out = np.empty((len(pictures), *shape, *((3,) if colour else ())), np.uint8)
    for row, (picture, (file, _)) in enumerate(zip(pictures, files, strict=True)):
        if picture.shape[:2] != shape:
            (height, width), (tall, wide) = picture.shape[:2], shape
            raise UsageError(
                f"{file} has {width} x {height} pixels, {files[0][0].name} has {wide} x {tall}; expected images of one "
                f"size, or size=N to bring them to N x N"
            )
        out[row] = picture[..., None] if colour and picture.ndim == 2 else picture
    return Images(out, np.array([label for _, label in files], np.int64))


def _picture(file: Path, size: int) -> NDArray[np.uint8]:
    """(H, W) of a grey image, (H, W, 3) of any other."""
    from PIL import Image, ImageOps  # 30 ms, and only for who has images

    try:
        with Image.open(file, formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise UsageError(f"{file} has {image.width} x {image.height} pixels; expected {_MOST_PIXELS:,} at most")
            if image.mode not in _BYTES:
                raise UsageError(f"{file} has values of another kind ({image.mode}); expected 8 bits a channel")
            upright = ImageOps.exif_transpose(image)
            shown = upright.convert("L" if upright.mode in ("1", "L", "LA", "La") else "RGB")
            if size:
                shown = ImageOps.fit(shown, (size, size), Image.Resampling.BILINEAR)
            return np.asarray(shown, np.uint8)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        if isinstance(error, FileNotFoundError):
            raise UsageError(f"there is no file {file}; expected an image") from error
        said = " ".join(str(error).split()).replace(f" {str(file)!r}", "")
        raise UsageError(f"{file} is no whole image ({said}); expected one that can be shown") from error


def _split(read: Images, rows: NDArray[np.int64]) -> Split:
    return Split(torch.from_numpy(read.images[rows]), torch.from_numpy(read.labels[rows]))


def digests(path: str, **_: Any) -> dict[str, str]:
    """One digest of all names and contents in the folder, so that a resume sees whether anything in it changed."""
    root, whole = Path(path).expanduser(), hashlib.sha256()
    for file in sorted(each for each in root.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file()):
        whole.update(f"{file.relative_to(root)}\0{file_digest(file)}\n".encode())
    return {path: whole.hexdigest()}


register("own/images", load, names=class_names, digests=digests)
