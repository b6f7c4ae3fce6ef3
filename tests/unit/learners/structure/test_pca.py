"""Principal components against scikit-learn's, on the notes' example, and what centring does not do."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn import decomposition
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.engine.estimator import estimator
from palestra.errors import UsageError
from palestra.learners.structure.pca import PCA, PCAConfig
from palestra.pictures.codes import CodeMap, Reconstructions
from palestra.pictures.panels import Lines, Panels


def fitted(source: Any, components: int = 2) -> PCA:
    data = source if isinstance(source, str) else InMemory({"train": Split(torch.from_numpy(source), None)})
    return PCA(data, PCAConfig(components)).learn(10**9)


def flat(inputs: torch.Tensor) -> NDArray[Any]:
    return inputs.flatten(1).double().numpy()


def test_the_example_of_the_notes() -> None:
    x = np.array([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]])
    pca = fitted(x, 1)
    root = np.sqrt(2)
    assert pca.axis_KF.numpy() == pytest.approx(np.array([[1 / root, 1 / root]]))
    # The notes divide by n - 1 = 2 where we divide by n = 3: their 2 and 0 are 4/3 and 0 here.
    assert pca.variance_L.numpy() * 3 / 2 == pytest.approx([2.0, 0.0])
    assert pca.encode(torch.from_numpy(x)).numpy() == pytest.approx(np.array([[-root], [0.0], [root]]))
    assert pca.predict(x) == pytest.approx(x)
    assert pca.evaluate(split="train").metrics["eval/explained_variance"] == pytest.approx(1.0)


@pytest.mark.parametrize(("name", "components"), [("digits", 20), ("iris", 3)])
def test_it_is_scikit_learns(name: str, components: int) -> None:
    ours, data = fitted(name, components), Dataset(name).load()
    train, test = flat(data["train"].inputs), flat(data["test"].inputs)
    theirs = decomposition.PCA(components, svd_solver="full").fit(train)
    way = np.sign((ours.axis_KF.numpy() * theirs.components_).sum(1))
    np.testing.assert_allclose(way[:, None] * ours.axis_KF.numpy(), theirs.components_, atol=1e-10)
    np.testing.assert_allclose(way * ours.encode(data["test"].inputs).numpy(), theirs.transform(test), atol=1e-10)
    share = np.diff(ours.explained_L.numpy(), prepend=0)[:components]
    np.testing.assert_allclose(share, theirs.explained_variance_ratio_, rtol=1e-10)
    again = theirs.inverse_transform(theirs.transform(test))
    np.testing.assert_allclose(ours.predict(data["test"].inputs.numpy()).reshape(test.shape), again, atol=1e-10)
    found = ours.evaluate(split="test").metrics
    assert found["eval/rmse"] == pytest.approx(np.sqrt(np.mean((again - test) ** 2)), rel=1e-10)
    left = ((again - test) ** 2).sum() / ((test - theirs.mean_) ** 2).sum()
    assert found["eval/explained_variance"] == pytest.approx(1 - left, rel=1e-10)


def test_no_other_directions_of_as_many_leave_less() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 5)) @ rng.normal(size=(5, 5))
    least = fitted(x, 2).evaluate(split="train").score
    for _ in range(200):
        some, _ = np.linalg.qr(rng.normal(size=(5, 2)))
        centred = x - x.mean(0)
        assert np.sqrt(np.mean((centred - centred @ some @ some.T) ** 2)) > least


def test_taking_the_mean_off_does_not_take_units_away() -> None:
    x = np.random.default_rng(0).normal(size=(200, 2))
    in_metres, in_millimetres = fitted(x, 1), fitted(x * [1.0, 1_000.0], 1)
    assert np.abs(in_millimetres.axis_KF.numpy()) == pytest.approx(np.array([[0.0, 1.0]]), abs=0.01)
    assert np.abs(in_metres.axis_KF.numpy()[0, 1] - 1) > 0.1


def test_rows_that_do_not_differ_are_kept_whole() -> None:
    pca = fitted(np.full((5, 3), 7.0), 1)
    assert pca.predict(np.full((2, 3), 7.0)) == pytest.approx(np.full((2, 3), 7.0))
    assert pca.evaluate(split="train").metrics["eval/explained_variance"] == 1.0


def test_more_components_than_there_can_be_are_refused() -> None:
    with pytest.raises(UsageError, match="4 components of n_samples=9, n_features=3; expected no more than either"):
        fitted(np.zeros((9, 3)), 4)
    with pytest.raises(UsageError, match="components=0; expected 1 or more"):
        PCAConfig(0)


def test_it_shows_images_codes_and_shares() -> None:
    lines, codes, shares = fitted("digits", 3).exhibits()
    assert isinstance(lines, Reconstructions)
    assert list(lines.rows) == ["as they are", "by 3 numbers"]
    assert isinstance(codes, CodeMap)
    assert codes.points.shape == (359, 2)
    assert isinstance(shares, Panels)
    each, together = shares.panels
    assert isinstance(each, Lines)
    assert isinstance(together, Lines)
    (_, y), (_, total) = each.lines["each"], together.lines["together"]
    assert len(y) == 64
    assert np.cumsum(y) == pytest.approx(total)
    assert total[-1] == pytest.approx(1.0)
    assert [type(each) for each in fitted("iris", 1).exhibits()] == [Panels]  # no images, no plane


def test_as_an_estimator_it_is_a_transformer_that_scikit_learn_takes() -> None:
    check_estimator(estimator(PCA)(components=1), on_skip=None)  # what is skipped needs pandas, or the array API
    x = flat(Dataset("iris").load()["train"].inputs)
    ours = make_pipeline(StandardScaler(), estimator(PCA)(components=2)).fit(x)
    theirs = make_pipeline(StandardScaler(), decomposition.PCA(2)).fit(x)
    np.testing.assert_allclose(np.abs(ours.transform(x)), np.abs(theirs.transform(x)), atol=1e-10)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(x)), theirs.inverse_transform(theirs.transform(x)))
    assert ours.get_feature_names_out().tolist() == ["pcaestimator0", "pcaestimator1"]
