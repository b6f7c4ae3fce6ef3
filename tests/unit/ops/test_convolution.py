"""Cross-correlation: the definition, the product of windows and PyTorch's are one; a sum with its arithmetic."""

from typing import Any

import pytest
import torch
from torch import Generator
from torch.nn import functional as F

from palestra.ops.convolution import correlated, correlated_pixel_by_pixel, correlated_pointwise, window

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "padded": {"padding": 1},
    "in leaps": {"stride": 2},
    "both": {"stride": 2, "padding": 2},
    "rows and columns differ": {"stride": (3, 1), "padding": (0, 1)},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_all_three_are_one(way: dict[str, Any]) -> None:
    draw = Generator().manual_seed(0)
    image_BCHW = torch.randn(2, 3, 7, 6, generator=draw, dtype=torch.float64, requires_grad=True)
    kernel_KCHW = torch.randn(4, 3, 3, 2, generator=draw, dtype=torch.float64, requires_grad=True)
    bias_K = torch.randn(4, generator=draw, dtype=torch.float64, requires_grad=True)
    expected = F.conv2d(image_BCHW, kernel_KCHW, bias_K, **way)
    ours = correlated(image_BCHW, kernel_KCHW, bias_K, **way)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        defined = correlated_pixel_by_pixel(image_BCHW, kernel_KCHW, bias_K, **way)
    torch.testing.assert_close(defined, expected.detach(), rtol=1e-12, atol=1e-12)
    weight = torch.randn(expected.shape, generator=draw, dtype=torch.float64)
    leaves = [image_BCHW, kernel_KCHW, bias_K]
    for one, two in zip(*(torch.autograd.grad((out * weight).sum(), leaves) for out in (ours, expected)), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-10)
    without = F.conv2d(image_BCHW, kernel_KCHW, **way)
    torch.testing.assert_close(correlated(image_BCHW, kernel_KCHW, **way), without)


def test_edges_are_where_neighbours_differ() -> None:
    image_BCHW = torch.ones(1, 1, 6, 8)
    image_BCHW[..., 2:6] = 0  # four dark columns
    edges = correlated(image_BCHW, torch.tensor([[[[1.0, -1.0]]]]))
    assert edges.shape == (1, 1, 6, 7)
    assert edges[0, 0].tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6
    # Turned on its side the picture has no step from left to right.
    assert not correlated(image_BCHW.transpose(2, 3), torch.tensor([[[[1.0, -1.0]]]])).any()


def test_what_stands_behind_a_pixel() -> None:
    image_CHW = torch.arange(9.0).reshape(1, 3, 3)
    kernel_CHW = torch.arange(4.0).reshape(1, 2, 2)
    behind = window(image_CHW, kernel_CHW, torch.tensor(5.0), 1, 1)
    assert (behind.top, behind.left) == (1, 1)
    assert behind.inputs_CHW.tolist() == [[[4, 5], [7, 8]]]
    assert behind.products_CHW.tolist() == [[[0 * 4, 1 * 5], [2 * 7, 3 * 8]]]
    assert float(behind.total) == 5 + 14 + 24 + 5
    corner = window(image_CHW, kernel_CHW, torch.tensor(0.0), 0, 0, padding=1)
    assert (corner.top, corner.left) == (-1, -1)
    assert corner.inputs_CHW.tolist() == [[[0, 0], [0, 0]]]  # three of padding, and the pixel that is 0
    assert window(image_CHW, kernel_CHW, torch.tensor(0.0), 1, 0, padding=1).inputs_CHW.tolist() == [[[0, 0], [0, 3]]]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_pixel_is_the_sum_that_stands_behind_it(way: dict[str, Any]) -> None:
    draw = Generator().manual_seed(0)
    image_BCHW = torch.randn(1, 3, 7, 6, generator=draw, dtype=torch.float64)
    kernel_KCHW = torch.randn(2, 3, 3, 2, generator=draw, dtype=torch.float64)
    bias_K = torch.randn(2, generator=draw, dtype=torch.float64)
    (expected_KHW,) = F.conv2d(image_BCHW, kernel_KCHW, bias_K, **way)
    for k, i, j in torch.cartesian_prod(*map(torch.arange, expected_KHW.shape)).tolist():
        behind = window(image_BCHW[0], kernel_KCHW[k], bias_K[k], i, j, **way)
        assert torch.equal(behind.products_CHW, behind.inputs_CHW * kernel_KCHW[k])
        torch.testing.assert_close(behind.total, behind.products_CHW.sum() + bias_K[k])
        torch.testing.assert_close(behind.total, expected_KHW[k, i, j], rtol=1e-12, atol=1e-12)


def test_there_is_no_window_behind_what_is_no_pixel() -> None:
    image_CHW, kernel_CHW, bias = torch.ones(2, 5, 4), torch.ones(2, 3, 3), torch.tensor(0.0)
    # (5 + 2 - 3) / 2 + 1 = 3 rows, and 2 columns, of the 3 / 2 that are rounded down.
    assert float(window(image_CHW, kernel_CHW, bias, 2, 1, stride=2, padding=1).total) == 2 * 2 * 3
    for place in ((3, 1), (2, 2), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="expected a row below 3 and a column below 2, both from 0"):
            window(image_CHW, kernel_CHW, bias, *place, stride=2, padding=1)
    with pytest.raises(ValueError, match="a kernel of 2 channels on an image of 1; expected as many"):
        window(image_CHW[:1], kernel_CHW, bias, 0, 0)


def test_a_one_by_one_convolution_is_a_linear_layer_at_every_pixel() -> None:
    draw = Generator().manual_seed(0)
    image_BCHW = torch.randn(2, 3, 4, 5, generator=draw)
    weight_KC, bias_K = torch.randn(2, 3, generator=draw), torch.randn(2, generator=draw)
    for bias in (None, bias_K):
        expected = F.conv2d(image_BCHW, weight_KC[:, :, None, None], bias)
        torch.testing.assert_close(correlated_pointwise(image_BCHW, weight_KC, bias), expected, rtol=1e-5, atol=1e-6)


def test_a_kernel_is_learned_from_what_it_did() -> None:
    """The edge detector is found again from pictures before and after, by its gradient."""
    draw = Generator().manual_seed(0)
    image_BCHW = torch.randn(4, 1, 6, 8, generator=draw)
    seen_BKHW = correlated(image_BCHW, torch.tensor([[[[1.0, -1.0]]]]))
    kernel_KCHW = torch.zeros(1, 1, 1, 2, requires_grad=True)
    for _ in range(100):
        loss = (correlated(image_BCHW, kernel_KCHW) - seen_BKHW).square().mean()
        (gradient,) = torch.autograd.grad(loss, kernel_KCHW)
        with torch.no_grad():
            kernel_KCHW -= 0.2 * gradient
    torch.testing.assert_close(kernel_KCHW.detach().flatten(), torch.tensor([1.0, -1.0]), rtol=1e-4, atol=1e-4)


def test_ranks_are_checked() -> None:
    with pytest.raises(ValueError, match="kernel has shape"):
        correlated(torch.zeros(1, 1, 3, 3), torch.zeros(2, 2))
    with pytest.raises(ValueError, match="expected 3 dimensions"):
        window(torch.zeros(1, 1, 3, 3), torch.zeros(1, 2, 2), torch.zeros(()), 0, 0)
    with pytest.raises(ValueError, match="expected 2 dimensions"):
        correlated_pointwise(torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 1, 1))
