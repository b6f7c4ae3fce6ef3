"""Batch normalisation from scratch is PyTorch's: in training, in evaluation, and in what it remembers."""

import copy

import pytest
import torch
from torch import Generator, Tensor, nn

from palestra.nets.batch_norm import BatchNorm

SHAPES = {"images": (6, 3, 5, 4), "rows": (7, 3), "one image": (1, 3, 2, 2)}


def both(shape: tuple[int, ...]) -> tuple[BatchNorm, nn.Module]:
    """Ours and PyTorch's with the same scale and shift, neither of them the identity."""
    ours = BatchNorm(shape[1]).double()
    theirs = (nn.BatchNorm2d(shape[1]) if len(shape) == 4 else nn.BatchNorm1d(shape[1])).double()
    with torch.no_grad():
        for one, two in zip((ours.scale_C, ours.shift_C), theirs.parameters(), strict=True):
            one.copy_(torch.randn(shape[1], generator=Generator().manual_seed(1), dtype=torch.float64))
            two.copy_(one)
    return ours, theirs


def batches(shape: tuple[int, ...], number: int) -> list[Tensor]:
    draw = Generator().manual_seed(0)
    return [3 + 2 * torch.randn(shape, generator=draw, dtype=torch.float64) for _ in range(number)]


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_training_evaluation_and_statistics_are_pytorchs(shape: tuple[int, ...]) -> None:
    ours, theirs = both(shape)
    for x in batches(shape, 5):
        gradients = []
        for layer in (ours, theirs):
            given = x.clone().requires_grad_()
            out = layer(given)
            weight = torch.arange(out.numel(), dtype=torch.float64).reshape(out.shape).cos()
            gradients.append((out, *torch.autograd.grad((out * weight).sum(), [given, *layer.parameters()])))
        for one, two in zip(*gradients, strict=True):
            torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(ours.mean_C, theirs.running_mean, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(ours.variance_C, theirs.running_var, rtol=1e-12, atol=1e-12)
    assert float((ours.variance_C - 1).abs().min()) > 0.1  # they have moved
    (x,) = batches(shape, 1)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=1e-12, atol=1e-12)


def test_a_gradient_in_evaluation_moves_no_statistic() -> None:
    ours, _ = both((6, 3, 5, 4))
    kept = copy.deepcopy(ours.eval().state_dict())
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    ours(x).square().sum().backward()
    assert x.grad is not None
    assert all(torch.equal(kept[name], value) for name, value in ours.state_dict().items())


def test_training_without_gradients_moves_them() -> None:
    ours, theirs = both((6, 3, 5, 4))
    with torch.no_grad():
        for x in batches((6, 3, 5, 4), 2):
            torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.mean_C, theirs.running_mean)


def test_the_statistics_are_saved_and_hold_no_graph() -> None:
    ours, _ = both((6, 3, 5, 4))
    for x in batches((6, 3, 5, 4), 2):
        ours(x.requires_grad_())
    assert set(ours.state_dict()) == {"scale_C", "shift_C", "mean_C", "variance_C"}
    assert ours.mean_C.grad_fn is ours.variance_C.grad_fn is None
    ours.reset_parameters()
    assert all(
        torch.equal(p, q) for p, q in zip(ours.state_dict().values(), BatchNorm(3).double().state_dict().values())
    )


def test_one_number_a_channel_has_no_variance() -> None:
    ours, theirs = both((7, 3))
    with pytest.raises(ValueError, match="expected more than one number a channel"):
        ours(torch.zeros(1, 3, dtype=torch.float64))
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        theirs(torch.zeros(1, 3, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"expected \(B, C\) or \(B, C, H, W\)"):
        ours(torch.zeros(4, 3, 2, dtype=torch.float64))
