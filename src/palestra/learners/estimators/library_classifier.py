"""Classifiers of scikit-learn and XGBoost: forests, boosting, support vectors, neighbours, Bayes, and others.

    forest       p(k | x) = 1/T sum_t p_t(k | x),  tree t on rows drawn with replacement, some columns a split
    out of bag   the same of each row, over the trees only that did not see it: the error without rows held back
    boosting     F_t(x) = F_t-1(x) + eta h_t(x),  h_t a tree fitted to -d loss / d F_t-1(x)

They do the work themselves (Breiman 2001; Friedman 2001; Chen & Guestrin 2016); here they are stepped through their
rounds, judged as everything else, and stored without pickle.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.learners.estimators.labelled_learner import LabelledConfig, LabelledLearner
from palestra.learners.estimators.rounds import parted
from palestra.measure import Metrics
from palestra.ops.scores import ACCURACY, LOG_LOSS, Score

LEAST = float(np.finfo(np.float64).eps)
"""A probability of 0 counts as this much, as in scikit-learn's log loss."""


@dataclass(frozen=True)
class LibraryClassifierConfig(LabelledConfig):
    """Settings of a classifier of another library."""


class LibraryClassifier(LabelledLearner):
    """Fits a classifier of scikit-learn or XGBoost."""

    name = "library-classifier"
    config_type = LibraryClassifierConfig
    config: LibraryClassifierConfig
    kind = "classifier"
    takes = ("classifier",)
    scores: tuple[Score, ...] = (ACCURACY, LOG_LOSS)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        if not hasattr(self.model.estimator, "predict_proba"):
            self.scores = (ACCURACY,)

    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """(B, K) log-probabilities; of what gives none, its scores of the classes, or the chosen class alone."""
        out_BK = np.full((len(inputs), self.num_classes), -np.inf)
        if hasattr(estimator, "predict_proba"):
            out_BK[:] = np.log(LEAST)
            share_BK = estimator.predict_proba(inputs)  # Breiman 2001; Friedman 2001, section 4.6
            out_BK[:, estimator.classes_] = np.log(np.clip(share_BK, LEAST, None))
        elif hasattr(estimator, "decision_function"):
            score_BK = estimator.decision_function(inputs)
            out_BK[:, estimator.classes_] = score_BK if score_BK.ndim == 2 else np.c_[-score_BK, score_BK] / 2
            by_votes = getattr(parted(estimator)[1], "break_ties", True) is False  # SVC: its scores may say another
            if by_votes and len(estimator.classes_) > 2:
                out_BK[np.arange(len(inputs)), estimator.predict(inputs)] = np.nextafter(out_BK.max(1), np.inf)
        else:
            out_BK[np.arange(len(inputs)), estimator.predict(inputs)] = 0.0
        return torch.from_numpy(out_BK)

    def out_of_bag(self, asked_B: NDArray[np.bool_], mean_BK: NDArray[np.float64]) -> Metrics:
        """The share of rows that the trees which did not see them name wrongly (Breiman 2001, section 3.1)."""
        wrong_B = self.last.classes_[mean_BK.argmax(1)] != self.known_B[asked_B]
        return {"train/oob_error": float(wrong_B.mean())}
