"""Anomalies by a Gaussian for each feature (Bishop 2006, section 2.3.4): what is improbable is one.

    m_f = mean of x_f,  s_f^2 = mean (x_f - m_f)^2
    log p(x) = sum_f log N(x_f; m_f, s_f^2)
    x is an anomaly where  log p(x) < log epsilon

Means and variances need no anomalies to be fitted to, and no labels. Labels of the validation rows choose epsilon: the
one of the largest F1 there, among all that part these rows otherwise. Class 0 is what is normal, class 1 what is not;
where there is no validation split, the training rows choose.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.learners.structure.thresholds import threshold_panels
from palestra.measure import Metrics
from palestra.ops.anomalies import F1, PRECISION, RECALL, Sweep, sweep
from palestra.ops.gaussian import gaussian_log_prob


@dataclass(frozen=True)
class GaussianAnomalyConfig(AlgorithmConfig):
    """Settings of anomaly detection by Gaussians."""

    fit_to: Literal["normal", "all"] = "normal"
    """Rows that means and variances are of: those labelled normal, or all, labelled or not."""
    smoothing: float = 1e-9
    """Share of the largest variance, or of 1 where none varied, that is added to all: what never varied may yet."""

    def __post_init__(self) -> None:
        require(self.smoothing > 0, f"smoothing={self.smoothing}", "above 0")


class GaussianAnomaly(Predictor, Learner):
    """A Gaussian for each feature and a threshold, fitted at once."""

    name = "gaussian-anomaly"
    config_type = GaussianAnomalyConfig
    config: GaussianAnomalyConfig
    kind = "classifier"
    binary = True
    scores = (F1, PRECISION, RECALL)
    dtype = torch.float64
    saves = ("mean_F", "log_std_F", "log_epsilon")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        classes = self.num_classes if self.train.targets is not None else 2
        expected = "two, what is normal and what is not. Only binary classification is supported."
        require(classes <= 2, f"{classes} classes of {self.dataset.id}", expected)
        self.mean_F = torch.zeros(self.train.inputs[0].numel(), dtype=self.dtype, device=self.device)
        self.log_std_F = torch.zeros_like(self.mean_F)
        self.log_epsilon = self.mean_F.new_full((), -torch.inf)

    def step(self) -> Metrics:
        """All of it."""
        rows_BF, anomalous_B = self._flat(self.train.inputs), self.train.targets
        if self.config.fit_to == "normal" and anomalous_B is not None:
            rows_BF = rows_BF[anomalous_B == 0]
            require(len(rows_BF) > 0, "no row of class 0", "some that are normal")
        variance_F, self.mean_F = torch.var_mean(rows_BF, 0, correction=0)
        variance_F = variance_F + self.config.smoothing * (float(variance_F.max()) or 1.0)
        self.log_std_F = variance_F.log() / 2
        chosen = self.chosen()
        self.log_epsilon = chosen.threshold_L[chosen.best].clone()  # van Rijsbergen 1979, chapter 7
        self.clock, self.finished = len(self.train.inputs), True
        return {"train/f1_of_choice": float(chosen.f1_L[chosen.best]), "train/log_epsilon": float(self.log_epsilon)}

    def log_density(self, inputs: Tensor) -> Tensor:
        """(B,) log p of rows."""
        x_BF = self._flat(inputs)
        return gaussian_log_prob(self.mean_F.expand_as(x_BF), self.log_std_F, x_BF)  # section 2.3.4, eq. 2.42

    def chosen(self) -> Sweep:
        """What every epsilon comes to on the rows that it is chosen by."""
        rows, anomalous_B = self._split("validation" if "validation" in self.splits else "train")
        require(anomalous_B is not None, "rows without labels to choose epsilon by", "labels of the validation rows")
        assert anomalous_B is not None
        return sweep(self.log_density(rows), anomalous_B == 1)

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, 2): log p and log epsilon, so that what is less probable than that is of class 1."""
        log_p_B = self.log_density(inputs)
        return torch.stack((log_p_B, self.log_epsilon.expand_as(log_p_B)), 1)

    def exhibits(self) -> list[Exhibit]:
        """What naming more rows or fewer would come to."""
        return [threshold_panels(self.chosen(), f"log epsilon = {float(self.log_epsilon):.4g}")]
