"""How good predictions are: a value for each row, and what all of them come to.

``outputs`` of a classifier are log-probabilities up to a constant, one a class; of a regressor the values themselves.
What writes sequences is a classifier at each of their places.

    Q  places of a sequence, in order
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from palestra.measure import Direction


class Score(NamedTuple):
    """One way to judge predictions."""

    name: str
    """As it is recorded: ``eval/accuracy``."""
    direction: Direction
    """Which way is better."""
    rows: Callable[[Tensor, Tensor], Tensor]
    """Outputs (B, ...) and what was to be predicted (B, ...) to (B,) float64; where a data set has no targets, its
    inputs stand for them."""
    total: Callable[[Tensor], Tensor] = torch.mean
    """(B,) to ()."""


def _correct(outputs_BK: Tensor, targets_B: Tensor) -> Tensor:
    return (outputs_BK.argmax(-1) == targets_B).double()


def _surprise(outputs_BK: Tensor, targets_B: Tensor) -> Tensor:
    return functional.cross_entropy(outputs_BK.double(), targets_B, reduction="none")


def _all_correct(outputs_BQK: Tensor, targets_BQ: Tensor) -> Tensor:
    return (outputs_BQK.argmax(-1) == targets_BQ).all(1).double()


def _mean_surprise(outputs_BQK: Tensor, targets_BQ: Tensor) -> Tensor:
    logits_BKQ = outputs_BQK.double().transpose(1, 2)
    return functional.cross_entropy(logits_BKQ, targets_BQ.long(), reduction="none").mean(1)


def _squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.double() - targets.double()).square().reshape(len(outputs), -1).mean(1)


def _distance(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.double() - targets.double()).abs().reshape(len(outputs), -1).mean(1)


def _root_mean(rows_B: Tensor) -> Tensor:
    return rows_B.mean().sqrt()


ACCURACY = Score("eval/accuracy", "up", _correct)
"""Share of rows whose most probable class is the right one."""
LOG_LOSS = Score("eval/log_loss", "down", _surprise)
"""Mean of -log p(right class)."""
RMSE = Score("eval/rmse", "down", _squared_error, _root_mean)
"""Square root of the mean squared error."""
MAE = Score("eval/mae", "down", _distance)
"""Mean absolute error."""
EXACT_MATCH = Score("eval/exact_match", "up", _all_correct)
"""Share of sequences of which every token is the right one."""
NATS = Score("eval/nats", "down", _mean_surprise)
"""Mean of -log p(right token) over all places of all sequences: the cross-entropy, in nats a token."""
