"""Distribution shift: what has changed between the rows that were learned from and those that came later, and weights.

    covariate shift   p(x) changes, p(y | x) does not:  weights q(x) / p(x)        (Shimodaira 2000)
    label shift       p(y) changes, p(x | y) does not:  weights q(y) / p(y)        (Lipton, Wang & Smola 2018)
    concept shift     p(y | x) changes: no weights help; the rule has to be learned anew

Everything is asked of one question, whether a row is from the first or from the second: its log-odds are those of the
two densities. Given x, what y adds to the answer is what has changed in p(y | x); given y, what x adds is what has
changed in p(x | y). Whether anything is added is a likelihood ratio's affair (Wilks 1938).

    O  columns made of the inputs: a one, the inputs, and their products of two
"""

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from palestra.errors import require
from palestra.ops.logistic import logistic_fit
from palestra.ops.shapes import check_rank

LEVEL = 0.001
"""How improbable chance has to be before a change is believed."""
ROWS_A_COLUMN = 20
"""Rows that there have to be for each number that is fitted: with fewer, chance alone looks like a change."""

Kind = Literal["none", "covariate", "label", "concept", "covariate or label"]


class Diagnosis(NamedTuple):
    """What has changed."""

    kind: Kind
    """Its name; ``covariate or label`` where the rows, or labels that are not there, do not tell."""
    said: str
    """In a sentence, with what to do about it."""
    inputs: float
    """How likely chance is to make the inputs differ as much, the p-value of equal p(x); so are the other three."""
    labels: float | None = None
    """Of equal p(y); None, as those below, without labels of the later rows."""
    inputs_given_labels: float | None = None
    """Of equal p(x | y)."""
    labels_given_inputs: float | None = None
    """Of equal p(y | x)."""


SAID: dict[Kind, str] = {
    "none": "nothing that these rows could show has changed",
    "covariate": "the inputs have changed, what they mean has not: weigh the rows that are learned from by"
    " importance_weights",
    "label": "classes have become more and less frequent, and look as they did: weigh them by label_weights",
    "concept": "the same inputs mean something else: learn anew from rows that are labelled now",
    "covariate or label": "the inputs have changed; whether by themselves or because classes have become more and less"
    " frequent, labels of more of the later rows would tell",
}
"""What there is to say of each."""


