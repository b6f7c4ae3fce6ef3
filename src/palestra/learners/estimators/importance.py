"""What an estimator went by: how much each column counted in what it has learned."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.learners.estimators.rounds import parted


def importance(estimator: Any) -> tuple[str, NDArray[np.float64]] | None:
    """In words what is measured, and the share of each column (F,), which sum to 1; None where it cannot be said.

    Of trees it is what their splits gained (Breiman et al. 1984, section 5.3.4), of weights how large
    they are, which says something of columns that are all as wide. Of a pipeline it is that of its last step, by the
    columns that reach it.
    """
    _, last = parted(estimator)
    if getattr(last, "is_categorical_", None) is not None:
        return None  # its columns are in another order
    if hasattr(last, "_predictors"):
        said, weight_F = "what their splits gained", _histogram_gain(last)
    elif hasattr(last, "feature_importances_"):
        said, weight_F = "what their splits gained", np.asarray(last.feature_importances_, np.float64)
    elif hasattr(last, "coef_"):
        said, weight_F = "how large their weights are", np.abs(np.atleast_2d(last.coef_)).mean(0)
    else:
        return None
    total = float(weight_F.sum())
    return (said, weight_F / total) if total > 0 else None


def _histogram_gain(last: Any) -> NDArray[np.float64]:
    """Summed over the splits of all trees of histogram boosting, which does not say it itself."""
    gain_F = np.zeros(last.n_features_in_)
    for tree in (tree for trees in last._predictors for tree in trees):
        inner = tree.nodes[tree.nodes["is_leaf"] == 0]
        np.add.at(gain_F, inner["feature_idx"], inner["gain"])
    return gain_F
