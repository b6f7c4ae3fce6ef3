"""A regression tree against scikit-learn's on the diabetes table."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import Dataset
from palestra.engine.estimator import estimator
from palestra.learners.labels.grown_tree import GrowthConfig
from palestra.learners.labels.regression_tree import RegressionTree
from palestra.pictures.tree import DrawnTree


@pytest.mark.parametrize(("depth", "least"), [(3, 10), (5, 20)])
def test_it_predicts_as_scikit_learns_does(depth: int, least: int) -> None:
    ours = RegressionTree("diabetes", GrowthConfig(depth=depth, least_of_leaf=least)).learn(10**9)
    (x, y), (asked, truth) = (Dataset("diabetes").load()[split] for split in ("train", "test"))
    assert y is not None
    assert truth is not None
    theirs = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least, random_state=0)
    theirs.fit(x.numpy(), y.double().numpy())
    said = theirs.predict(asked.numpy())
    np.testing.assert_allclose(ours.predict(asked.numpy()), said, rtol=1e-9)
    error = np.sqrt(np.mean((said - truth.double().numpy()) ** 2))
    assert ours.evaluate(split="test").score == pytest.approx(error, rel=1e-9)


def test_a_step_asks_one_question_more_and_errs_less() -> None:
    tree, errors = RegressionTree("diabetes"), []
    while not tree.finished:
        errors.append(tree.step()["train/rmse"])
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1.0
    (shown,) = tree.exhibits()
    assert isinstance(shown, DrawnTree)
    assert shown.names == ()
    assert {len(node.value) for node in shown.nodes} == {1}


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(estimator(RegressionTree)(), on_skip=None)  # what is skipped needs pandas, or the array API
