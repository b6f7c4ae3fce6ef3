"""Principal components against scikit-learn's, and the least error that any plane can have."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from palestra.errors import UsageError
from palestra.ops import principal
from palestra.ops.principal import principal_plane


def rows() -> torch.Tensor:
    rng = torch.Generator().manual_seed(0)
    return torch.randn(200, 5, generator=rng) @ torch.randn(5, 5, generator=rng) + 7


def test_it_is_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(principal, "TOGETHER", 64)
    x = rows()
    ours, theirs = principal_plane(x, 3), PCA(3, svd_solver="full").fit(x.double().numpy())
    np.testing.assert_allclose(ours.mean_F, theirs.mean_, rtol=1e-12)
    np.testing.assert_allclose(ours.variance_K, theirs.explained_variance_ * 199 / 200, rtol=1e-9)
    way = np.sign((ours.axis_KF.numpy() * theirs.components_).sum(1))
    np.testing.assert_allclose(ours.axis_KF.numpy(), way[:, None] * theirs.components_, atol=1e-9)
    again = theirs.inverse_transform(theirs.transform(x.double().numpy()))
    np.testing.assert_allclose(ours.decoded(ours.code(x)), again, atol=1e-9)


def test_the_error_is_the_variance_that_is_left_and_the_way_along_an_axis_is_settled() -> None:
    x = rows()
    all_of_it, plane = principal_plane(x, 5), principal_plane(x, 2)
    error = (plane.decoded(plane.code(x)) - x).square().sum(1).mean()
    assert float(error) == pytest.approx(float(all_of_it.variance_K[2:].sum()), rel=1e-9)
    assert all(axis[axis.abs().argmax()] > 0 for axis in all_of_it.axis_KF)


def test_more_directions_than_rows_allow_are_refused() -> None:
    with pytest.raises(UsageError, match="6 directions; expected 1 to 5, as rows allow"):
        principal_plane(rows(), 6)
