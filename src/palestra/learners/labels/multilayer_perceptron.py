"""The multilayer perceptron (Rumelhart, Hinton & Williams 1986), from scratch, and its derivative three times.

    H = act(X W1 + b1) * mask,  O = H W2 + b2
    loss = -log softmax(O)_y + lambda / 2 sum |W|^2
    d loss / d W = (what goes in)' (d loss / d what comes out) + lambda W

The derivative is written by hand, from the end to the beginning; or taken by our own automatic differentiation of
arrays (``ops/autodiff.py``); or by PyTorch's. Dropout's mask is 0, or 1 / (1 - rate), and only while it learns
(Srivastava et al. 2014). The activation is ReLU, or one of the older two whose derivative fades away from zero.
``image-classifier`` with ``net=mlp`` is the same network in three words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.datasets.loader import Loader
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import BatchConfig, Predictor
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.labels.boundary import PlaneWatch
from palestra.learners.labels.descent import Schedule, scheduled
from palestra.learners.labels.features import Features
from palestra.learners.labels.shown import told_apart
from palestra.measure import Metrics
from palestra.ops.activations import ACTIVATIONS, Activation
from palestra.ops.autodiff import Value, as_value
from palestra.ops.dropout import dropout
from palestra.ops.scores import ACCURACY, LOG_LOSS

Gradients = tuple[Tensor, Sequence[Tensor]]
"""The loss, and its derivative by each parameter in their order."""


@dataclass(frozen=True)
class MultilayerPerceptronConfig(BatchConfig):
    """Settings of the multilayer perceptron."""

    batch_size: int = 256
    """Rows of a batch."""
    hidden_sizes: tuple[int, ...] = (256,)
    """Width of each hidden layer."""
    activation: Literal["relu", "tanh", "sigmoid"] = "relu"
    """Between layers. Of tanh and sigmoid the derivative fades where they are near their ends (they saturate)."""
    dropout: float = 0.0
    """Share of what comes out of each hidden layer that is left out while it learns."""
    learning_rate: float = 0.1
    """Step size; with a schedule, the largest."""
    learning_rate_schedule: Schedule = "constant"
    """Over the budget: as it is; down to 0 along a line; up from a tenth in a quarter of the time, then down to 0; or
    down to 0 as half a wave."""
    weight_decay: float = 0.0
    """Lambda, of the weights and not of the biases."""
    gradient: Literal["by-hand", "autodiff", "autograd"] = "by-hand"
    """Where the derivative comes from: from this file, from our own automatic differentiation, or from PyTorch's; the
    result is the same."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "above 0")
        require(self.weight_decay >= 0, f"weight_decay={self.weight_decay}", "0 or more")
        require(0 <= self.dropout < 1, f"dropout={self.dropout}", "0 <= dropout < 1")
        require(min(self.hidden_sizes, default=1) >= 1, f"hidden_sizes={self.hidden_sizes}", "1 or more each")


