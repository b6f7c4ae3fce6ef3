"""Samples as rows: tables untouched, images standardised and in a line."""

import numpy as np
import torch

from palestra.learners.labels.features import Features


def test_rows_stay_as_they_are() -> None:
    rows = torch.randn(5, 3)
    features = Features(rows)
    assert (features.count, features(rows).dtype) == (3, torch.float64)
    assert torch.equal(features(rows), rows.double())


def test_images_are_standard_and_in_a_line() -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 17, (9, 4, 5), dtype=np.uint8))
    features, values = Features(images), images.double()
    expected = ((values - values.mean()) / values.std(correction=0)).reshape(9, 20)
    assert features.count == 20
    torch.testing.assert_close(features(images), expected, atol=1e-6, rtol=0)
    assert torch.equal(features(images[:2]), features(images)[:2])
