"""The smallest learner around a scikit-learn model: Gaussian naive Bayes, which fits at once."""

from dataclasses import dataclass
from typing import Any

import torch
from sklearn.naive_bayes import GaussianNB
from torch import Tensor

from palestra.engine.fitted import Fitted
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import AlgorithmConfig
from palestra.measure import Metrics
from palestra.ops.scores import ACCURACY, LOG_LOSS


@dataclass(frozen=True)
class NaiveBayesConfig(AlgorithmConfig):
    """Settings of naive Bayes."""

    var_smoothing: float = 1e-9
    """Share of the largest variance that is added to all."""


class NaiveBayes(Predictor, Learner):
    """Each class a Gaussian with axes of its own."""

    name, config_type, kind, dtype = "naive-bayes", NaiveBayesConfig, "classifier", torch.float64
    scores = (ACCURACY, LOG_LOSS)
    saves = ("model",)

    def __init__(self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        model = GaussianNB(var_smoothing=self.config.var_smoothing)
        self.model = Fitted(model, ("classes_", "theta_", "var_", "class_prior_"))

    def step(self) -> Metrics:
        x, y = self.train
        self.model.model.fit(x, y)
        self.clock, self.finished = len(x), True
        return {"train/accuracy": float(self.model.model.score(x, y))}

    def outputs(self, inputs: Tensor) -> Tensor:
        return torch.from_numpy(self.model.model.predict_joint_log_proba(inputs))