class MultilayerPerceptron(Predictor, Learner):
    """A multilayer perceptron by stochastic gradient descent; its weights begin as He et al. 2015 draw them."""

    name = "mlp"
    config_type = MultilayerPerceptronConfig
    config: MultilayerPerceptronConfig
    kind = "classifier"
    scores = (ACCURACY, LOG_LOSS)
    dtype = torch.float64
    saves = ("loader", "features", "parameters", "left_out", "watch")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.features = Features(self.train.inputs)
        self.loader = Loader(self.train, self.config.batch_size, seed=seed)
        self.watch = PlaneWatch.of(self.train)
        self.left_out = generator(seed, "dropout", device=self.device)
        weights = generator(seed, "weights")
        self.parameters: list[Tensor] = []
        """Weights and biases by turns, layer by layer."""
        for fan_in, fan_out in pairwise((self.features.count, *self.config.hidden_sizes, self.num_classes)):
            weight_FK = torch.randn(fan_in, fan_out, generator=weights, dtype=self.dtype) * (2 / fan_in) ** 0.5
            self.parameters += [weight_FK.to(self.device), torch.zeros(fan_out, dtype=self.dtype, device=self.device)]

    @property
    def act(self) -> Activation:
        """What stands between layers."""
        return ACTIVATIONS["ReLU" if self.config.activation == "relu" else self.config.activation]

    def step(self) -> Metrics:
        """Some batches."""
        if self.watch is not None:
            self.watch.look(self.clock, self.outputs)
        losses = []
        ways = {"by-hand": self.by_hand, "autodiff": self.by_autodiff, "autograd": self.by_autograd}
        for inputs, label_B in self.loader.take(self.config.batches_per_step):
            assert label_B is not None  # a classifier has labels
            x_BF = self.features(inputs)
            loss, gradients = ways[self.config.gradient](x_BF, label_B, self.masks(len(x_BF)))
            rate = scheduled(self.config.learning_rate, self.config.learning_rate_schedule, self.budget_used)
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter -= rate * gradient
            losses.append(loss)
            self.clock = self.loader.position
        return {"train/loss": float(torch.stack(losses).mean()), **self.loader.report()}

    def masks(self, count: int) -> list[Tensor]:
        """(B, K) what each hidden layer's outputs are multiplied by: ones without dropout."""
        ones = [torch.ones(count, size, dtype=self.dtype, device=self.device) for size in self.config.hidden_sizes]
        return [dropout(each, self.config.dropout, self.left_out) for each in ones] if self.config.dropout else ones

    def by_hand(self, x_BF: Tensor, label_B: Tensor, masks: Sequence[Tensor]) -> Gradients:
        """Forward, keeping what went into each layer; then backward (Rumelhart, Hinton & Williams 1986)."""
        weights, biases, decay = self.parameters[::2], self.parameters[1::2], self.config.weight_decay
        given, sums = [x_BF], []
        for weight_FK, bias_K, mask_BK in zip(weights, biases, masks):
            sums.append(given[-1] @ weight_FK + bias_K)
            given.append(self.act.value(sums[-1]) * mask_BK)
        log_p_BK = (given[-1] @ weights[-1] + biases[-1]).log_softmax(1)
        loss = -log_p_BK.gather(1, label_B[:, None]).mean()
        loss = loss + decay / 2 * sum(weight.square().sum() for weight in weights)
        slope_BK = (log_p_BK.exp() - F.one_hot(label_B, self.num_classes)) / len(x_BF)
        gradients: list[Tensor] = []
        for i in range(len(weights) - 1, -1, -1):
            gradients = [given[i].T @ slope_BK + decay * weights[i], slope_BK.sum(0), *gradients]
            if i > 0:
                slope_BK = slope_BK @ weights[i].T * masks[i - 1] * self.act.derivative(sums[i - 1])
        return loss, gradients

    def by_autodiff(self, x_BF: Tensor, label_B: Tensor, masks: Sequence[Tensor]) -> Gradients:
        """The same from the loss alone, on a graph of our own."""
        values = [Value(parameter.cpu().numpy()) for parameter in self.parameters]
        h = as_value(x_BF.cpu().numpy())
        for weight, bias, mask_BK in zip(values[::2], values[1::2], masks):
            h = getattr(h @ weight + bias, self.config.activation)() * mask_BK.cpu().numpy()
        rows = torch.arange(len(x_BF)).numpy()
        loss = -(h @ values[-2] + values[-1]).log_softmax()[rows, label_B.cpu().numpy()].mean()
        for weight in values[::2]:
            loss = loss + (self.config.weight_decay / 2) * (weight**2).sum()
        loss.backward()
        return torch.tensor(loss.data), [torch.from_numpy(value.gradient).to(self.device) for value in values]

    def by_autograd(self, x_BF: Tensor, label_B: Tensor, masks: Sequence[Tensor]) -> Gradients:
        """The same by PyTorch."""
        leaves = [parameter.clone().requires_grad_() for parameter in self.parameters]
        h_BF = x_BF
        for weight_FK, bias_K, mask_BK in zip(leaves[::2], leaves[1::2], masks):
            h_BF = getattr(torch, self.config.activation)(h_BF @ weight_FK + bias_K) * mask_BK
        loss = F.cross_entropy(h_BF @ leaves[-2] + leaves[-1], label_B)
        loss = loss + self.config.weight_decay / 2 * sum(weight.square().sum() for weight in leaves[::2])
        return loss.detach(), torch.autograd.grad(loss, leaves)

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, K) logits; nothing is left out."""
        return self.layers_of(inputs)[-1] @ self.parameters[-2] + self.parameters[-1]

    def layers_of(self, inputs: Tensor) -> list[Tensor]:
        """(B, F) what goes into each layer: the features, then what comes out of every hidden one."""
        given = [self.features(inputs)]
        for weight_FK, bias_K in zip(self.parameters[:-2:2], self.parameters[1:-2:2]):
            given.append(self.act.value(given[-1] @ weight_FK + bias_K))
        return given

    def exhibits(self) -> list[Exhibit]:
        """Of points in the plane how it divided it while it learned; of all else what it takes for what."""
        if self.watch is None:
            return told_apart(self)
        return self.watch.exhibits(self.clock, self.outputs, self.clock_unit)
