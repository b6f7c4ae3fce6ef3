"""The autoencoder (Hinton & Salakhutdinov 2006): images through a narrow place, and what their codes are worth.

    c = encode(x),  x^ = decode(c),  loss = mean (x^ - x)^2

It learns without labels: what it is to predict is what it was given. Without hidden layers it can do no better than the
principal components of as many directions (Baldi & Hornik 1989), which stand beside it in every evaluation. Labels are
looked at only to judge the codes: how many images have the class of most of their nearest neighbours, by codes, by
pixels and by principal components. The neighbours are among ``KNOWN`` images of the training split, and ``JUDGED``
images of the split that is measured are looked at, the same ones every time.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset, Split
from palestra.datasets.loader import Loader
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.ranks import Ranks
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.labels.descent import DescentConfig, descend, make_optimizer, share_batches
from palestra.learners.structure.looked_at import code_map, has_classes, images_again, some
from palestra.measure import Evaluation, Measure, Metrics
from palestra.nets.bottleneck import Bottleneck
from palestra.nets.initialisation import realised
from palestra.ops.neighbours import nearest_classes
from palestra.ops.principal import Plane, mean_row, principal_plane
from palestra.ops.scores import RMSE

KNOWN, JUDGED = 5_000, 2_000
"""Images whose classes neighbours are asked for, and images whose neighbours are asked; as far as there are so many."""
SHOWN = 12
"""Images that are shown again."""


@dataclass(frozen=True)
class AutoencoderConfig(DescentConfig):
    """Settings of the autoencoder."""

    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 4e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 0.0
    """How much of matrices decays, never of biases: lambda of lambda / 2 |w|^2 in the loss; of Adam, the share of them
    that a step takes, times the learning rate."""
    code: int = 32
    """Numbers that an image has to go through."""
    hidden_sizes: tuple[int, ...] = (256,)
    """Width of each layer on the way to the code; the way back is its mirror. None: a linear one."""
    neighbours: int = 5
    """That say by their classes what an image is, when codes are judged."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.code >= 1, f"code={self.code}", "1 number or more")
        require(min(self.hidden_sizes, default=1) >= 1, f"hidden_sizes={self.hidden_sizes}", "1 or more each")
        require(self.neighbours >= 1, f"neighbours={self.neighbours}", "1 or more")


