"""Sums of terms by hand, and derivatives through chains of recordings against autograd's through the whole."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from palestra.ops.terms import Recording, Term, differentiate, without_autograd


def t(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def square(x: Tensor) -> Term:
    """sum x^2, with its derivative beside it."""
    return Term(lambda: x.square().sum(), (x, lambda: 2.0 * x))


def slopes(loss: Term | Tensor, *leaves: Tensor) -> list[list[float]]:
    found = differentiate(loss, lambda _: False).at
    assert set(found) == {id(leaf) for leaf in leaves}
    return [found[id(leaf)].tolist() for leaf in leaves]


def test_a_function_is_left_without_autograd_and_nothing_else_is() -> None:
    @without_autograd
    def doubled(x: Tensor) -> Tensor:
        assert not torch.is_grad_enabled()
        return 2 * x

    x = t(3.0).requires_grad_()
    for mode in (torch.enable_grad, torch.no_grad, torch.inference_mode):
        with mode():
            assert doubled(x).tolist() == [6.0]
            assert not doubled(x).requires_grad
            assert torch.is_grad_enabled() == (mode is torch.enable_grad)
    assert doubled.__name__ == "doubled"


def test_sums_and_scalars_by_hand() -> None:
    x, y = t(1.0, 2.0).requires_grad_(), t(3.0).requires_grad_()
    a, b = square(x), square(y)  # 5 and 9, derivatives (2, 4) and (6)
    alpha = torch.tensor(0.5, dtype=torch.float64)
    for loss, value, by_x, by_y in (
        (a + b, 14.0, [2.0, 4.0], [6.0]),
        (a - b, -4.0, [2.0, 4.0], [-6.0]),
        (3.0 * a + b * 2.0, 33.0, [6.0, 12.0], [12.0]),
        (alpha * a - 0.1 * b, 1.6, [1.0, 2.0], [-0.6]),
        (2.0 * (a - 0.5 * b) + 1.0, 2.0, [4.0, 8.0], [-6.0]),
        (7.0 - a - b, -7.0, [-2.0, -4.0], [-6.0]),
        (a + a - b, 1.0, [4.0, 8.0], [-6.0]),
        (0.0 + a - 0.0 + b, 14.0, [2.0, 4.0], [6.0]),
    ):
        assert float(loss.value) == pytest.approx(value)
        assert not loss.value.requires_grad
        found = slopes(loss, x, y)
        assert found[0] == pytest.approx(by_x)
        assert found[1] == pytest.approx(by_y)


def test_scalar_tensors_join_the_sum() -> None:
    x, y = t(1.0, 2.0).requires_grad_(), t(3.0).requires_grad_()
    for loss in (square(x) - 2.0 * (x * y).sum(), -2.0 * (x * y).sum() + square(x)):
        assert float(loss.value) == pytest.approx(5 - 2 * (3 + 6))
        found = slopes(loss, x, y)
        assert found == [[2.0 - 6.0, 4.0 - 6.0], [-6.0]]
    assert slopes((x * y).sum() - square(y), x, y) == [[3.0, 3.0], [3.0 - 6.0]]
    assert slopes((x * y).sum(), x, y) == [[3.0, 3.0], [3.0]]


def test_a_tensor_that_leads_nowhere_is_refused() -> None:
    x = t(1.0).requires_grad_()
    with torch.no_grad(), pytest.raises(ValueError, match="made where gradients are off"):
        square(x) + x.sum()
    with pytest.raises(ValueError, match="made where gradients are off"):
        differentiate(t(1.0)[0], lambda _: True)


def test_nothing_is_computed_before_it_is_asked_for() -> None:
    asked: list[str] = []
    x = t(1.0).requires_grad_()
    term = Term(lambda: asked.append("value") or 1.0, (x, lambda: asked.append("slope") or 2.0))  # type: ignore[func-returns-value]
    loss = 2.0 * term - term
    assert asked == []
    assert float(loss.value) == 1.0
    assert asked == ["value"] * 2
    assert slopes(loss, x) == [[2.0]]
    assert asked == ["value"] * 2 + ["slope"] * 2


class Doubled(Recording):
    """Two outputs, 2 x and x^2."""

    def __init__(self, x: Tensor, wrong: float = 1.0):
        super().__init__([x])
        self.x, self.wrong = x.detach(), wrong

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        first, second = (torch.zeros_like(self.x) if g is None else g for g in to_outputs)
        return [self.wrong * 2.0 * first + 2.0 * self.x * second]


def double(x: Tensor, wrong: float = 1.0) -> tuple[Tensor, Tensor]:
    recording = Doubled(x, wrong)
    return recording.leaf(2.0 * x.detach()), recording.leaf(x.detach().square())


@pytest.mark.parametrize("wrong", [1.0, 1.01])
def test_a_chain_of_recordings_with_autograd_between(wrong: float) -> None:
    x = t(0.3, -0.7, 1.1).requires_grad_()
    first, second = double(x)
    third, fourth = double(first.sin() * second, wrong)  # autograd's part
    loss = square(third) + (fourth * first).sum() - 0.5 * square(second)
    (found,) = slopes(loss, x)

    a, b = 2.0 * x, x.square()
    c, d = 2.0 * (a.sin() * b), (a.sin() * b).square()
    whole = c.square().sum() + (d * a).sum() - 0.5 * b.square().sum()
    (expected,) = torch.autograd.grad(whole, x)
    assert float(loss.value) == pytest.approx(float(whole.detach()))
    assert (found == pytest.approx(expected.tolist(), rel=1e-12)) == (wrong == 1.0)  # a wrong way back is seen


def test_an_output_that_the_loss_does_not_see_counts_as_zero() -> None:
    x = t(0.5).requires_grad_()
    assert slopes(square(double(x)[1]), x) == [[pytest.approx(4 * 0.5**3)]]
    assert slopes(square(double(x)[0]), x) == [[pytest.approx(8 * 0.5)]]


def test_a_recording_is_gone_back_once() -> None:
    x = t(0.5).requires_grad_()
    out, _ = double(x)
    differentiate(square(out), lambda _: True)
    with pytest.raises(RuntimeError, match="gone back already"):
        differentiate(square(out), lambda _: True)
