"""Pooling is PyTorch's, and a small picture's arithmetic stands here."""

from typing import Any

import pytest
import torch
from torch import Generator
from torch.nn import functional as F

from palestra.ops.pooling import pooled

WAYS: dict[str, dict[str, Any]] = {
    "side by side": {},
    "overlapping": {"stride": 1},
    "padded, in leaps": {"stride": 2, "padding": 1},
    "rows and columns differ": {"stride": (1, 2), "padding": (1, 0)},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("size", [2, 3, (3, 2)])
def test_it_is_pytorchs(size: Any, way: dict[str, Any]) -> None:
    # All below zero: padding would be seen if it counted in a maximum.
    image_BCHW = -torch.rand(2, 3, 7, 8, generator=Generator().manual_seed(0), dtype=torch.float64) - 1
    image_BCHW.requires_grad_()
    for kind, reference in (("max", F.max_pool2d), ("average", F.avg_pool2d)):
        ours, theirs = pooled(image_BCHW, size, kind, **way), reference(image_BCHW, size, **way)  # type: ignore[arg-type]
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
        weight = torch.randn(theirs.shape, generator=Generator().manual_seed(1), dtype=torch.float64)
        gradients = [torch.autograd.grad((out * weight).sum(), image_BCHW)[0] for out in (ours, theirs)]
        torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-10)


def test_three_by_three() -> None:
    image_BCHW = torch.arange(9.0).reshape(1, 1, 3, 3)
    assert pooled(image_BCHW, 2, "max", stride=1).tolist() == [[[[4, 5], [7, 8]]]]
    assert pooled(image_BCHW, 2, "average", stride=1).tolist() == [[[[2, 3], [5, 6]]]]


def test_a_window_of_padding_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most half a window"):
        pooled(torch.zeros(1, 1, 4, 4), 2, "max", padding=2)
