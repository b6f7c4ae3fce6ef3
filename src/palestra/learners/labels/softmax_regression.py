"""Softmax regression (Bishop 2006, section 4.3.4): classes whose logarithms are linear in the inputs, from scratch.

    o = W' x + b,  p_k = exp(o_k) / sum_j exp(o_j)
    loss = -log p_y + lambda / 2 |W|^2
    d loss / d o = p - [k = y]                          (Bishop 2006, eq. 4.109)

The derivative is written by hand, or left to autograd. ``image-classifier`` with ``net=softmax`` is the same in three
words.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.datasets.loader import Loader
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import BatchConfig, Predictor
from palestra.errors import require
from palestra.learners.labels.boundary import PlaneWatch
from palestra.learners.labels.descent import Schedule, scheduled
from palestra.learners.labels.features import Features
from palestra.learners.labels.shown import told_apart
from palestra.measure import Metrics
from palestra.ops.scores import ACCURACY, LOG_LOSS


@dataclass(frozen=True)
class SoftmaxRegressionConfig(BatchConfig):
    """Settings of softmax regression."""

    batch_size: int = 256
    """Rows of a batch."""
    learning_rate: float = 0.1
    """Step size; with a schedule, the largest."""
    learning_rate_schedule: Schedule = "constant"
    """Over the budget: as it is; down to 0 along a line; up from a tenth in a quarter of the time, then down to 0; or
    down to 0 as half a wave."""
    weight_decay: float = 0.0
    """Lambda, of the weights and not of the biases."""
    gradient: Literal["by-hand", "autograd"] = "by-hand"
    """Where the derivative comes from; the result is the same."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "above 0")
        require(self.weight_decay >= 0, f"weight_decay={self.weight_decay}", "0 or more")


class SoftmaxRegression(Predictor, Learner):
    """Softmax regression by stochastic gradient descent, beginning with all classes alike."""

    name = "softmax-regression"
    config_type = SoftmaxRegressionConfig
    config: SoftmaxRegressionConfig
    kind = "classifier"
    scores = (ACCURACY, LOG_LOSS)
    dtype = torch.float64
    saves = ("loader", "features", "weight_FK", "bias_K", "watch")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.features = Features(self.train.inputs)
        self.loader = Loader(self.train, self.config.batch_size, seed=seed)
        self.watch = PlaneWatch.of(self.train)
        self.weight_FK = torch.zeros(self.features.count, self.num_classes, dtype=self.dtype, device=self.device)
        self.bias_K = torch.zeros(self.num_classes, dtype=self.dtype, device=self.device)

    def step(self) -> Metrics:
        """Some batches."""
        if self.watch is not None:
            self.watch.look(self.clock, self.outputs)
        losses, hits = [], []
        gradients = self.by_hand if self.config.gradient == "by-hand" else self.by_autograd
        for inputs, label_B in self.loader.take(self.config.batches_per_step):
            assert label_B is not None  # a classifier has labels
            x_BF = self.features(inputs)
            hits.append((x_BF @ self.weight_FK + self.bias_K).argmax(1) == label_B)
            loss, to_weight_FK, to_bias_K = gradients(x_BF, label_B)
            rate = scheduled(self.config.learning_rate, self.config.learning_rate_schedule, self.budget_used)
            self.weight_FK -= rate * to_weight_FK
            self.bias_K -= rate * to_bias_K
            losses.append(loss)
            self.clock = self.loader.position
        accuracy = float(torch.cat(hits).float().mean())
        return {"train/loss": float(torch.stack(losses).mean()), "train/accuracy": accuracy, **self.loader.report()}

    def by_hand(self, x_BF: Tensor, label_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and its derivatives by weights and biases."""
        logits_BK = x_BF @ self.weight_FK + self.bias_K
        logits_BK = logits_BK - logits_BK.amax(1, keepdim=True)  # the same p, and nothing overflows
        log_p_BK = logits_BK - logits_BK.exp().sum(1, keepdim=True).log()
        loss = -log_p_BK.gather(1, label_B[:, None]).mean()
        slope_BK = log_p_BK.exp()
        slope_BK[torch.arange(len(x_BF), device=self.device), label_B] -= 1.0  # eq. 4.109
        slope_BK /= len(x_BF)
        decay = self.config.weight_decay
        loss = loss + decay / 2 * self.weight_FK.square().sum()
        return loss, x_BF.T @ slope_BK + decay * self.weight_FK, slope_BK.sum(0)

    def by_autograd(self, x_BF: Tensor, label_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same from the loss alone."""
        weight_FK, bias_K = self.weight_FK.clone().requires_grad_(), self.bias_K.clone().requires_grad_()
        loss = F.cross_entropy(x_BF @ weight_FK + bias_K, label_B)
        loss = loss + self.config.weight_decay / 2 * weight_FK.square().sum()
        to_weight_FK, to_bias_K = torch.autograd.grad(loss, (weight_FK, bias_K))
        return loss.detach(), to_weight_FK, to_bias_K

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, K) logits."""
        return self.features(inputs) @ self.weight_FK + self.bias_K

    def exhibits(self) -> list[Exhibit]:
        """Of points in the plane how it divided it while it learned; of all else what it takes for what."""
        if self.watch is None:
            return told_apart(self)
        return self.watch.exhibits(self.clock, self.outputs, self.clock_unit)
