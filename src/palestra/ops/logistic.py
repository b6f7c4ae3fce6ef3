"""Logistic regression, fitted by Newton's method to its end (Hastie, Tibshirani & Friedman 2009, section 4.4.1)."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from palestra.errors import PalestraError, require
from palestra.ops.shapes import check_rank, check_same_shape

DECAY = 1e-3
"""Lambda of lambda / 2 |w|^2 beside the log-likelihood's sum: too little to be felt, but where classes are parted, and
the likelihood has no largest value, weights stay finite."""
_STEPS, _NEAR = 200, 1e-10


class Logistic(NamedTuple):
    """A fit."""

    weight_F: Tensor
    """Of each column, float64."""
    log_likelihood: float
    """Sum over rows, each by its weight."""

    def log_odds(self, x_BF: Tensor) -> Tensor:
        """(B,) log p(1) / p(0) of rows."""
        return x_BF.double() @ self.weight_F


def logistic_fit(x_BF: Tensor, label_B: Tensor, row_weight_B: Tensor | None = None) -> Logistic:
    """The weights under which labels 0 and 1 are most likely.

    Args:
        x_BF: rows; a column of ones is the caller's affair.
        label_B: 0 or 1 of each.
        row_weight_B: how many times each counts; once if None.
    """
    check_rank(2, x_BF=x_BF)
    check_same_shape(label_B=label_B, rows=x_BF[:, 0], row_weight_B=label_B if row_weight_B is None else row_weight_B)
    x_BF, label_B = x_BF.double(), label_B.double()
    require(bool(((label_B == 0) | (label_B == 1)).all()), "labels other than 0 and 1", "0 or 1 for each row")
    count_B = torch.ones_like(label_B) if row_weight_B is None else row_weight_B.double()
    weight_F = x_BF.new_zeros(x_BF.shape[1])
    ridge_FF = DECAY * torch.eye(x_BF.shape[1], dtype=torch.float64, device=x_BF.device)
    value = _objective(x_BF, label_B, count_B, weight_F)
    for _ in range(_STEPS):
        p_B = (x_BF @ weight_F).sigmoid()
        slope_F = x_BF.T @ (count_B * (label_B - p_B)) - DECAY * weight_F  # eq. 4.21
        curvature_FF = (x_BF * (count_B * p_B * (1 - p_B))[:, None]).T @ x_BF + ridge_FF  # eq. 4.22
        way_F = torch.linalg.solve(curvature_FF, slope_F)
        gain = float(slope_F @ way_F)
        if gain < _NEAR * (1 + abs(value)):
            break
        length = 1.0
        while (found := _objective(x_BF, label_B, count_B, weight_F + length * way_F)) < value and length > 1e-6:
            length /= 2  # far from its end Newton's step may lead beyond
        weight_F, value = weight_F + length * way_F, found
    else:
        raise PalestraError(f"logistic regression on {tuple(x_BF.shape)} rows did not settle; expected columns near 1")
    return Logistic(weight_F, value + DECAY / 2 * float(weight_F.square().sum()))


def _objective(x_BF: Tensor, label_B: Tensor, count_B: Tensor, weight_F: Tensor) -> float:
    odds_B = x_BF @ weight_F
    likely = (count_B * logsigmoid(torch.where(label_B == 1, odds_B, -odds_B))).sum()
    return float(likely - DECAY / 2 * weight_F.square().sum())
