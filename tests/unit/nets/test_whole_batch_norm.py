"""Batch normalisation of shares: outputs, derivatives and running means are those of PyTorch's on the whole batch."""

import copy

import pytest
import torch
from torch import Tensor, nn

from palestra.nets.batch_norm import BatchNorm
from palestra.nets.whole_batch_norm import WholeBatchNorm, normalise_whole
from together import Threads, side_by_side

ROWS = 7


def rows(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(ROWS, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 3 + 5


@pytest.mark.parametrize(
    ("kind", "shape"), [(nn.BatchNorm1d, (3,)), (nn.BatchNorm2d, (3, 4, 2)), (BatchNorm, (3,)), (BatchNorm, (3, 4, 2))]
)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_shares_are_normalised_as_the_whole_is(kind: type, shape: tuple[int, ...], size: int) -> None:
    net, drawn = nn.Sequential(kind(3)).double(), torch.Generator().manual_seed(2)
    for p in net.parameters():
        p.data.uniform_(0.5, 2, generator=drawn)
    x, weight = rows(shape, 0).requires_grad_(), rows(shape, 1)
    alone = copy.deepcopy(net)
    out = alone(x)
    (out * weight).mean().backward()

    def work(ranks: Threads) -> tuple[Tensor, Tensor, nn.Module, float]:
        own, mine = copy.deepcopy(net), ranks.share(ROWS)
        normalise_whole(own, ranks, ranks.rows)
        part = x.detach()[mine.start : mine.stop].requires_grad_()
        found = own(part)
        ((found * weight[mine.start : mine.stop]).mean() * mine.weight).backward()
        assert part.grad is not None
        return found.detach(), part.grad, own, mine.weight

    done = side_by_side(size, work)
    assert x.grad is not None
    torch.testing.assert_close(torch.cat([each[0] for each in done]), out.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(torch.cat([each[1] for each in done]), x.grad, rtol=0, atol=1e-12)
    for name, wanted in alone.state_dict().items():
        for _, _, own, _ in done:
            torch.testing.assert_close(own.state_dict()[name], wanted, rtol=0, atol=1e-12)
    for i, wanted in enumerate(alone.parameters()):
        total = torch.stack([p.grad for *_, own, _ in done for p in [[*own.parameters()][i]] if p.grad is not None])
        torch.testing.assert_close(total.sum(0), wanted.grad, rtol=0, atol=1e-12)


def test_a_row_that_counts_for_nothing_moves_no_statistic() -> None:
    net = nn.Sequential(nn.BatchNorm2d(2)).double()
    x = torch.randn(1, 2, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    alone = copy.deepcopy(net)
    alone(x)

    def work(ranks: Threads) -> nn.Module:
        own, mine = copy.deepcopy(net), ranks.share(1)
        normalise_whole(own, ranks, ranks.rows)
        own(x[mine.start : mine.stop])
        return own

    for own in side_by_side(2, work):
        for name, wanted in alone.state_dict().items():
            torch.testing.assert_close(own.state_dict()[name], wanted)


def test_it_takes_its_place_under_the_same_names_and_asks_nobody_when_nothing_is_learned() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    known, parameters = list(net.state_dict()), list(net.parameters())

    def work(ranks: Threads) -> None:
        normalise_whole(net, ranks, ranks.rows)
        assert isinstance(net[1], WholeBatchNorm)
        assert list(net.state_dict()) == known
        assert all(one is other for one, other in zip(net.parameters(), parameters, strict=True))
        net.eval()(torch.zeros(2, 1, 4, 4))
        assert ranks.calls == 0

    side_by_side(1, work)