def diagnose_shift(train_inputs: Any, train_labels: Any, test_inputs: Any, test_labels: Any = None) -> Diagnosis:
    """What has changed from one set of rows to another.

    Args:
        train_inputs: (n, ...) rows that were learned from, arrays or tensors.
        train_labels: (n,) their classes, from 0.
        test_inputs: (m, ...) later rows.
        test_labels: (m,) the classes of these, if they are known.

    UsageError for too few rows to tell anything. Densities are compared as far as means, variances and correlations go,
    or means alone where there are too few rows for more.
    """
    train_BF, test_LF = (torch.as_tensor(rows).double().flatten(1) for rows in (train_inputs, test_inputs))
    domain_B = torch.cat([train_BF.new_zeros(len(train_BF)), train_BF.new_ones(len(test_LF))])
    row_BF = torch.cat([train_BF, test_LF])
    if test_labels is None:
        o_BO = _columns(row_BF, len(row_BF) // ROWS_A_COLUMN)
        inputs = _chance(domain_B, o_BO[:, :1], o_BO)
        kind: Kind = "none" if inputs > LEVEL else "covariate or label"
        return Diagnosis(kind, SAID[kind], inputs)
    before, after = torch.as_tensor(train_labels), torch.as_tensor(test_labels)
    label_B = torch.cat([before, after])
    classes = int(label_B.max()) + 1
    o_BO = _columns(row_BF, len(row_BF) // (ROWS_A_COLUMN * classes))
    one_B1 = o_BO[:, :1]
    inputs = _chance(domain_B, one_B1, o_BO)
    class_BK = one_hot(label_B.long(), classes).double()
    both_BO = (class_BK[:, :, None] * o_BO[:, None]).flatten(1)
    labels = _chance(domain_B, one_B1, class_BK)
    given_labels, given_inputs = _chance(domain_B, class_BK, both_BO), _chance(domain_B, o_BO, both_BO)
    kind = _kind(_chance(domain_B, one_B1, both_BO), given_labels, given_inputs)
    if not bool(torch.isin(after, before).all()):
        kind = "concept"  # of a class that there was not no weight makes any
    return Diagnosis(kind, SAID[kind], inputs, labels, given_labels, given_inputs)


def _kind(anything: float, inputs_given_labels: float, labels_given_inputs: float) -> Kind:
    if anything > LEVEL:
        return "none"
    match inputs_given_labels <= LEVEL, labels_given_inputs <= LEVEL:
        case True, True:
            return "concept"
        case True, False:
            return "covariate"
        case False, True:
            return "label"
    return "covariate or label"


def importance_weights(train_BF: Tensor, test_LF: Tensor) -> Tensor:
    """(B,) float64 q(x) / p(x) at the rows that are learned from, by logistic regression (Bickel et al. 2009, eq. 5).

    Exact, but for the luck of the rows, where the logarithm of the ratio is quadratic, as that of two Gaussians is.

    Args:
        train_BF: rows from p.
        test_LF: rows from q.
    """
    check_rank(2, train_BF=train_BF, test_LF=test_LF)
    row_BF = torch.cat([train_BF, test_LF]).double()
    o_BO = _columns(row_BF, len(row_BF) // ROWS_A_COLUMN)
    domain_B = torch.cat([row_BF.new_zeros(len(train_BF)), row_BF.new_ones(len(test_LF))])
    odds_B = logistic_fit(o_BO, domain_B).log_odds(o_BO[: len(train_BF)])
    ratio_B: Tensor = odds_B.exp() * len(train_BF) / len(test_LF)
    return ratio_B


def label_weights(confusion_KK: Tensor, predicted_K: Tensor) -> Tensor:
    """(K,) float64 q(y) / p(y), from what a classifier says of rows without labels (Lipton et al. 2018, eq. 3).

    sum_y p(said, y) q(y) / p(y) = q(said), since a class is taken for another as often as ever; what comes out below
    zero by chance is zero.

    Args:
        confusion_KK: shares of held out rows that are said to be of one class and are of another, adding to 1.
        predicted_K: shares of the later rows that are said to be of each class.
    """
    check_rank(2, confusion_KK=confusion_KK)
    check_rank(1, predicted_K=predicted_K)
    confusion_KK = confusion_KK.double()
    known = int(torch.linalg.matrix_rank(confusion_KK))
    given = f"a confusion matrix of {len(confusion_KK)} classes and rank {known}"
    require(known == len(predicted_K), given, "each class to be told from the mixture of the others")
    ratio_K: Tensor = torch.linalg.solve(confusion_KK, predicted_K.double())
    return ratio_K.clamp(min=0)


def _columns(row_BF: Tensor, most: int) -> Tensor:
    """(B, O) a one, the columns as standard numbers, and their products while there are rows enough for so many."""
    deviation_F = row_BF.std(0)
    row_BF = ((row_BF - row_BF.mean(0)) / deviation_F)[:, deviation_F > 0]
    one_B1, features = row_BF.new_ones(len(row_BF), 1), row_BF.shape[1]
    given = f"{len(row_BF):,} rows of {features} columns"
    require(1 + features <= most, given, f"{ROWS_A_COLUMN} rows for each number that is fitted, or fewer columns")
    if 1 + features + features * (features + 1) // 2 > most:
        return torch.cat([one_B1, row_BF], 1)
    one, other = torch.triu_indices(features, features)
    return torch.cat([one_B1, row_BF, row_BF[:, one] * row_BF[:, other]], 1)


def _chance(domain_B: Tensor, less_BO: Tensor, more_BO: Tensor) -> float:
    """The p-value of the columns that are more telling nothing that those that are less do not (Wilks 1938)."""
    fewer, more = logistic_fit(less_BO, domain_B), logistic_fit(more_BO, domain_B)
    statistic = max(0.0, 2 * (more.log_likelihood - fewer.log_likelihood))
    degrees = int(torch.linalg.matrix_rank(more_BO)) - int(torch.linalg.matrix_rank(less_BO))
    return float(torch.special.gammaincc(torch.tensor(degrees / 2).double(), torch.tensor(statistic / 2).double()))
