"""Cross-validation against scikit-learn's ridge on the same folds; that every row is judged once."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError
from palestra.trials.folds import folds_of, k_fold
from palestra.trials.measuring import judge
from palestra.trials.train import train

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
    with pytest.raises(UsageError, match="5 folds of CartPole-v1, which is a world; expected a training on a data set"):
        k_fold("cartpole/ppo")
    with pytest.raises(UsageError, match=r"arguments .*'folds'.* of the data set 'toy/polynomial'"):
        k_fold("polynomial/cubic")
    with pytest.raises(UsageError, match="1 folds; expected 2 or more"):
        k_fold("house-prices/ridge", MADE, folds=1)


def test_a_run_is_judged_by_its_training_once_more_for_each_fold(tmp_path: Path) -> None:
    run = train("house-prices/ridge", overrides=MADE, out=tmp_path, claim=False)
    one, again, other = (judge(run.path, split="4-fold", seed=seed) for seed in (0, 0, 1))
    partition = {"dataset.kwargs.seed": one.measure.seed % 2**31}
    assert one.evaluation.score == k_fold("house-prices/ridge", {**MADE, **partition}, folds=4).whole
    assert one.evaluation.score == again.evaluation.score != other.evaluation.score  # the seed decides the partition
    assert (one.measure.split, one.measure.count, len(one.evaluation.samples)) == ("4-fold", 1_314, 1_314)
    with pytest.raises(UsageError, match="10 rows of 4-fold; expected all of them"):
        judge(run.path, split="4-fold", count=10)
    with pytest.raises(UsageError, match="toaster"):  # it computes where it is told to
        judge(run.path, split="4-fold", device="toaster")


@pytest.mark.parametrize(("split", "number"), [("5-fold", 5), ("test", 0), (None, 0), ("a-fold", 0), ("5-folds", 0)])
def test_the_name_of_a_split_says_how_many(split: str | None, number: int) -> None:
    assert folds_of(split) == number
