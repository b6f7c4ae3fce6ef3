"""How a network descends: its optimizer, its learning rate over the budget, and what decays; settings and parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from palestra.datasets.loader import Loader
from palestra.engine.predictor import BatchConfig
from palestra.engine.ranks import Ranks
from palestra.errors import require
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, FlatOptimizer
from palestra.nets.dropout import drop_of_shares
from palestra.nets.sgd import SGD
from palestra.nets.whole_batch_norm import normalise_whole
from palestra.ops.schedules import cosine, linear, one_cycle

Schedule = Literal["constant", "linear", "one-cycle", "cosine"]
"""What the learning rate does over the budget."""
MOMENTUM = 0.9
"""Share of its velocity that a ball keeps."""


@dataclass(frozen=True)
class DescentConfig(BatchConfig):
    """Settings of whatever descends a loss, batch by batch."""

    batch_size: int = 128
    """Rows of a batch."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "nesterov"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 0.05
    """Step size; with a schedule, the largest."""
    learning_rate_schedule: Schedule = "one-cycle"
    """Over the budget: as it is; down to 0 along a line; up from a tenth in a quarter of the time, then down to 0; or
    down to 0 as half a wave."""
    weight_decay: float = 5e-4
    """How much of matrices and kernels decays, never of biases and of normalisation: lambda of lambda / 2 |w|^2 in the
    loss; of Adam, the share of them that a step takes, times the learning rate."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "above 0")
        require(self.weight_decay >= 0, f"weight_decay={self.weight_decay}", "0 or more")

    def rate(self, progress: float) -> float:
        """The learning rate at a share of the budget."""
        return scheduled(self.learning_rate, self.learning_rate_schedule, progress)


def scheduled(learning_rate: float, schedule: Schedule, progress: float) -> float:
    """The learning rate at a share of the budget."""
    match schedule:
        case "constant":
            return learning_rate
        case "linear":
            return linear(learning_rate, 0.0, progress)
        case "one-cycle":
            return learning_rate * one_cycle(progress)
        case "cosine":
            return learning_rate * cosine(progress)


def make_optimizer(config: DescentConfig, network: nn.Module) -> FlatOptimizer:
    """What moves the parameters of a network that is on its device already."""
    if config.optimizer == "adam":
        return ClippedAdam([network], config.learning_rate, weight_decay=config.weight_decay)
    momentum = 0.0 if config.optimizer == "sgd" else MOMENTUM
    nesterov = config.optimizer == "nesterov"
    return SGD([network], config.learning_rate, momentum, nesterov, weight_decay=config.weight_decay)


def share_batches(ranks: Ranks, loader: Loader, optimizer: FlatOptimizer, network: nn.Module) -> Ranks:
    """Let several descend one loss, the mean over the rows of a batch, each by its share of the rows; returns them."""
    loader.share, optimizer.together = ranks.share, ranks
    drop_of_shares(network, ranks.rows)
    normalise_whole(network, ranks, ranks.rows)
    return ranks


class Descending(Protocol):
    """A learner that takes batches from a loader and descends a loss."""

    clock: int
    loader: Loader
    optimizer: FlatOptimizer

    @property
    def config(self) -> DescentConfig:
        """Its settings."""

    @property
    def budget_used(self) -> float:
        """The share of its budget that its clock has come to."""


def descend(learner: Descending, loss: Callable[[Tensor, Tensor | None], Tensor]) -> Metrics:
    """The batches of one step, each by its loss ``()`` of inputs and targets; what is reported of them."""
    losses = []
    for inputs, targets in learner.loader.take(learner.config.batches_per_step):
        learner.optimizer.learning_rate = learner.config.rate(learner.budget_used)
        of_batch = loss(inputs, targets)
        learner.optimizer.descend(of_batch)
        losses.append(of_batch.detach())
        learner.clock = learner.loader.position
    return {
        "train/loss": float(torch.stack(losses).mean()),
        "train/learning_rate": learner.optimizer.learning_rate,
        **learner.loader.report(),
    }
