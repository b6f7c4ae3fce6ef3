"""Faces: patches of 25 x 25 pixels, half of them faces out of Labeled Faces in the Wild (Huang et al. 2007)."""

import io

import numpy as np
import torch

from palestra.datasets.card import Card
from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import fetch
from palestra.datasets.small_tables import in_package
from palestra.datasets.tables.splits import Cut

_FILE = Content("lfw_subset.npy", 1_000_080, "9560ec2f5edfac01973f63a8a99d00053fecd11e21877e18038fbe500f8e872c")
_TAGS = "cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64"
RESOURCE = in_package("faces", ("scikit-image", "0.26.0", 13_711_217, _TAGS), {_FILE: f"skimage/data/{_FILE.name}"})


def load(validation: float = 0.2, test: float = 0.2, folds: int = 0, fold: int = 0, seed: int = 0) -> Splits:
    """Images (N, 25, 25) float32 from 0 to 1, and 1 for a face; the arguments are those of :class:`Cut`."""
    values = np.load(io.BytesIO(fetch(RESOURCE)[_FILE.name]), allow_pickle=False)
    images = torch.from_numpy(values.astype(np.float32))
    label = (torch.arange(len(images)) < len(images) // 2).long()
    parts = Cut(validation, test, folds, fold, seed).rows(len(images))
    return {name: Split(images[rows], label[rows]) for name, rows in parts.items()}


register(
    "faces",
    load,
    Card(
        title="Faces",
        about="a grey patch of 25 x 25 pixels; a face?",
        kind="images",
        shape=(25, 25),
        licence="BSD-3-Clause, with scikit-image; from Labeled Faces in the Wild",
        home="Huang et al. 2007, http://vis-www.cs.umass.edu/lfw",
        rows=200,
        resource=RESOURCE,
        classes=("no face", "face"),
    ),
)
