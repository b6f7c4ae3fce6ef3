"""Cross-validation against scikit-learn's ridge on the same folds; that every row is judged once."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError
from palestra.trials.folds import k_fold

MADE = {"dataset.kwargs.stand_in": True, "dataset.kwargs.log_skewed": False, "dataset.kwargs.test": 0.1}


def test_scores_are_those_of_ridge_on_each_fold_and_every_row_is_judged_once() -> None:
    found = k_fold("house-prices/ridge", {**MADE, "weight_decay": 0.02}, folds=4)
    squares, scores = [], []
    for fold in range(4):
        splits = Dataset("house-prices", {"stand_in": True, "test": 0.1, "folds": 4, "fold": fold}).load()
        (x, y), (x_held, y_held) = (
            [column.double().numpy() for column in splits[name]]  # type: ignore[union-attr]
            for name in ("train", "validation")
        )
        errors = Ridge(alpha=0.02 * len(x)).fit(x, y).predict(x_held) - y_held
        squares.append(errors**2)
        scores.append(np.sqrt(np.mean(errors**2)))
    assert found.metric == "eval/rmse"
    assert found.scores == pytest.approx(scores, rel=1e-6)
    assert (found.mean, found.deviation) == pytest.approx((np.mean(scores), np.std(scores, ddof=1)), rel=1e-6)
    assert found.whole == pytest.approx(np.sqrt(np.concatenate(squares).mean()), rel=1e-6)
    assert found.rows == 1_460 - 146


def test_what_has_no_folds_is_refused() -> None:
    with pytest.raises(UsageError, match="folds of cartpole/ppo, which learns in a world; expected a recipe on a data"):
        k_fold("cartpole/ppo")
    with pytest.raises(UsageError, match=r"arguments .*'folds'.* of the data set 'toy/polynomial'"):
        k_fold("polynomial/cubic")
    with pytest.raises(UsageError, match=r"folds=1 of .* rows; expected 2 to"):
        k_fold("house-prices/ridge", MADE, folds=1)
