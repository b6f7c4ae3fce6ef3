"""What the outputs of a Q network mean, for each kind of head."""

import math

import pytest
import torch

from palestra.ops.q_heads import CategoricalReturnHead, QHead, QuantileReturnHead, ScalarHead, make_q_head
from palestra.ops.terms import Term, differentiate

CPU = torch.device("cpu")
ACTIONS, ATOMS, NUM = 3, 5, 8


def heads() -> list[QHead]:
    return [make_q_head(kind, ATOMS, (-2.0, 2.0), "huber", CPU) for kind in ("none", "c51", "quantile")]


def test_the_kind_of_each() -> None:
    assert [type(head) for head in heads()] == [ScalarHead, CategoricalReturnHead, QuantileReturnHead]
    assert [head.num_atoms for head in heads()] == [1, ATOMS, ATOMS]


def test_values_worked_by_hand() -> None:
    scalar, categorical, quantile = heads()
    assert scalar.values(torch.tensor([[1.0, 2.0]])).tolist() == [[1.0, 2.0]]
    # Atoms -2, -1, 0, 1, 2: probabilities 1/2 at -2 and 1/2 at 1, and all at 2.
    logits = torch.tensor([[0.0, -math.inf, -math.inf, 0.0, -math.inf, *[-math.inf] * 4, 0.0]])
    torch.testing.assert_close(categorical.values(logits), torch.tensor([[-0.5, 2.0]]))
    out = torch.tensor([[1.0, 2, 3, 4, 5, -1, -1, -1, -1, 9]])
    torch.testing.assert_close(quantile.values(out), torch.tensor([[3.0, 1.0]]))


@pytest.mark.parametrize("head", heads(), ids=lambda head: type(head).__name__)
def test_spread_is_the_transpose_of_choosing(head: QHead) -> None:
    rng = torch.Generator().manual_seed(0)
    out = torch.randn(NUM, ACTIONS * head.num_atoms, generator=rng)
    action = torch.randint(ACTIONS, (NUM,), generator=rng)
    chosen = head.of(out, action)
    expected = torch.stack([out[i].view(ACTIONS, -1)[action[i]] for i in range(NUM)])
    torch.testing.assert_close(chosen, expected.squeeze(1) if head.num_atoms == 1 else expected)
    gradient = torch.randn(chosen.shape, generator=rng)
    out.requires_grad_()
    term = Term(lambda: 0.0, (head.of(out, action), lambda: gradient))
    spread = differentiate(term, lambda _: False).at[id(out)]
    torch.testing.assert_close((spread * out).sum(), (gradient * chosen).sum())


@pytest.mark.parametrize("head", heads(), ids=lambda head: type(head).__name__)
def test_the_gradient_is_that_of_the_mean_loss(head: QHead) -> None:
    rng = torch.Generator().manual_seed(1)
    shape = (NUM,) if head.num_atoms == 1 else (NUM, ATOMS)
    chosen = (2 * torch.randn(shape, generator=rng)).requires_grad_()
    next_z = torch.randn(shape, generator=rng)
    target = head.backup(torch.randn(NUM, generator=rng), torch.full((NUM,), 0.9), next_z)
    assert target.shape == shape
    weight = torch.rand(NUM, generator=rng)
    for weights in (None, weight):
        written_out = (head.losses(chosen, target) * (1.0 if weights is None else weights)).mean()
        term = head.loss(chosen, target, weights)
        torch.testing.assert_close(term.value, written_out.detach())
        (expected,) = torch.autograd.grad(written_out, chosen)
        torch.testing.assert_close(differentiate(term, lambda _: False).at[id(chosen)], expected)
    surprise = head.surprise(chosen.detach(), target)
    assert surprise.shape == (NUM,)
    assert bool((surprise > 0).all())


def test_nothing_surprises_where_the_prediction_is_the_target() -> None:
    scalar, categorical, _ = heads()
    assert scalar.surprise(torch.ones(2), torch.ones(2)).tolist() == [0.0, 0.0]
    logits = torch.randn(2, ATOMS, generator=torch.Generator().manual_seed(0))
    surprise = categorical.surprise(logits, torch.softmax(logits, 1))
    assert bool((surprise >= 0).all())
    torch.testing.assert_close(surprise, torch.zeros(2), atol=1e-6, rtol=0)
