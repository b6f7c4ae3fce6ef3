"""Dropout keeps the mean, and has the variance that its formula has."""

import pytest
import torch
from torch import Generator

from palestra.ops.dropout import dropout
from palestra.ops.shares import share


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5])
def test_expectation_and_variance(rate: float) -> None:
    # E[x kept / (1 - p)] = x, and its variance is x^2 p / (1 - p).
    number, x = 200_000, 3.0
    out = dropout(torch.full((number,), x), rate, Generator().manual_seed(0))
    variance = x**2 * rate / (1 - rate)
    assert float(out.mean()) == pytest.approx(x, abs=4 * (variance / number) ** 0.5 + 1e-5)
    assert float(out.var()) == pytest.approx(variance, rel=0.02, abs=1e-5)
    assert float((out == 0).float().mean()) == pytest.approx(rate, abs=0.005)


def test_what_is_left_out_learns_nothing() -> None:
    x = torch.ones(100, requires_grad=True)
    out = dropout(x, 0.5, Generator().manual_seed(0))
    (gradient,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(gradient, 2.0 * (out.detach() > 0))


def test_a_rate_that_leaves_nothing_is_refused() -> None:
    for rate in (-0.1, 1.0):
        with pytest.raises(ValueError, match="expected 0 <= rate < 1"):
            dropout(torch.ones(2), rate, Generator())


@pytest.mark.parametrize("shape", [(7, 5), (7, 3, 4, 4)])
@pytest.mark.parametrize("channels_last", [False, True])
def test_a_row_loses_the_same_however_many_share_the_batch(shape: tuple[int, ...], channels_last: bool) -> None:
    x = torch.rand(shape, generator=Generator().manual_seed(1)) + 1
    if channels_last and x.dim() == 4:
        x = x.to(memory_format=torch.channels_last)
    alone = Generator().manual_seed(0)
    whole = dropout(x, 0.5, alone)
    for size in (2, 4):
        parts = []
        for rank in range(size):
            mine, drawn = share(7, rank, size), Generator().manual_seed(0)
            parts.append(dropout(x[mine.start : mine.stop], 0.5, drawn, mine))
            assert torch.equal(drawn.get_state(), alone.get_state())
        assert torch.equal(torch.cat(parts), whole)
