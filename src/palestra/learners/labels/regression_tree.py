"""Regression tree (Breiman, Friedman, Olshen & Stone 1984): questions, each about one feature, and means at the ends.

    at every node:  the feature and threshold of the largest  gain = error - mean error of both sides
    error = mean (y - mean y)^2

A step asks one question more of every node of the greatest depth. What is said of a row is the mean of its leaf.
"""

from typing import Any

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.learners.labels.grown_tree import GrownTree, GrowthConfig
from palestra.learners.labels.tree_shown import tree_shown
from palestra.measure import Metrics
from palestra.ops.scores import RMSE


class RegressionTree(Predictor, Learner):
    """A tree of questions that ends in numbers; it stops by itself."""

    name = "regression-tree"
    config_type = GrowthConfig
    config: GrowthConfig
    kind = "regressor"
    scores = (RMSE,)
    dtype = torch.float64
    default_budget = 10**15
    saves = ("tree",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.tree = GrownTree(self._values(), "squared-error")

    def step(self) -> Metrics:
        """One depth more."""
        rows_BF, value_B1 = self._flat(self.train.inputs), self._values()
        grown = self.tree.grow(rows_BF, value_B1, self.config)  # Breiman et al. 1984
        self.clock += len(rows_BF)
        self.finished = not grown or self.tree.depth == self.config.depth
        error = (self.outputs(self.train.inputs) - value_B1[:, 0]).square().mean().sqrt()
        return {
            "train/rmse": float(error),
            **self.tree.report(),
        }

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B,) the mean of the leaf of each row."""
        return self.tree.value_LK[self.tree.leaf_of(self._flat(inputs)), 0]

    def exhibits(self) -> list[Exhibit]:
        """The tree."""
        return [tree_shown(self.tree, self.dataset, ())]

    def _values(self) -> Tensor:
        assert self.train.targets is not None  # a regressor has values
        return self.train.targets.to(self.dtype)[:, None]
