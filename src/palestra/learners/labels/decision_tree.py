"""Decision tree (Breiman, Friedman, Olshen & Stone 1984): questions, each about one feature, until rows are alike.

    at every node:  the feature and threshold of the largest  gain = impurity - mean impurity of both sides
    gini = 1 - sum_k p_k^2,  entropy = - sum_k p_k log2 p_k,  p_k the share of class k in a node

A step asks one question more of every node of the greatest depth. A row is of the class that most rows of its leaf are
of. It is not pruned: what holds it back are the least rows of a node, a depth, and the least that a question is worth.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.learners.labels.grown_tree import GrownTree, GrowthConfig
from palestra.learners.labels.tree_shown import tree_shown
from palestra.measure import Metrics
from palestra.ops.scores import ACCURACY


@dataclass(frozen=True)
class DecisionTreeConfig(GrowthConfig):
    """Settings of a decision tree."""

    criterion: Literal["gini", "entropy"] = "gini"
    """How impure rows of several classes are."""


class DecisionTree(Predictor, Learner):
    """A tree of questions that ends in classes; it stops by itself."""

    name = "decision-tree"
    config_type = DecisionTreeConfig
    config: DecisionTreeConfig
    kind = "classifier"
    scores = (ACCURACY,)
    dtype = torch.float64
    default_budget = 10**15
    saves = ("tree",)
    derives = ("target_BK",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        assert self.train.targets is not None  # a classifier has labels
        self.target_BK = one_hot(self.train.targets, self.num_classes).to(self.dtype)
        self.tree = GrownTree(self.target_BK, self.config.criterion)

    def step(self) -> Metrics:
        """One depth more."""
        rows_BF = self._flat(self.train.inputs)
        grown = self.tree.grow(rows_BF, self.target_BK, self.config)  # Breiman et al. 1984
        self.clock += len(rows_BF)
        self.finished = not grown or self.tree.depth == self.config.depth
        right_B = self.outputs(self.train.inputs).argmax(1) == self.target_BK.argmax(1)
        return {
            "train/accuracy": float(right_B.double().mean()),
            **self.tree.report(),
        }

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, K) logarithms of the shares of classes in the leaf of each row; minus infinity for none."""
        return self.tree.value_LK[self.tree.leaf_of(self._flat(inputs))].log()

    def exhibits(self) -> list[Exhibit]:
        """The tree."""
        return [tree_shown(self.tree, self.dataset, self.dataset.class_names())]
