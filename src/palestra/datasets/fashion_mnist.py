"""Fashion-MNIST: articles of a shop in the place of MNIST's digits (Xiao, Rasul & Vollgraf 2017)."""

from palestra.datasets import idx_set
from palestra.datasets.card import Card
from palestra.datasets.dataset import Splits, register
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import DebianPackage, Folder, Mirror

_FOLDER = "usr/share/datasets/fashion-mnist"
RESOURCE = Resource(
    "fashion-mnist",
    idx_set.contents(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    (
        Folder(f"/{_FOLDER}", idx_set.PACKED),
        Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com", idx_set.PACKED, 30_900_000),
        DebianPackage(
            "pool/main/d/dataset-fashion-mnist/dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
            {name: f"{_FOLDER}/{packed}" for name, packed in idx_set.PACKED.items()},
            30_900_652,
        ),
    ),
    stand_in=True,
)


def load(validation: int = 5_000, seed: int = 0, stand_in: bool = False) -> Splits:
    """Images (N, 28, 28) uint8 and kinds of article.

    Args:
        validation: how many of the 60,000 training images to hold out.
        seed: decides which.
        stand_in: made images of the same shape in their place.
    """
    return idx_set.idx_splits(RESOURCE, validation, seed, stand_in)


register(
    "fashion-mnist",
    load,
    Card(
        title="Fashion-MNIST",
        about="an article of clothing, 28 x 28 pixels; of which kind?",
        kind="images",
        shape=(28, 28),
        licence="MIT",
        home="Xiao, Rasul & Vollgraf 2017, https://github.com/zalandoresearch/fashion-mnist",
        rows=sum(idx_set.SIZES),
        resource=RESOURCE,
        classes=(
            "T-shirt",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
    ),
)
