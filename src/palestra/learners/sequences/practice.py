"""How a transformer learns, whatever it reads and writes: its sizes, and one batch after another down a loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.labels.descent import DescentConfig, make_optimizer
from palestra.measure import Metrics
from palestra.nets.dropout import drop_from


@dataclass(frozen=True)
class TransformerConfig(DescentConfig):
    """Settings of a transformer and of its descent."""

    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 2e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 0.01
    """How much of matrices decays, never of biases and of normalisation: lambda of lambda / 2 |w|^2 in the loss; of
    Adam, the share of them that a step takes, times the learning rate."""
    width: int = 64
    """Numbers that stand for a token in between."""
    heads: int = 4
    """Of each attention; the width is a multiple of them."""
    blocks: int = 2
    """One after another."""
    dropout: float = 0.0
    """Share of attention weights and of numbers in between that is left out while it learns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("width", "heads", "blocks"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.width % self.heads == 0, f"width={self.width} for {self.heads} heads", "a multiple of the heads")
        require(0 <= self.dropout < 1, f"dropout={self.dropout}", "0 <= dropout < 1")


class Practice:
    """A network that descends its loss over a split.

    Args:
        split: what it learns from.
        network: already on its device.
        config: how it descends.
        seed: of the order of the data and of dropout.
    """

    saves: ClassVar[tuple[str, ...]] = ("loader", "network", "optimizer", "dropout")

    def __init__(self, split: Split, network: nn.Module, config: TransformerConfig, seed: int):
        self.config, self.network = config, network
        self.loader = Loader(split, config.batch_size, seed=seed)
        self.dropout = generator(seed, "dropout", device=split.inputs.device)
        drop_from(network, self.dropout)
        self.optimizer = make_optimizer(config, network)

    def step(self, loss_of: Callable[[Tensor, Tensor], Tensor], budget: int) -> Metrics:
        """Some batches, over a budget of so many rows."""
        losses = []
        for inputs, targets in self.loader.take(self.config.batches_per_step):
            assert targets is not None  # what is to be written
            before = self.loader.position - len(inputs)
            self.optimizer.learning_rate = self.config.rate(before / budget if budget else 0.0)
            loss = loss_of(inputs, targets)
            self.optimizer.descend(loss)
            losses.append(loss.detach())
        return {
            "train/loss": float(torch.stack(losses).mean()),
            "train/learning_rate": self.optimizer.learning_rate,
            **self.loader.report(),
        }


def token_count(names: tuple[str, ...], columns: list[Tensor]) -> int:
    """How many different tokens there are: as many as have words, or up to the largest of some sequences."""
    return max(len(names), *(int(column.max()) + 1 for column in columns))


def check_tokens(inputs: Tensor, count: int) -> None:
    """UsageError for tokens that there are not."""
    least, most = (int(each) for each in inputs.aminmax())
    require(least >= 0 and most < count, f"tokens from {least} to {most}", f"0 to {count - 1}")
