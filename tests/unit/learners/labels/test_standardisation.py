"""Images with mean 0 and deviation 1, by the training images alone."""

import numpy as np
import pytest
import torch

from palestra.errors import UsageError
from palestra.learners.labels.standardisation import Standardisation

RNG = np.random.default_rng(0)
COLOUR = torch.from_numpy(RNG.integers(0, 256, (50, 6, 5, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", ["bytes", "floats"])
@pytest.mark.parametrize("channels_last", [True, False])
def test_each_channel_is_standard_over_the_training_images(kind: str, channels_last: bool) -> None:
    images = COLOUR if kind == "bytes" else COLOUR.float() / 255
    standardised = Standardisation(images, channels_last)
    out = standardised(images)
    values = images.double().numpy()
    expected = (values - values.mean((0, 1, 2))) / values.std((0, 1, 2))
    assert out.shape == (50, 3, 6, 5)
    assert out.dtype == torch.float32
    np.testing.assert_allclose(out.numpy(), expected.transpose(0, 3, 1, 2), atol=2e-6)
    assert out.is_contiguous() is not channels_last
    assert out.is_contiguous(memory_format=torch.channels_last) is channels_last


def test_others_are_scaled_by_what_the_training_images_say() -> None:
    gray = COLOUR[..., 0]
    standardised = Standardisation(gray)
    bright = torch.full((1, 6, 5), 255, dtype=torch.uint8)
    mean, deviation = gray.double().mean(), gray.double().std(correction=0)
    torch.testing.assert_close(standardised(bright), torch.full((1, 1, 6, 5), float((255 - mean) / deviation)))


def test_a_channel_without_any_difference_becomes_zero() -> None:
    assert torch.equal(
        Standardisation(torch.full((3, 2, 2), 7, dtype=torch.uint8))(torch.full((1, 2, 2), 7, dtype=torch.uint8)),
        torch.zeros(1, 1, 2, 2),
    )


def test_rows_are_no_images() -> None:
    with pytest.raises(UsageError, match=r"training inputs of shape \(5, 4\); expected images \(N, H, W\)"):
        Standardisation(torch.zeros(5, 4))
