"""The smallest learner on a data set: multinomial logistic regression by stochastic gradient descent."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from palestra.datasets.loader import Loader
from palestra.engine.learner import Learner
from palestra.engine.predictor import BatchConfig, Predictor
from palestra.measure import Metrics
from palestra.ops.scores import ACCURACY, LOG_LOSS


@dataclass(frozen=True)
class LogisticRegressionConfig(BatchConfig):
    """Settings of logistic regression."""

    learning_rate: float = 0.5
    """Step size."""


class LogisticRegression(Predictor, Learner):
    """Raises the log-probability of the right class, batch by batch."""

    name, config_type, kind = "logistic-regression", LogisticRegressionConfig, "classifier"
    scores = (LOG_LOSS, ACCURACY)
    saves = ("loader", "weights")

    def __init__(self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.loader = Loader(self.train, self.config.batch_size, seed=seed)
        self.weights = torch.zeros(self.train.inputs.shape[1] + 1, self.num_classes, device=self.device)

    def outputs(self, inputs: Tensor) -> Tensor:
        return functional.pad(inputs, (0, 1), value=1.0) @ self.weights

    def step(self) -> Metrics:
        losses = []
        for x, y in self.loader.take(self.config.batches_per_step):
            log_p = self.outputs(x).log_softmax(1)
            error = log_p.exp() - functional.one_hot(y, self.num_classes)  # of cross-entropy by the logits
            self.weights -= self.config.learning_rate / len(x) * functional.pad(x, (0, 1), value=1.0).T @ error
            losses.append(functional.nll_loss(log_p, y))
        self.clock = self.loader.position
        return {"train/loss": float(torch.stack(losses).mean()), **self.loader.report()}
