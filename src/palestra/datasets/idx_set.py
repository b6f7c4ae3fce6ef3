"""Data sets in the four files of MNIST: their names, their digests in order, and how they become splits."""

from palestra.datasets.dataset import Splits
from palestra.datasets.formats.idx import read_idx
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource, fetch
from palestra.datasets.image_splits import Labelled, image_splits, made_splits
from palestra.errors import PalestraError

FILES = {
    "train-images-idx3-ubyte": 47_040_016,
    "train-labels-idx1-ubyte": 60_008,
    "t10k-images-idx3-ubyte": 7_840_016,
    "t10k-labels-idx1-ubyte": 10_008,
}
"""Name to bytes: 60,000 and 10,000 images of 28 x 28."""
PACKED = {name: f"{name}.gz" for name in FILES}
"""Name to name, as most servers have them."""
SHAPE, CLASSES, SIZES = (28, 28), 10, (60_000, 10_000)


def contents(*digests: str) -> tuple[Content, ...]:
    """The four files with these SHA-256."""
    return tuple(Content(name, size, digest) for (name, size), digest in zip(FILES.items(), digests, strict=True))


def idx_splits(resource: Resource, validation: int, seed: int, stand_in: bool) -> Splits:
    """The splits of the four files, or of made images in their place."""
    if stand_in:
        return made_splits(SHAPE, CLASSES, SIZES, validation=validation, seed=seed)
    files = fetch(resource)
    train, test = (_labelled(files, resource.name, part) for part in ("train", "t10k"))
    return image_splits(train, test, validation=validation, seed=seed)


def _labelled(files: dict[str, bytes], name: str, part: str) -> Labelled:
    images, labels = (f"{part}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
    image_NHW, label_N = (read_idx(files[file], f"{name}'s {file}", n) for file, n in ((images, 3), (labels, 1)))
    if len(image_NHW) != len(label_N):
        raise PalestraError(f"{name} has {len(image_NHW):,} images and {len(label_N):,} labels; expected as many")
    return image_NHW, label_N
