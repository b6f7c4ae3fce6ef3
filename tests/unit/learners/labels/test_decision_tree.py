"""A decision tree on irises and on the Titanic against scikit-learn's, depth by depth."""

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import Dataset
from palestra.engine.estimator import estimator
from palestra.learners.labels.decision_tree import DecisionTree, DecisionTreeConfig
from palestra.pictures.tree import DrawnTree


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("name", ["iris", "breast-cancer"])
def test_it_predicts_as_scikit_learns_does(name: str, criterion: str) -> None:
    ours = DecisionTree(name, DecisionTreeConfig(depth=3, least_of_leaf=5, criterion=criterion))  # type: ignore[arg-type]
    ours.learn(10**9)
    (x, y), (asked, _) = (Dataset(name).load()[split] for split in ("train", "test"))
    assert y is not None
    theirs = DecisionTreeClassifier(criterion=criterion, max_depth=3, min_samples_leaf=5, random_state=0)
    theirs.fit(x.numpy(), y.numpy())
    assert len(ours.tree) == theirs.tree_.node_count
    np.testing.assert_allclose(
        ours.predicted(asked.numpy()).softmax(1), theirs.predict_proba(asked.numpy()), rtol=1e-9, atol=1e-12
    )


def test_a_step_asks_one_question_more_of_everybody() -> None:
    tree, depths, accuracies = DecisionTree("iris"), [], []
    while not tree.finished:
        said = tree.step()
        depths.append(said["train/depth"])
        accuracies.append(said["train/accuracy"])
    assert depths[:3] == [1, 2, 3]
    assert accuracies == sorted(accuracies)
    assert accuracies[-1] == 1.0
    assert tree.clock == len(depths) * 90
    short = DecisionTree("iris", DecisionTreeConfig(depth=1)).learn(10**9)
    assert (short.clock, len(short.tree)) == (90, 3)


def test_saved_half_grown_it_goes_on_as_the_same_tree() -> None:
    whole, half, resumed = (DecisionTree("iris") for _ in range(3))
    half.step()
    assert resumed.load_state_dict(half.state_dict()) == []
    for tree in (whole, resumed):
        tree.learn(10**9)
    for name in ("feature_L", "threshold_L", "left_L", "value_LK", "count_L"):
        assert torch.equal(getattr(resumed.tree, name), getattr(whole.tree, name))


def test_it_shows_the_tree() -> None:
    (shown,) = DecisionTree("iris", DecisionTreeConfig(depth=2)).learn(10**9).exhibits()
    assert isinstance(shown, DrawnTree)
    assert shown.names == ("setosa", "versicolor", "virginica")
    assert shown.nodes[0].question.startswith("petal ")


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(estimator(DecisionTree)(), on_skip=None)  # what is skipped needs pandas, or the array API
