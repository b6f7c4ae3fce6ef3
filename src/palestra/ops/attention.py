"""Scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762), from scratch.

    attention(Q, K, V) = softmax(Q K^T / sqrt(F)) V    (eq. 1)

Any number of dimensions may stand before those of a suffix: samples of a batch, heads.

    Q  places that ask, in order; those that are asked are L
"""

import math

import torch
from torch import Tensor


def attention_weights(query_QF: Tensor, key_LF: Tensor, visible_QL: Tensor | None = None) -> Tensor:
    """How much each place that asks takes from each place that is asked.

    Args:
        query_QF: (..., Q, F) what is looked for.
        key_LF: (..., L, F) what is there to be found.
        visible_QL: (..., Q, L) bool, what may be looked at; None for everything.

    Returns:
        (..., Q, L), each row adding to 1; or to 0 where nothing may be looked at.
    """
    _check(query_QF, key_LF, visible_QL)
    score_QL = query_QF @ key_LF.transpose(-1, -2) / math.sqrt(query_QF.shape[-1])
    if visible_QL is None:
        return score_QL.softmax(-1)
    # The lowest number rather than -inf: a row in which nothing is visible would be 0 / 0, and so would its gradient.
    hidden_QL = ~visible_QL
    return score_QL.masked_fill(hidden_QL, torch.finfo(score_QL.dtype).min).softmax(-1).masked_fill(hidden_QL, 0.0)


def attention(query_QF: Tensor, key_LF: Tensor, value_LF: Tensor, visible_QL: Tensor | None = None) -> Tensor:
    """(..., Q, F) the values (..., L, F) of the places that are asked, weighed (eq. 1).

    ``torch.nn.functional.scaled_dot_product_attention`` is its fast twin.
    """
    return attention_weights(query_QF, key_LF, visible_QL) @ value_LF


def causal(length: int, device: torch.device | str = "cpu") -> Tensor:
    """(length, length) bool: each place sees itself and what came before it (section 3.2.3)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def _check(query_QF: Tensor, key_LF: Tensor, visible_QL: Tensor | None) -> None:
    if min(query_QF.dim(), key_LF.dim()) < 2 or query_QF.shape[-1] != key_LF.shape[-1]:
        shapes = f"{tuple(query_QF.shape)} and {tuple(key_LF.shape)}"
        raise ValueError(f"queries and keys of shapes {shapes}; expected (..., Q, F) and (..., L, F)")
    if visible_QL is not None and visible_QL.dtype != torch.bool:
        raise ValueError(f"visible is {visible_QL.dtype}; expected bool, true for what may be looked at")
