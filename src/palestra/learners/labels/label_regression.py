"""Several labels at once: a logistic regression for each of them, side by side (Tsoumakas & Katakis 2007).

    o = W' x + b,  p_l = 1 / (1 + exp(-o_l))                          for every label l by itself
    loss = -sum_l [y_l log p_l + (1 - y_l) log(1 - p_l)] + lambda / 2 |W|^2
    d loss / d o = p - y                                              (Bishop 2006, eq. 4.91)

A softmax would let the labels share one row's probability among them; here each has a yes and a no of its own. The
derivative is written by hand, or left to autograd.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.datasets.loader import Loader
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.errors import require
from palestra.learners.labels.descent import scheduled
from palestra.learners.labels.features import Features
from palestra.learners.labels.softmax_regression import SoftmaxRegressionConfig
from palestra.measure import Metrics
from palestra.ops.labels import HAMMING, label_scores
from palestra.ops.scores import EXACT_MATCH, Score


@dataclass(frozen=True)
class LabelRegressionConfig(SoftmaxRegressionConfig):
    """Settings of logistic regressions side by side."""


class LabelRegression(Predictor, Learner):
    """One logistic regression a label by stochastic gradient descent, beginning with every label as likely as not."""

    name = "label-regression"
    config_type = LabelRegressionConfig
    config: LabelRegressionConfig
    kind = "classifier"
    scores: tuple[Score, ...] = (HAMMING, EXACT_MATCH)
    dtype = torch.float64
    saves = ("loader", "features", "weight_FL", "bias_L")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        labels = self.train.targets
        fits = labels is not None and labels.dim() == 2 and bool(((labels == 0) | (labels == 1)).all())
        given = f"targets of shape {None if labels is None else tuple(labels.shape)}"
        require(fits, given, "labels (N, L), each 0 or 1; of one class a row, softmax-regression")
        assert labels is not None
        self.scores = label_scores(labels.shape[1])
        self.features = Features(self.train.inputs)
        self.loader = Loader(self.train, self.config.batch_size, seed=seed)
        self.weight_FL = torch.zeros(self.features.count, labels.shape[1], dtype=self.dtype, device=self.device)
        self.bias_L = torch.zeros(labels.shape[1], dtype=self.dtype, device=self.device)

    def step(self) -> Metrics:
        """Some batches."""
        losses, wrong = [], []
        gradients = self.by_hand if self.config.gradient == "by-hand" else self.by_autograd
        for inputs, label_BL in self.loader.take(self.config.batches_per_step):
            assert label_BL is not None  # a classifier has labels
            x_BF = self.features(inputs)
            wrong.append(((x_BF @ self.weight_FL + self.bias_L > 0) != label_BL).double().mean(1))
            loss, to_weight_FL, to_bias_L = gradients(x_BF, label_BL)
            rate = scheduled(self.config.learning_rate, self.config.learning_rate_schedule, self.budget_used)
            self.weight_FL -= rate * to_weight_FL
            self.bias_L -= rate * to_bias_L
            losses.append(loss)
            self.clock = self.loader.position
        hamming = float(torch.cat(wrong).mean())
        return {"train/loss": float(torch.stack(losses).mean()), "train/hamming": hamming, **self.loader.report()}

    def by_hand(self, x_BF: Tensor, label_BL: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and its derivatives by weights and biases."""
        o_BL = x_BF @ self.weight_FL + self.bias_L
        # log(1 + exp(o)) - y o, which overflows for no o
        loss_BL = o_BL.clamp(min=0) - label_BL * o_BL + (-o_BL.abs()).exp().log1p()
        slope_BL = (o_BL.sigmoid() - label_BL) / len(x_BF)  # eq. 4.91
        decay = self.config.weight_decay
        loss = loss_BL.sum(1).mean() + decay / 2 * self.weight_FL.square().sum()
        return loss, x_BF.T @ slope_BL + decay * self.weight_FL, slope_BL.sum(0)

    def by_autograd(self, x_BF: Tensor, label_BL: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same from the loss alone."""
        weight_FL, bias_L = self.weight_FL.clone().requires_grad_(), self.bias_L.clone().requires_grad_()
        o_BL = x_BF @ weight_FL + bias_L
        loss = F.binary_cross_entropy_with_logits(o_BL, label_BL.double(), reduction="sum") / len(x_BF)
        loss = loss + self.config.weight_decay / 2 * weight_FL.square().sum()
        to_weight_FL, to_bias_L = torch.autograd.grad(loss, (weight_FL, bias_L))
        return loss.detach(), to_weight_FL, to_bias_L

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, L, 2) logits of no and of yes."""
        o_BL = self.features(inputs) @ self.weight_FL + self.bias_L
        return torch.stack((torch.zeros_like(o_BL), o_BL), -1)
