"""The picture of thresholds shows what a sweep came to."""

import numpy as np
import pytest
import torch

from palestra.learners.structure.thresholds import threshold_panels
from palestra.ops.anomalies import sweep


def test_the_largest_f1_and_the_share_that_is_named() -> None:
    found = sweep(torch.tensor([0.1, 0.2, 0.5, 0.7, 0.9]), torch.tensor([True, False, True, False, False]))
    shown = threshold_panels(found, "a score of 0.6")
    assert "below a score of 0.6" in shown.said
    assert f"F1 of {float(found.f1_L[found.best]):.3f} where 60.0% of the rows are named" in shown.said
    whole, near = shown.panels
    share, f1 = whole.lines["F1"]  # type: ignore[union-attr]
    assert share.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(f1, found.f1_L)
    assert len(near.lines["F1"][0]) <= len(share)  # type: ignore[union-attr]
