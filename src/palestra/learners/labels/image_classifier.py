"""A network that tells images apart, trained by gradient descent: any of ``nets/vision``, LeNet to DenseNet.

    p(k | x) = softmax(f(x))_k
    loss = -sum_k q(k) log p(k | x),  q = (1 - eps) [k = y] + eps / K

With label smoothing eps the target is no longer certain of itself (Szegedy et al. 2016, section 7). Images stay as they
came, bytes in one tensor; a batch is standardised by the training images' statistics on its way into the network, so
that the same bytes are what it predicts from.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from palestra.datasets.augmentation import Augmentation
from palestra.datasets.dataset import Dataset, known_cards
from palestra.datasets.loader import Loader
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.ranks import Ranks
from palestra.engine.seeding import generator
from palestra.envs.arguments import check_arguments
from palestra.errors import require
from palestra.learners.labels.descent import DescentConfig, make_optimizer, share_batches
from palestra.learners.labels.shown import confusion, looked_at, mistakes, sight
from palestra.learners.labels.standardisation import Standardisation
from palestra.measure import Evaluation, Metrics
from palestra.nets.batch_norm import BatchNorm
from palestra.nets.dropout import drop_from
from palestra.nets.evaluating import evaluating
from palestra.nets.summary import Row, summarised
from palestra.nets.vision.registry import blueprint, find_net, make_net
from palestra.nets.whitening import Whitening
from palestra.ops.augment import six_views
from palestra.ops.scores import ACCURACY, LOG_LOSS

TOGETHER = 256
"""Images that go through the network together when nothing is learned: more would leave the processor's cache."""

WHITENED = 1_000
"""Training images by whose windows a first layer whitens, where it does."""

NARROW = 8
"""Channels below which PyTorch 2.13 writes beyond its memory on a processor with AVX2, in the derivative of a 1 x 1
convolution in leaps of more than one pixel whose channels lie beside each other."""


@dataclass(frozen=True)
class ImageClassifierConfig(DescentConfig):
    """Settings of a network that tells images apart."""

    net: str = "lenet-relu"
    """Which one: softmax, mlp, lenet, lenet-relu, alexnet, vgg-11, nin-cifar, resnet-20, densenet-bc-100, ..."""
    net_settings: dict[str, Any] = field(default_factory=dict)
    """What it has otherwise than its name says: the arguments of its family, such as net_settings.stem=small, or
    net_settings.hidden=[256,128]."""
    label_smoothing: float = 0.0
    """Share of the target that is spread over all classes."""
    flip: bool = False
    """Mirror every other image left and right. Not for digits and letters."""
    alternating: bool = False
    """Mirror half of the images in the first epoch, the others in the next, and so on, rather than by chance."""
    pad: int = 0
    """Pixels of black around an image, out of which one of its size is cut somewhere; 0 leaves it where it is."""
    views: bool = False
    """Report beside the accuracy also that of the mean of six views: an image as it is and moved by a pixel to two
    sides, each mirrored too. Not for digits and letters."""
    channels_last: bool = True
    """Whether a pixel's channels lie beside each other in memory, which is faster on most processors."""

    def __post_init__(self) -> None:
        super().__post_init__()
        find_net(self.net)
        check_arguments(self.net, self.net_settings)
        # As they come back from a file, so that settings that were saved are the same settings.
        listed = {name: list(each) if isinstance(each, tuple) else each for name, each in self.net_settings.items()}
        object.__setattr__(self, "net_settings", listed)
        require(0 <= self.label_smoothing < 1, f"label_smoothing={self.label_smoothing}", "0 <= label_smoothing < 1")
        require(self.pad >= 0, f"pad={self.pad}", "0 or more pixels")
        require(self.flip or not self.alternating, "alternating=true with flip=false", "flip=true as well")


