"""A tree's growth: a depth at a time, node by node scikit-learn's, and held back as it is told."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier
from torch.nn.functional import one_hot

from palestra.errors import UsageError
from palestra.learners.labels.grown_tree import GrownTree, GrowthConfig


def rows(seed: int = 0) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1_000, 5)).astype(np.float32).astype(np.float64)
    return x, (x[:, 0] + x[:, 1] ** 2 > 1).astype(np.int64) + (x[:, 2] + 0.5 * rng.normal(size=1_000) > 1)


def grown(config: GrowthConfig, seed: int = 0) -> GrownTree:
    x, y = rows(seed)
    target = one_hot(torch.from_numpy(y)).double()
    tree = GrownTree(target, "gini")
    while tree.grow(torch.from_numpy(x), target, config) and tree.depth != config.depth:
        pass
    return tree


def described(tree: GrownTree, node: int = 0) -> Any:
    """A node and what is below it, whatever its number."""
    whole = (int(tree.count_L[node]), round(float(tree.impurity_L[node]), 9))
    if tree.feature_L[node] < 0:
        return whole
    left = int(tree.left_L[node])
    return (
        *whole, int(tree.feature_L[node]), float(tree.threshold_L[node]),
        described(tree, left), described(tree, left + 1),
    )  # fmt: skip


def theirs(tree: Any, node: int = 0) -> Any:
    """The same of scikit-learn's."""
    whole = (int(tree.n_node_samples[node]), round(float(tree.impurity[node]), 9))
    if tree.children_left[node] < 0:
        return whole
    left, right = tree.children_left[node], tree.children_right[node]
    return (
        *whole, int(tree.feature[node]), float(tree.threshold[node]), theirs(tree, left), theirs(tree, right),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("config", "limits"),
    [
        (GrowthConfig(depth=4, least_of_leaf=30), {"max_depth": 4, "min_samples_leaf": 30}),
        (GrowthConfig(least_to_split=150, least_of_leaf=20), {"min_samples_split": 150, "min_samples_leaf": 20}),
        (GrowthConfig(least_decrease=0.01), {"min_impurity_decrease": 0.01}),
    ],
)
def test_node_by_node_it_is_scikit_learns(config: GrowthConfig, limits: dict[str, Any], seed: int) -> None:
    x, y = rows(seed)
    reference = DecisionTreeClassifier(random_state=0, **limits).fit(x, y).tree_
    ours = grown(config, seed)
    assert len(ours) == reference.node_count > 5
    assert ours.depth == reference.max_depth
    assert described(ours) == theirs(reference)


def test_without_limits_every_row_it_was_made_of_is_told() -> None:
    (x, y), tree = rows(), grown(GrowthConfig())
    leaf = tree.leaf_of(torch.from_numpy(x))
    assert bool((tree.feature_L[leaf] == -1).all())
    assert (tree.value_LK[leaf].argmax(1).numpy() == y).all()
    assert bool((tree.impurity_L[leaf] == 0).all())
    assert torch.equal(leaf.bincount(minlength=len(tree))[leaf], tree.count_L[leaf])


def test_children_follow_their_parents_and_share_its_rows() -> None:
    tree = grown(GrowthConfig(depth=5))
    parents = (tree.feature_L >= 0).nonzero()[:, 0]
    left = tree.left_L[parents]
    assert bool((left > parents).all())
    assert torch.equal(tree.count_L[left] + tree.count_L[left + 1], tree.count_L[parents])


@pytest.mark.parametrize(
    "wrong", [{"depth": -1}, {"least_to_split": 1}, {"least_of_leaf": 0}, {"least_decrease": -0.1}]
)
def test_limits_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        GrowthConfig(**wrong)
