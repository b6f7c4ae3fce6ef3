"""Anomalies by Gaussians against SciPy's densities and scikit-learn's F1, and what is refused."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import InMemory, Split
from palestra.engine.estimator import estimator
from palestra.errors import UsageError
from palestra.learners.structure.gaussian_anomaly import GaussianAnomaly, GaussianAnomalyConfig
from palestra.pictures.panels import Lines, Panels

SCALE = np.array([1.0, 20.0, 0.01])


def rows(seed: int, count: int = 600) -> tuple[NDArray[Any], NDArray[Any]]:
    """A twentieth of them is far out."""
    rng = np.random.default_rng(seed)
    anomalous = np.arange(count) % 20 == 0
    x = rng.normal(size=(count, 3)) * np.where(anomalous, 4.0, 1.0)[:, None] * SCALE + [3.0, -50.0, 0.0]
    return x, anomalous.astype(np.int64)


def data(**more: Any) -> InMemory:
    names = ("train", "validation", "test")
    made = {name: Split(*map(torch.from_numpy, rows(seed))) for seed, name in enumerate(names)}
    return InMemory({**made, **more})


def fitted(source: Any = None, **settings: Any) -> GaussianAnomaly:
    return GaussianAnomaly(source or data(), GaussianAnomalyConfig(**settings)).learn(10**9)


@pytest.mark.parametrize("fit_to", ["normal", "all"])
def test_densities_are_scipys_and_epsilon_is_the_best_that_there_is(fit_to: Any) -> None:
    learner = fitted(fit_to=fit_to, smoothing=1e-20)
    (x, labels), (other, wanted), (last, truth) = (rows(seed) for seed in range(3))
    known = x if fit_to == "all" else x[labels == 0]
    density = norm(known.mean(0), known.std(0)).logpdf
    np.testing.assert_allclose(learner.log_density(torch.from_numpy(last)), density(last).sum(1), rtol=1e-9)
    precision, recall, _ = precision_recall_curve(wanted, -density(other).sum(1))  # at every threshold that there is
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert learner.evaluate().score == pytest.approx(best, rel=1e-12)
    found, said = learner.evaluate(split="test").metrics, learner.predict(last)
    assert said.tolist() == (density(last).sum(1) < float(learner.log_epsilon)).astype(int).tolist()
    assert found["eval/f1"] == pytest.approx(f1_score(truth, said))
    assert found["eval/precision"] == pytest.approx(precision_score(truth, said))
    assert found["eval/recall"] == pytest.approx(recall_score(truth, said))
    assert found["eval/f1"] > 0.6


def test_anomalies_among_the_rows_widen_what_is_normal() -> None:
    normal, everything = fitted(fit_to="normal"), fitted(fit_to="all")
    assert bool((everything.log_std_F > normal.log_std_F).all())
    plain = data(train=Split(data().load()["train"].inputs, None))
    assert torch.equal(fitted(plain).log_std_F, everything.log_std_F)  # without labels all rows are taken


def test_labels_of_anomalies_alone_choose_and_do_not_move_the_gaussians() -> None:
    x, labels = rows(1)
    otherwise = data(validation=Split(torch.from_numpy(x), torch.from_numpy(1 - labels)))
    assert torch.equal(fitted(otherwise).mean_F, fitted().mean_F)
    assert not torch.equal(fitted(otherwise).log_epsilon, fitted().log_epsilon)


def test_a_feature_that_never_varied_may_yet() -> None:
    x, labels = rows(0)
    x[:, 2] = 7.0
    same = Split(torch.from_numpy(x), torch.from_numpy(labels))
    learner = fitted(InMemory({"train": same}))
    other = x[1:2].copy()
    other[0, 2] = 8.0
    assert learner.predict(other).tolist() == [1]
    constant = fitted(InMemory({"train": Split(torch.ones(4, 2), torch.tensor([0, 0, 0, 1]))}))
    assert bool(constant.log_density(torch.ones(1, 2)).isfinite())


def test_it_shows_what_every_threshold_comes_to() -> None:
    learner = fitted()
    (shown,) = learner.exhibits()
    assert isinstance(shown, Panels)
    whole, near = shown.panels
    assert isinstance(whole, Lines)
    assert isinstance(near, Lines)
    assert list(whole.lines) == ["precision", "recall", "F1"]
    share, f1 = whole.lines["F1"]
    assert share[-1] == 1.0
    assert f1.max() == pytest.approx(learner.evaluate().score)
    assert near.lines["F1"][1].max() == f1.max()
    assert len(near.lines["F1"][1]) < len(f1)


def test_what_does_not_fit_is_refused() -> None:
    x, _ = rows(0)
    with pytest.raises(UsageError, match=r"3 classes of in memory; expected two.*Only binary"):
        fitted(InMemory({"train": Split(torch.from_numpy(x), torch.arange(600) % 3)}))
    with pytest.raises(UsageError, match="rows of 1 class to choose by, 0 anomalies of 600"):
        fitted(data(validation=Split(torch.from_numpy(x), torch.zeros(600).long())))
    with pytest.raises(UsageError, match="rows without labels to choose epsilon by"):
        fitted(data(validation=Split(torch.from_numpy(x), None)))
    with pytest.raises(UsageError, match="no row of class 0; expected some that are normal"):
        fitted(data(train=Split(torch.from_numpy(x), torch.ones(600).long())))
    with pytest.raises(UsageError, match="smoothing=0; expected above 0"):
        GaussianAnomalyConfig(smoothing=0)


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(estimator(GaussianAnomaly)(), on_skip=None)  # what is skipped needs pandas, or the array API
