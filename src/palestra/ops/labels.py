"""How good predictions are of rows that may have several labels at once, label by label and all together.

A prediction is right or wrong for each label by itself. The Hamming loss counts those that are wrong; the share of rows
that are right in all of them is the subset accuracy. Precision, recall and F1 are of one label; *macro* is the mean of
the labels' F1, *micro* the F1 of all their decisions put together (Tsoumakas, Katakis & Vlahavas 2010, section 7).
"""

from functools import partial

import torch
from torch import Tensor

from palestra.errors import require
from palestra.ops.anomalies import F1, PRECISION, RECALL
from palestra.ops.scores import EXACT_MATCH, Score

MOST = 26
"""Labels whose outcomes, four each, are one number that float64 holds exactly."""


def _wrong(outputs_BL2: Tensor, targets_BL: Tensor) -> Tensor:
    return (outputs_BL2.argmax(-1) != targets_BL).double().mean(1)


def _outcomes(outputs_BL2: Tensor, targets_BL: Tensor) -> Tensor:
    """The outcomes of all labels as one number to base 4: said plus twice true."""
    return ((outputs_BL2.argmax(-1) + 2 * targets_BL) * _places(targets_BL.shape[1], targets_BL)).sum(1).double()


def _places(labels: int, like: Tensor) -> Tensor:
    return 4 ** torch.arange(labels, device=like.device)


def _macro_f1(labels: int, outcome_B: Tensor) -> Tensor:
    outcome_BL = outcome_B.long()[:, None] // _places(labels, outcome_B) % 4
    return torch.stack([F1.total(outcome_BL[:, label].double()) for label in range(labels)]).mean()


def _micro_f1(labels: int, outcome_B: Tensor) -> Tensor:
    return F1.total((outcome_B.long()[:, None] // _places(labels, outcome_B) % 4).flatten().double())


def _of_label(score: Score, label: int) -> Score:
    def rows(outputs_BL2: Tensor, targets_BL: Tensor) -> Tensor:
        return score.rows(outputs_BL2[:, label], targets_BL[:, label])

    return Score(f"{score.name}/{label}", score.direction, rows, score.total)


HAMMING = Score("eval/hamming", "down", _wrong)
"""Share of the labels of a row that are said wrongly, in the mean over rows."""


def label_scores(labels: int) -> tuple[Score, ...]:
    """All scores of so many labels: of all together, then precision, recall and F1 of each.

    ``eval/f1/0`` is of the first one.
    """
    require(1 <= labels <= MOST, f"{labels} labels", f"1 to {MOST}")
    together = (
        HAMMING,
        EXACT_MATCH,
        Score("eval/macro_f1", "up", _outcomes, partial(_macro_f1, labels)),
        Score("eval/micro_f1", "up", _outcomes, partial(_micro_f1, labels)),
    )
    each = (_of_label(score, label) for label in range(labels) for score in (PRECISION, RECALL, F1))
    return (*together, *each)
