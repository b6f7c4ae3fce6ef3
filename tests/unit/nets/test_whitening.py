"""Whitening: what it says of windows is uncorrelated and of mean square one, both signs; only its bias learns."""

import copy

import torch
from torch import Generator
from torch.nn import functional as F

from palestra.nets.whitening import Whitening


def images() -> torch.Tensor:
    """(50, 3, 9, 8) whose neighbours are alike."""
    drawn = torch.randn(50, 3, 11, 10, generator=Generator().manual_seed(0), dtype=torch.float64)
    return F.avg_pool2d(drawn, 3, 1) * torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1) + drawn[:, :1, 1:-1, 1:-1]


def test_windows_become_white() -> None:
    layer = Whitening(3, eps=0.0).double()
    assert not layer(images()).any()
    layer.fit_(images())
    out_BKHW = layer(images()).detach()
    assert out_BKHW.shape == (50, 24, 8, 7)
    half = out_BKHW[:, :12].movedim(1, -1).reshape(-1, 12)
    torch.testing.assert_close(half.T @ half / len(half), torch.eye(12, dtype=torch.float64), rtol=1e-8, atol=1e-8)
    assert torch.equal(out_BKHW[:, 12:], -out_BKHW[:, :12])


def test_eps_keeps_what_hardly_varies_small() -> None:
    flat = torch.ones(4, 1, 5, 5) + 1e-4 * torch.randn(4, 1, 5, 5, generator=Generator().manual_seed(0))
    layer = Whitening(1, eps=1.0)
    layer.fit_(flat)
    assert float(layer.weight_KCHW.abs().max()) <= 1.0
    layer = Whitening(1, eps=0.0)
    layer.fit_(flat)
    assert float(layer.weight_KCHW.abs().max()) > 100


def test_only_the_bias_learns_and_the_kernels_are_saved() -> None:
    layer = Whitening(3)
    layer.fit_(images().float())
    assert [name for name, _ in layer.named_parameters()] == ["bias_K"]
    other = Whitening(3)
    other.load_state_dict(copy.deepcopy(layer.state_dict()))
    x_BCHW = images()[:2].float()
    assert torch.equal(other(x_BCHW), layer(x_BCHW))
    layer.reset_parameters()
    assert not layer(x_BCHW).any()
