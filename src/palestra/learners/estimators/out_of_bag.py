"""The out-of-bag error of a forest while it grows: each row is judged by the trees that did not draw it.

    oob(x_i) = mean over the trees t that did not draw row i of what t says of x_i     (Breiman 2001, section 3.1)

scikit-learn asks all trees anew whenever it is to say it; here a tree is asked once, when it is new.
"""

import copy
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from palestra.learners.estimators.rounds import FORESTS


class OutOfBag:
    """What the trees of a forest say of the rows that they did not draw, summed up.

    Args:
        rows: training rows.
        outputs: classes, or 1 of a number.
    """

    saves: ClassVar[tuple[str, ...]] = ("sum_BK", "count_B")

    def __init__(self, rows: int, outputs: int):
        self.sum_BK = np.zeros((rows, outputs))
        self.count_B = np.zeros(rows, np.int64)
        """Trees that were asked of each row."""

    @classmethod
    def of(cls, last: Any, rows: int, outputs: int) -> "OutOfBag | None":
        """One for a forest whose trees do not see all rows; None for all else."""
        return cls(rows, outputs) if type(last).__name__ in FORESTS and last.bootstrap else None

    def add(self, forest: Any, inputs: NDArray[Any], begin: int) -> None:
        """Ask the trees from that number on."""
        x_BF = np.ascontiguousarray(inputs, np.float32)
        new = copy.copy(forest)
        new.estimators_ = forest.estimators_[begin:]  # or what all the others drew would be drawn again
        for tree, sample in zip(new.estimators_, new.estimators_samples_):
            unseen_B = np.ones(len(x_BF), bool)
            unseen_B[sample] = False
            said = tree.predict_proba if hasattr(tree, "predict_proba") else tree.predict
            self.sum_BK[unseen_B] += said(x_BF[unseen_B], check_input=False).reshape(-1, self.sum_BK.shape[1])
            self.count_B += unseen_B

    def mean(self) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """(N,) which rows some tree did not draw, and (n, K) what is said of these."""
        asked_B = self.count_B > 0
        return asked_B, self.sum_BK[asked_B] / self.count_B[asked_B, None]  # Breiman 2001, section 3.1
