"""Splits against scikit-learn's stumps, and against every threshold tried by hand."""

from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from torch.nn.functional import one_hot

from palestra.ops.splits import Criterion, Split, best_split, impurity


def rows(seed: int, criterion: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Float32 numbers, as scikit-learn takes them, and what is to be told."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(120, 4)).astype(np.float32).astype(np.float64)
    y = x[:, 2] + 0.5 * x[:, 0] + 0.7 * rng.normal(size=120)
    return x, 1_000 + y if criterion == "squared-error" else np.digitize(y, [-1, 0.5])


def stump(criterion: str, least: int, x: NDArray[Any], y: NDArray[Any]) -> Any:
    """Scikit-learn's tree of one question."""
    more: dict[str, Any] = {"max_depth": 1, "min_samples_leaf": least, "random_state": 0}
    if criterion == "squared-error":
        return DecisionTreeRegressor(criterion="squared_error", **more).fit(x, y).tree_
    return DecisionTreeClassifier(criterion=criterion, **more).fit(x, y).tree_


def targets(criterion: str, y: NDArray[Any]) -> torch.Tensor:
    tensor = torch.from_numpy(y)
    return tensor[:, None] if criterion == "squared-error" else one_hot(tensor).double()


@pytest.mark.parametrize("criterion", get_args(Criterion))
@pytest.mark.parametrize("least", [1, 20])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_scikit_learns(criterion: Criterion, least: int, seed: int) -> None:
    x, y = rows(seed, criterion)
    tree, target = stump(criterion, least, x, y), targets(criterion, y)
    split = best_split(torch.from_numpy(x), target, criterion, least)
    assert split is not None
    assert (split.feature, split.threshold) == (tree.feature[0], tree.threshold[0])
    assert impurity(target, criterion) == pytest.approx(tree.impurity[0], rel=1e-9)
    sides = tree.weighted_n_node_samples[1:] / tree.weighted_n_node_samples[0] * tree.impurity[1:]
    assert split.gain == pytest.approx(tree.impurity[0] - sides.sum(), rel=1e-8)


@pytest.mark.parametrize("criterion", get_args(Criterion))
def test_no_other_question_gains_more(criterion: Criterion) -> None:
    x, y = rows(9, criterion)
    target = targets(criterion, y)
    split = best_split(torch.from_numpy(x), target, criterion, 3)
    assert split is not None
    gains = []
    for feature in range(4):
        for threshold in np.sort(x[:, feature])[:-1]:
            left = x[:, feature] <= threshold
            if 3 <= left.sum() <= 117:
                sides = [impurity(target[torch.from_numpy(side)], criterion) * side.mean() for side in (left, ~left)]
                gains.append(impurity(target, criterion) - sum(sides))
    assert split.gain == pytest.approx(max(gains), rel=1e-9)


def test_by_hand() -> None:
    x = torch.tensor([[1.0], [2.0], [4.0], [8.0]], dtype=torch.float64)
    yes = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    assert best_split(x, yes, "gini") == Split(0, 3.0, 0.5)
    assert best_split(x, yes, "entropy") == Split(0, 3.0, 1.0)
    assert best_split(x, torch.tensor([[0.0], [0.0], [0.0], [4.0]]).double(), "squared-error") == Split(0, 6.0, 3.0)


def test_where_no_two_rows_can_be_parted_there_is_no_question() -> None:
    yes = torch.eye(2, dtype=torch.float64).repeat(2, 1)
    assert best_split(torch.ones(4, 3).double(), yes, "gini") is None
    assert best_split(1 + 1e-8 * torch.arange(4.0)[:, None].double(), yes, "gini") is None  # as close as equal
    assert best_split(torch.arange(4.0)[:, None].double(), yes, "gini", least=3) is None


def test_between_neighbours_among_numbers_the_lower_is_the_threshold() -> None:
    low = 2.0**30
    high = float(np.nextafter(low, np.inf))
    split = best_split(torch.tensor([[low], [high]], dtype=torch.float64), torch.eye(2).double(), "gini")
    assert split is not None
    assert low <= split.threshold < high
