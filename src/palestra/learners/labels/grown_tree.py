"""A tree as it grows, one depth at a time: its nodes, as tensors.

Nodes are entries of a list: L of them, each behind its parent, the root first.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.measure import Metrics
from palestra.ops.splits import Criterion, best_split, impurity

PURE = torch.finfo(torch.float64).eps


@dataclass(frozen=True)
class GrowthConfig(AlgorithmConfig):
    """Settings of a tree's growth."""

    depth: int = 0
    """Questions that a row is asked at most; 0 for as many as there are."""
    least_to_split: int = 2
    """Rows of a node that is parted, at least."""
    least_of_leaf: int = 1
    """Rows of every node, at least."""
    least_decrease: float = 0.0
    """Of impurity by a split, times the share of all rows that it parts."""

    def __post_init__(self) -> None:
        require(self.depth >= 0, f"depth={self.depth}", "0 or more")
        require(self.least_to_split >= 2, f"least_to_split={self.least_to_split}", "2 or more")
        require(self.least_of_leaf >= 1, f"least_of_leaf={self.least_of_leaf}", "1 or more")
        require(self.least_decrease >= 0, f"least_decrease={self.least_decrease}", "0 or more")


class GrownTree:
    """A tree of one node, the root, that can grow.

    Args:
        target_BK: what all rows are: 1 for the class of each, or (B, 1) values.
        criterion: how impure rows are.
    """

    saves: ClassVar[tuple[str, ...]] = (
        "feature_L", "threshold_L", "left_L", "value_LK", "count_L", "impurity_L", "outermost", "depth",
    )  # fmt: skip

    def __init__(self, target_BK: Tensor, criterion: Criterion):
        self.criterion: Criterion = criterion
        device = target_BK.device
        self.feature_L, self.left_L, self.count_L = (torch.zeros(0, dtype=torch.int64, device=device) for _ in range(3))
        """Of each node the feature that it asks for, -1 of a leaf; its left child, the right one being the next; how
        many rows it was made of."""
        self.threshold_L, self.impurity_L = (torch.zeros(0, dtype=torch.float64, device=device) for _ in range(2))
        """At most which rows go left, and how impure its rows are."""
        self.value_LK = torch.zeros((0, target_BK.shape[1]), dtype=torch.float64, device=device)
        """The mean of its rows: shares of classes, or a value."""
        self.outermost, self.depth = 0, 0
        """The first node of the greatest depth, and that depth."""
        self._add(target_BK)

    def __len__(self) -> int:
        return len(self.feature_L)

    def leaf_of(self, sample_BF: Tensor) -> Tensor:
        """(B,) the leaf that each row comes to."""
        node_B = torch.zeros(sample_BF.shape[0], dtype=torch.int64, device=sample_BF.device)
        for _ in range(self.depth):
            feature_B = self.feature_L[node_B]
            asked_B = sample_BF.gather(1, feature_B.clamp(min=0)[:, None])[:, 0]
            below_B = self.left_L[node_B] + (asked_B > self.threshold_L[node_B])
            node_B = torch.where(feature_B < 0, node_B, below_B)
        return node_B

    def grow(self, sample_BF: Tensor, target_BK: Tensor, config: GrowthConfig) -> bool:
        """Ask one question more of every outermost node that is worth it; whether there was any."""
        leaf_B, begin, end = self.leaf_of(sample_BF), self.outermost, len(self)
        for node in range(begin, end):
            own_L = (leaf_B == node).nonzero()[:, 0]
            if len(own_L) < config.least_to_split or self.impurity_L[node] <= PURE:
                continue
            split = best_split(sample_BF[own_L], target_BK[own_L], self.criterion, config.least_of_leaf)
            share = len(own_L) / len(sample_BF)
            if split is None or share * split.gain + PURE < config.least_decrease:
                continue
            self.feature_L[node], self.threshold_L[node], self.left_L[node] = split.feature, split.threshold, len(self)
            goes_left_L = sample_BF[own_L, split.feature] <= split.threshold
            for side_L in (own_L[goes_left_L], own_L[~goes_left_L]):
                self._add(target_BK[side_L])
        self.outermost, self.depth = end, self.depth + (len(self) > end)
        return len(self) > end

    def report(self) -> Metrics:
        """How large it is."""
        return {"train/depth": float(self.depth), "train/leaves": float((self.feature_L < 0).sum())}

    def _add(self, target_BK: Tensor) -> None:
        """A leaf of these rows."""
        of_rows = {"feature_L": -1, "threshold_L": 0.0, "left_L": -1, "count_L": len(target_BK)}
        of_rows["impurity_L"] = impurity(target_BK, self.criterion)
        for name, number in of_rows.items():
            column_L = getattr(self, name)
            setattr(self, name, torch.cat((column_L, column_L.new_tensor([number]))))
        self.value_LK = torch.cat((self.value_LK, target_BK.mean(0, keepdim=True)))