class Autoencoder(Predictor, Learner):
    """Says rows (B, ...), images perhaps, again in their own units.

    Into the network goes what a row has over the mean of all: else one large direction, that of the mean, is in every
    row, and hidden layers that cannot leave it out stop learning.
    """

    name = "autoencoder"
    config_type = AutoencoderConfig
    config: AutoencoderConfig
    clock_unit = "images"
    kind = "transformer"
    scores = (RMSE,)
    saves = ("loader", "mean_F", "deviation", "network", "optimizer")
    derives = ("plane",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        config, images = self.config, self.train.inputs
        self.mean_F = mean_row(images.flatten(1)).float()
        self.deviation = self._deviation()
        self.loader = Loader(self.train, config.batch_size, seed=seed)
        features = images[0].numel()
        given = f"code={config.code} of {features} numbers and {len(images)} images"
        require(config.code <= min(features, len(images)), given, "no more than either")
        known = min(KNOWN, len(images))
        given = f"neighbours={config.neighbours} of {known} samples"
        require(config.neighbours <= known, given, "no more than are asked")
        made = realised(
            lambda: Bottleneck(features, config.hidden_sizes, config.code), "xavier", generator(seed, "weights")
        )
        self.network = made.to(self.device)
        self.optimizer = make_optimizer(config, self.network)

    def join(self, ranks: Ranks) -> None:
        """Descend by a share of every batch."""
        self.ranks = share_batches(ranks, self.loader, self.optimizer, self.network)

    @cached_property
    def plane(self) -> Plane:
        """The principal components of the training images, of as many directions as the code has numbers."""
        return principal_plane(self.train.inputs.flatten(1), self.config.code)

    def step(self) -> Metrics:
        """Some batches."""
        return descend(self, lambda images, _: self.loss(images))

    def loss(self, images: Tensor) -> Tensor:
        """How far images are from themselves, as the network has them."""
        x_BF = self._rows(images)
        again_BF: Tensor = self.network(x_BF)
        return F.mse_loss(again_BF, x_BF)  # Hinton & Salakhutdinov 2006

    def encode(self, images: Tensor) -> Tensor:
        """(B, K) codes of images as they are in the data."""
        with torch.inference_mode():
            return torch.cat([self.code(part) for part in images.split(self.together)])

    def code(self, images: Tensor) -> Tensor:
        """(B, K) the same, all at once."""
        code_BK: Tensor = self.network.encoder(self._rows(images))
        return code_BK

    def decode(self, code_BK: Tensor) -> Tensor:
        """(B, ...) float32: the rows that codes stand for."""
        with torch.inference_mode():
            row_BF: Tensor = self.network.decoder(code_BK.to(self.mean_F)) * self.deviation + self.mean_F
            again: Tensor = row_BF.unflatten(1, self.train.inputs.shape[1:])
            return again

    def outputs(self, inputs: Tensor) -> Tensor:
        """The rows again, float32 of the same shape."""
        return self.decode(self.code(inputs))

    def measured(self, measure: Measure) -> Evaluation:
        """How far images are from themselves, and what their codes know of their classes; principal components beside.

        ``eval/pca_rmse`` is of as many directions as the code has numbers. ``eval/knn_code``, ``eval/knn_pixels`` and
        ``eval/knn_pca`` are shares of images that have the class of most of their neighbours.
        """
        split = self._chosen(measure)
        found = self._evaluated(split.inputs, split.inputs)
        more = {"eval/pca_rmse": self._plane_error(split.inputs)}
        if has_classes(split):
            more |= self.neighbourly(split)
        return replace(found, metrics={**found.metrics, **more})

    def neighbourly(self, split: Split) -> Metrics:
        """Shares of images of a split that have the class of most of their neighbours: by codes, pixels and PCA."""
        images, label_B = some(split, JUDGED)
        known, known_B = some(self.train, KNOWN)
        assert label_B is not None
        assert known_B is not None
        ways: dict[str, Callable[[Tensor], Tensor]] = {
            "code": self.encode,
            "pixels": lambda images: images.flatten(1),
            "pca": lambda images: self.plane.code(images.flatten(1)),
        }
        near = {
            name: nearest_classes(way(images), way(known), known_B, self.config.neighbours)
            for name, way in ways.items()
        }
        return {f"eval/knn_{name}": float((classes_B == label_B).double().mean()) for name, classes_B in near.items()}

    def exhibits(self) -> list[Exhibit]:
        """Images again, and where their codes lie."""
        split = self._split("validation" if "validation" in self.splits else "train")
        looked_at = some(split, JUDGED)
        few, size = looked_at.inputs[:SHOWN], self.config.code
        lines = {
            "as they are": few,
            f"through {size} numbers": self._outputs(few),
            f"{size} principal components": self._flat_again(few).reshape(few.shape),
        }
        drawn = images_again(f"images again, through a code of {size}", lines, self.train)
        if size == 1:
            return drawn
        code_BK = self.encode(looked_at.inputs)
        said = [] if size == 2 else ["the two directions in which codes differ most"]
        if has_classes(split):
            shares = self.neighbourly(split)
            count = self.config.neighbours
            words = ("its code", "its pixels", "PCA")
            named = ", ".join(
                f"{100 * share:.1f} % by {word}" for word, share in zip(words, shares.values(), strict=True)
            )
            said.append(f"of the class of most of {count} neighbours: {named}")
        return [*drawn, code_map("; ".join(said), code_BK, looked_at, self.dataset.class_names())]

    def _rows(self, images: Tensor) -> Tensor:
        """(B, F) as the network takes them."""
        return (images.flatten(1).float() - self.mean_F) / self.deviation

    def _deviation(self) -> float:
        """One for all columns, so that the error of what goes through the network is that of the rows, scaled."""
        parts = [(part.flatten(1).double() - self.mean_F).square().sum() for part in self.train.inputs.split(4_096)]
        return float((torch.stack(parts).sum() / self.train.inputs.numel()).sqrt()) or 1.0

    def _flat_again(self, images: Tensor) -> Tensor:
        return self.plane.decoded(self.plane.code(images.flatten(1)))

    def _plane_error(self, images: Tensor) -> float:
        parts = [
            (self._flat_again(part) - part.flatten(1).double()).square().mean(1) for part in images.split(self.together)
        ]
        return float(torch.cat(parts).mean().sqrt())
