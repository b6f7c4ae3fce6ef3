"""Attention is PyTorch's, its weights are what their formula says, and who sees nothing takes nothing."""

import math

import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.ops.attention import attention, attention_weights, causal


def drawn(*shapes: tuple[int, ...]) -> list[Tensor]:
    draw = Generator().manual_seed(0)
    return [torch.randn(shape, generator=draw, dtype=torch.float64, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("masked", ["no", "causal", "by sample"])
def test_it_is_pytorchs_forward_and_backward(masked: str) -> None:
    query, key, value = drawn((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 6))
    by_sample = torch.rand(2, 1, 5, 5, generator=Generator().manual_seed(1)) < 0.7
    visible = {"no": None, "causal": causal(5), "by sample": by_sample | torch.eye(5, dtype=torch.bool)}[masked]
    expected = F.scaled_dot_product_attention(query, key, value, visible)
    ours = attention(query, key, value, visible)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    weight = torch.arange(ours.numel(), dtype=torch.float64).reshape(ours.shape).sin()
    gradients = [torch.autograd.grad((out * weight).sum(), [query, key, value]) for out in (ours, expected)]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)


def test_weights_by_hand() -> None:
    # One query (2, 0) in four dimensions' place of two: scores 2 / sqrt 2 and 0.
    query_QF, key_LF = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    high = math.exp(2 / math.sqrt(2))
    expected = torch.tensor([[high / (high + 1), 1 / (high + 1)]])
    torch.testing.assert_close(attention_weights(query_QF, key_LF), expected)
    seen = attention_weights(query_QF, key_LF, torch.tensor([[False, True]]))
    assert seen.tolist() == [[0.0, 1.0]]


def test_who_may_look_at_nothing_takes_nothing_and_learns_nothing() -> None:
    query, key, value = drawn((3, 4), (3, 4), (3, 4))
    visible = torch.tensor([[True, False, False], [False, False, False], [True, True, True]])
    out_QF = attention(query, key, value, visible)
    assert out_QF[1].tolist() == [0.0] * 4
    gradients = torch.autograd.grad(out_QF.sum(), [query, key, value])
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert not gradients[0][1].any()
    torch.testing.assert_close(attention_weights(query, key, visible).sum(-1).tolist(), [1.0, 0.0, 1.0])


def test_the_past_is_visible_and_the_future_is_not() -> None:
    assert causal(3).tolist() == [[True, False, False], [True, True, False], [True, True, True]]


def test_shapes_and_masks_are_checked() -> None:
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(2, 4\)"):
        attention_weights(torch.zeros(2, 3), torch.zeros(2, 4))
    with pytest.raises(ValueError, match=r"visible is torch.float32; expected bool"):
        attention_weights(torch.zeros(2, 3), torch.zeros(2, 3), torch.ones(2, 2))
