"""Batch normalisation on numbers whose arithmetic stands here."""

import pytest
import torch

from palestra.ops.batch_norm import channel_moments, normalised, unbiased


def test_a_column_of_numbers() -> None:
    x_BC = torch.tensor([[1.0], [3.0], [8.0]])
    mean_C, variance_C = channel_moments(x_BC)
    assert mean_C.tolist() == [4.0]
    assert variance_C.tolist() == pytest.approx([(9 + 1 + 16) / 3])
    assert unbiased(variance_C, x_BC).tolist() == pytest.approx([26 / 2])
    out_BC = normalised(x_BC, mean_C, torch.tensor([4.0]), torch.tensor([3.0]), torch.tensor([10.0]), eps=0.0)
    assert out_BC.flatten().tolist() == [10 - 4.5, 10 - 1.5, 10 + 6.0]  # 3 (x - 4) / 2 + 10


def test_a_channel_is_taken_over_batch_and_pixels() -> None:
    image_BCHW = torch.tensor([[[[0.0, 2.0]], [[5.0, 5.0]]], [[[4.0, 6.0]], [[5.0, 9.0]]]])
    mean_C, variance_C = channel_moments(image_BCHW)
    assert mean_C.tolist() == [3.0, 6.0]
    assert variance_C.tolist() == [5.0, 3.0]  # (9 + 1 + 1 + 9) / 4, (1 + 1 + 1 + 9) / 4
    out_BCHW = normalised(image_BCHW, mean_C, variance_C, torch.ones(2), torch.zeros(2))
    torch.testing.assert_close(out_BCHW.mean((0, 2, 3)), torch.zeros(2), rtol=0, atol=1e-6)
    torch.testing.assert_close(out_BCHW.var((0, 2, 3), correction=0), torch.ones(2), rtol=1e-4, atol=0)


def test_other_ranks_are_refused() -> None:
    for rank in (1, 3, 5):
        with pytest.raises(ValueError, match=r"expected \(B, C\) or \(B, C, H, W\)"):
            channel_moments(torch.zeros((2,) * rank))
