"""Linear regression (Hastie, Tibshirani & Friedman 2009, sections 3.2 and 3.4.1), with powers and weight decay.

    y^ = x w + b
    loss = 1/2 mean (y^ - y)^2 + lambda / 2 |w|^2
    d loss / d w = mean (y^ - y) x + lambda w,  d loss / d b = mean (y^ - y)

By stochastic gradient descent, with the derivative written by hand or left to autograd, or at once, where the
derivative is zero. The bias does not decay: else a prediction would depend on where the zero of y is.
"""

from dataclasses import dataclass
from math import factorial
from typing import Any, Literal

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.datasets.loader import Loader
from palestra.engine.learner import Learner
from palestra.engine.predictor import BatchConfig, Predictor
from palestra.errors import require
from palestra.learners.labels.features import Features
from palestra.measure import Metrics
from palestra.ops.scores import RMSE


@dataclass(frozen=True)
class LinearRegressionConfig(BatchConfig):
    """Settings of linear regression."""

    solver: Literal["by-hand", "autograd", "closed-form"] = "by-hand"
    """Descent with the derivative written by hand, or by autograd, or at once what descent would come to."""
    learning_rate: float = 0.03
    """Step size of the descent."""
    weight_decay: float = 0.0
    """Lambda, of the weights and not of the bias."""
    degree: int = 1
    """The powers of every column up to which it is a polynomial; the k-th is divided by k!."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "above 0")
        require(self.weight_decay >= 0, f"weight_decay={self.weight_decay}", "0 or more")
        require(self.degree >= 1, f"degree={self.degree}", "1 or more")


class LinearRegression(Predictor, Learner):
    """Linear regression, beginning with all weights zero and the mean of what it fits: it knows no column yet."""

    name = "linear-regression"
    config_type = LinearRegressionConfig
    config: LinearRegressionConfig
    kind = "regressor"
    scores = (RMSE,)
    dtype = torch.float64
    saves = ("loader", "features", "weight_F", "bias")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.features = Features(self.train.inputs)
        self.loader = Loader(self.train, self.config.batch_size, seed=seed)
        count = self.features.count * self.config.degree
        self.weight_F = torch.zeros(count, dtype=self.dtype, device=self.device)
        assert self.train.targets is not None  # a regressor has values
        self.bias = self.train.targets.to(self.dtype).mean()

    def step(self) -> Metrics:
        """Some batches, or all rows at once."""
        config = self.config
        if config.solver == "closed-form":
            return {"train/loss": float(self._solve())}
        losses = []
        gradients = self.by_hand if config.solver == "by-hand" else self.by_autograd
        for inputs, y_B in self.loader.take(config.batches_per_step):
            assert y_B is not None  # a regressor has values
            loss, to_weight_F, to_bias = gradients(self._powers(inputs), y_B.to(self.dtype))
            self.weight_F -= config.learning_rate * to_weight_F
            self.bias -= config.learning_rate * to_bias
            losses.append(loss)
        self.clock = self.loader.position
        return {"train/loss": float(torch.stack(losses).mean()), **self.loader.report()}

    def by_hand(self, x_BF: Tensor, y_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, and its derivatives by weights and bias (section 3.4.1)."""
        error_B, decay = x_BF @ self.weight_F + self.bias - y_B, self.config.weight_decay
        loss = error_B.square().mean() / 2 + decay / 2 * self.weight_F.square().sum()
        return loss, x_BF.T @ error_B / len(y_B) + decay * self.weight_F, error_B.mean()

    def by_autograd(self, x_BF: Tensor, y_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same from the loss alone."""
        weight_F, bias = self.weight_F.clone().requires_grad_(), self.bias.clone().requires_grad_()
        loss = (x_BF @ weight_F + bias - y_B).square().mean() / 2
        loss = loss + self.config.weight_decay / 2 * weight_F.square().sum()
        to_weight_F, to_bias = torch.autograd.grad(loss, (weight_F, bias))
        return loss.detach(), to_weight_F, to_bias

    def _solve(self) -> Tensor:
        """Go where the derivative of all rows is zero, of several such places to that with the smallest weights; the
        loss there.
        """
        inputs, y_B = self.train
        assert y_B is not None  # a regressor has values
        x_BF, y_B = self._powers(inputs), y_B.to(self.dtype)
        # (X'X + n lambda I) w = X'y of centred rows (eq. 3.44), as least squares: X'X would square its condition.
        root = (len(x_BF) * self.config.weight_decay) ** 0.5
        decayed = root * torch.eye(x_BF.shape[1], dtype=self.dtype, device=self.device)
        centred = torch.cat((x_BF - x_BF.mean(0), decayed)) if root else x_BF - x_BF.mean(0)
        wanted = torch.cat((y_B - y_B.mean(), torch.zeros(len(centred) - len(y_B)).to(y_B)))
        driver = "gelsd" if self.device.type == "cpu" else None
        self.weight_F.copy_(torch.linalg.lstsq(centred, wanted[:, None], driver=driver).solution[:, 0])
        self.bias.copy_(y_B.mean() - x_BF.mean(0) @ self.weight_F)
        self.clock, self.finished = len(x_BF), True
        return self.by_hand(x_BF, y_B)[0]

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B,) values."""
        return self._powers(inputs) @ self.weight_F + self.bias

    def _powers(self, inputs: Tensor) -> Tensor:
        """(B, F) every column, then the square of every column divided by 2!, ..."""
        x_BF = self.features(inputs)
        return torch.cat([x_BF**k / factorial(k) for k in range(1, self.config.degree + 1)], 1)