class ImageClassifier(Predictor, Learner):
    """Descends the cross-entropy of a network's classes."""

    name = "image-classifier"
    config_type = ImageClassifierConfig
    config: ImageClassifierConfig
    clock_unit = "images"
    kind = "classifier"
    scores = (ACCURACY, LOG_LOSS)
    saves = ("loader", "standardised", "network", "optimizer", "dropout")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        config = self.config
        self.standardised = Standardisation(self.train.inputs, config.channels_last)
        changed = config.flip or config.pad
        augmentation = Augmentation(config.flip, config.pad, config.alternating) if changed else None
        self.loader = Loader(self.train, config.batch_size, seed=seed, augmentation=augmentation)
        _, channels, height, width = self.standardised(self.train.inputs[:1]).shape
        made = make_net(
            config.net, (channels, height, width), self.num_classes, generator(seed, "weights"), **config.net_settings
        )
        self.network = made.to(self.device)
        for layer in self.network.modules():
            if isinstance(layer, Whitening):
                layer.fit_(self.standardised(self.train.inputs[:WHITENED]))
        self.dropout = generator(seed, "dropout", device=self.device)
        drop_from(self.network, self.dropout)
        self.optimizer = make_optimizer(config, self.network)
        alone = self.loader.size % config.batch_size == 1 and any(map(_normalises, self.network.modules()))
        given = (
            f"batch_size={config.batch_size} of {self.loader.size:,} images, the last of which is a batch of its own"
        )
        require(not alone, given, "another: batch normalisation needs two images or more")
        unsafe = config.channels_last and self.device.type == "cpu" and any(map(_overruns, self.network.modules()))
        given = f"channels_last=true for {config.net} with {config.net_settings}"
        require(
            not unsafe, given, f"channels_last=false, or {NARROW} channels or more before each leap of 1 x 1 pixels"
        )

    def join(self, ranks: Ranks) -> None:
        """Descend by a share of every batch; dropout, augmentation and batch normalisation are those of the whole."""
        self.ranks = share_batches(ranks, self.loader, self.optimizer, self.network)

    @classmethod
    def layers(cls, dataset: Dataset, config: Any) -> tuple[Row, ...]:
        """The blocks of its network, for images whose size is known."""
        card = known_cards().get(dataset.id)
        if card is None or not card.shape:
            return ()
        height, width, *colours = card.shape
        shape = (colours[0] if colours else 1, height, width)
        return summarised(blueprint(config.net, shape, len(card.classes), **config.net_settings), shape)

    def step(self) -> Metrics:
        """Some batches."""
        config, losses, hits = self.config, [], []
        for images, label_B in self.loader.take(config.batches_per_step):
            assert label_B is not None  # a classifier has labels
            self.optimizer.learning_rate = config.rate(self.budget_used)
            logits_BK = self.network(self.standardised(images))
            loss = self.loss(logits_BK, label_B)
            self.optimizer.descend(loss)
            losses.append(loss.detach())
            hits.append(logits_BK.detach().argmax(1) == label_B)
            self.clock = self.loader.position
        return {
            "train/loss": float(torch.stack(losses).mean()),
            "train/accuracy": float(torch.cat(hits).float().mean()),
            "train/learning_rate": self.optimizer.learning_rate,
            **self.loader.report(),
        }

    def loss(self, logits_BK: Tensor, label_B: Tensor) -> Tensor:
        """The cross-entropy with the smoothed target (Szegedy et al. 2016, section 7)."""
        eps = self.config.label_smoothing
        surprise_BK = -logits_BK.log_softmax(1)
        right_B1, all_B = surprise_BK.gather(1, label_B[:, None]), surprise_BK.mean(1)
        return (1 - eps) * right_B1.mean() + eps * all_B.mean()

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, K) logits of images as they are in the data, by a network that is not learning."""
        with evaluating(self.network):
            return torch.cat([self.logits(part) for part in inputs.split(TOGETHER)])

    def logits(self, images: Tensor) -> Tensor:
        """(B, K) of images as they are in the data, all at once, by the network in the mode that it is in."""
        logits_BK: Tensor = self.network(self.standardised(images))
        return logits_BK

    def viewed(self, inputs: Tensor) -> Tensor:
        """(B, K) logits of the same, each the mean of those of six views."""
        with evaluating(self.network), torch.inference_mode():
            parts = (six_views(self.standardised(part)) for part in inputs.split(TOGETHER))
            return torch.cat([torch.stack([w * self.network(x) for w, x in views]).sum(0) for views in parts])

    def _evaluated(self, inputs: Tensor, wanted: Tensor) -> Evaluation:
        """Its scores on images, by one view of each; and the accuracy of six, where that is asked for."""
        found = super()._evaluated(inputs, wanted)
        if not self.config.views:
            return found
        seen = ACCURACY.total(ACCURACY.rows(self.viewed(inputs), wanted))
        return replace(found, metrics={**found.metrics, f"{ACCURACY.name}_views": float(seen)})

    def exhibits(self) -> list[Exhibit]:
        """Of images that it did not learn from: what it takes for what, its worst mistakes, what it sees in some."""
        some, names = looked_at(self), self.dataset.class_names()
        logits_BK = self._outputs(some.inputs)
        seen = sight(self.network, some.inputs, self.standardised)
        found = (confusion(some, logits_BK, names), mistakes(some, logits_BK, names), seen)
        return [each for each in found if each is not None]


def _normalises(module: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | BatchNorm)


def _overruns(module: nn.Module) -> bool:
    if not isinstance(module, nn.Conv2d) or module.kernel_size != (1, 1) or module.stride == (1, 1):
        return False
    return module.in_channels < NARROW
