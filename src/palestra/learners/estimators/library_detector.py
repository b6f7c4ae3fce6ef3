"""Outlier detectors and densities of scikit-learn: isolation forests, one-class support vectors, local outlier factors,
elliptic envelopes; and mixtures of Gaussians.

    isolation forest   -2^(-E[h(x)] / c(n)),  h(x) the splits at random places that set x apart from n rows
    density            log p(x)
    x is an anomaly where its score is below a threshold

They do the work themselves (Liu et al. 2008; Schoelkopf et al. 2001; Breunig et al. 2000), without labels.
As with Gaussians of our own, labels of the validation rows choose the threshold: the one of the largest F1 there.
Class 0 is what is normal, class 1 what is not; where there is no validation split, the training rows choose.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.errors import require
from palestra.learners.estimators.library_learner import LibraryConfig, LibraryLearner
from palestra.learners.estimators.rounds import Rows
from palestra.learners.structure.thresholds import threshold_panels
from palestra.measure import Metrics
from palestra.ops.anomalies import F1, PRECISION, RECALL, Sweep, sweep


@dataclass(frozen=True)
class LibraryDetectorConfig(LibraryConfig):
    """Settings of an outlier detector of another library."""

    estimator: str = "IsolationForest"
    """Which: by scikit-learn's name, or a pipeline of steps as JSON: ["StandardScaler", "OneClassSVM"]."""
    fit_to: Literal["normal", "all"] = "all"
    """Rows that it is fitted to: those labelled normal, or all, labelled or not."""


class LibraryDetector(LibraryLearner):
    """Fits an outlier detector or a density of scikit-learn, and chooses a threshold."""

    name = "library-detector"
    config_type = LibraryDetectorConfig
    config: LibraryDetectorConfig
    kind = "classifier"
    takes = ("outlier_detector", "density_estimator")
    binary = True
    scores = (F1, PRECISION, RECALL)
    saves = ("threshold",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        fix = " with novelty=true" if type(self.last).__name__ == "LocalOutlierFactor" else ""
        given = f"{self.config.estimator}, which scores no rows but its own"
        require(hasattr(self.last, "score_samples"), given, f"one that does{fix}")
        classes = self.num_classes if self.train.targets is not None else 2
        require(classes <= 2, f"{classes} classes of {self.dataset.id}", "two, what is normal and what is not")
        self.threshold = -np.inf
        """Rows whose score is below it are named."""

    def fitted_to(self) -> Rows:
        """(N, F) rows, of those that are labelled perhaps the normal ones alone."""
        rows, anomalous_B = self.train
        if self.config.fit_to == "normal" and anomalous_B is not None:
            rows = rows[anomalous_B == 0]
            require(len(rows) > 0, "no row of class 0", "some that are normal")
        return rows.flatten(1).numpy(), None

    def looked_at(self, rounds: range) -> Metrics:
        """How good the threshold is for the rows that it is chosen by."""
        found = self.chosen()
        self.threshold = float(found.threshold_L[found.best])  # van Rijsbergen 1979, chapter 7
        return {"train/f1_of_choice": float(found.f1_L[found.best])}

    def chosen(self) -> Sweep:
        """What every threshold comes to on the rows that it is chosen by."""
        rows, anomalous_B = self._split("validation" if "validation" in self.splits else "train")
        require(
            anomalous_B is not None, "rows without labels to choose a threshold by", "labels of the validation rows"
        )
        assert anomalous_B is not None
        return sweep(self.outputs(rows)[:, 0], anomalous_B == 1)

    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """(B, 2): the score and the threshold, so that what scores less than that is of class 1."""
        score_B = torch.from_numpy(np.asarray(estimator.score_samples(inputs), np.float64))  # Liu et al. 2008, eq. 2
        return torch.stack((score_B, torch.full_like(score_B, self.threshold)), 1)

    def exhibits(self) -> list[Exhibit]:
        """What naming more rows or fewer would come to."""
        return [threshold_panels(self.chosen(), f"a score of {self.threshold:.4g}")] if self.model.fitted else []
