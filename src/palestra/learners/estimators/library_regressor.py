"""Regressors of scikit-learn and XGBoost: forests, boosting, ridge, support vectors, neighbours, and others.

    forest       f(x) = 1/T sum_t f_t(x),  tree t on rows drawn with replacement, some columns a split
    out of bag   the same of each row, over the trees only that did not see it: the error without rows held back
    boosting     F_t(x) = F_t-1(x) + eta h_t(x),  h_t a tree fitted to y - F_t-1(x), of squared error

They do the work themselves (Breiman 2001; Friedman 2001; Chen & Guestrin 2016); here they are stepped through their
rounds, judged as everything else, and stored without pickle.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.learners.estimators.labelled_learner import LabelledConfig, LabelledLearner
from palestra.measure import Metrics
from palestra.ops.scores import RMSE


@dataclass(frozen=True)
class LibraryRegressorConfig(LabelledConfig):
    """Settings of a regressor of another library."""

    estimator: str = "RandomForestRegressor"
    """Which: by scikit-learn's name, XGBRegressor, or a pipeline of steps as JSON: ["StandardScaler", "SVR"]."""


class LibraryRegressor(LabelledLearner):
    """Fits a regressor of scikit-learn or XGBoost."""

    name = "library-regressor"
    config_type = LibraryRegressorConfig
    config: LibraryRegressorConfig
    kind = "regressor"
    takes = ("regressor",)
    scores = (RMSE,)

    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """(B,) numbers: of a forest the mean of its trees, of boosting their sum (Breiman 2001; Friedman 2001)."""
        return torch.from_numpy(np.asarray(estimator.predict(inputs), np.float64).reshape(len(inputs)))

    def out_of_bag(self, asked_B: NDArray[np.bool_], mean_BK: NDArray[np.float64]) -> Metrics:
        """The error of each row by the trees that did not see it (Breiman 2001, section 3.1)."""
        wrong_B = mean_BK[:, 0] - self.known_B[asked_B]
        return {"train/oob_rmse": float(np.sqrt(np.mean(wrong_B**2)))}
