"""K-means against scikit-learn's from the same starts, stopped and resumed between passes, and what it shows."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans as Reference
from sklearn.metrics import silhouette_score
from sklearn.utils.estimator_checks import check_estimator

from palestra.datasets.dataset import InMemory, Split
from palestra.engine.estimator import estimator
from palestra.errors import UsageError
from palestra.learners.structure.k_means import KMeans, KMeansConfig
from palestra.pictures.grouping import Grouping, GroupingFilm
from palestra.pictures.panels import Lines, Panels


def make(source: Any = "digits", seed: int = 0, **settings: Any) -> KMeans:
    return KMeans(source, KMeansConfig(**{"groups": 10, "restarts": 4, **settings}), seed=seed)


def starts_of(learner: KMeans) -> list[torch.Tensor]:
    """Each start, and its learner stepped to the end."""
    starts = []
    while not learner.finished:
        if len(learner.trail_LGF) == 1:
            starts.append(learner.trail_LGF[0].clone())
        learner.step()
    return starts


@pytest.mark.parametrize("start", ["k-means++", "random"])
@pytest.mark.parametrize("tolerance", [0.0, 1e-4])
def test_the_best_of_some_starts_is_what_scikit_learn_makes_of_the_same(start: Any, tolerance: float) -> None:
    ours = make(start=start, tolerance=tolerance)
    starts, rows = starts_of(ours), ours.rows.numpy()
    assert len(starts) == 4
    fits = [Reference(10, init=each.numpy(), n_init=1, tol=tolerance, algorithm="lloyd").fit(rows) for each in starts]
    theirs = min(fits, key=lambda fit: float(fit.inertia_))
    assert float(ours.best_inertia) == pytest.approx(theirs.inertia_, rel=1e-10)
    np.testing.assert_allclose(ours.centre_GF, theirs.cluster_centers_, atol=1e-9)
    images = ours.splits["test"].inputs
    np.testing.assert_array_equal(ours.predict(images.numpy()), theirs.predict(images.flatten(1).double().numpy()))
    found = ours.evaluate(split="test")
    assert found.score == pytest.approx(-theirs.score(images.flatten(1).double().numpy()), rel=1e-10)
    if start == "k-means++":  # of random rows some lie half way between two others, and may go either way
        assert ours.clock == sum(fit.n_iter_ for fit in fits) * len(rows)
    labels = theirs.predict(images.flatten(1).double().numpy())
    told = silhouette_score(images.flatten(1).double().numpy(), labels)
    assert found.metrics["eval/silhouette"] == pytest.approx(told, rel=1e-9)


def test_more_starts_are_no_worse_and_the_best_is_kept() -> None:
    few, many = make("iris", groups=3, restarts=1, start="random"), make("iris", groups=3, restarts=20, start="random")
    for learner in (few, many):
        learner.learn(10**9)
    assert many.best_inertia <= few.best_inertia
    ends = []
    learner = make("iris", groups=3, restarts=20, start="random")
    while not learner.finished:
        learner.step()
        ends.append(float(learner.best_inertia))
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] == float(many.best_inertia)


def test_it_stops_after_so_many_passes() -> None:
    learner = make(passes=3, restarts=2)
    learner.learn(10**9)
    assert learner.clock == 2 * 3 * len(learner.rows)


def test_saved_between_passes_it_goes_on_as_if_nothing_had_been() -> None:
    whole, half = make(), make()
    for _ in range(30):
        whole.step()
    for _ in range(17):
        half.step()
    resumed = make()
    assert resumed.load_state_dict(half.state_dict()) == []
    for _ in range(13):
        resumed.step()
    assert torch.equal(resumed.trail_LGF, whole.trail_LGF)
    assert torch.equal(resumed.centre_GF, whole.centre_GF)
    assert resumed.restart == whole.restart > 0


def test_it_shows_the_way_of_the_best_centres_and_where_inertia_bends() -> None:
    rng = np.random.default_rng(0)
    places = np.array([[0, 0, 9], [9, 0, 0], [0, 9, 0]])[np.arange(240) % 3]
    rows = torch.from_numpy(places + rng.normal(size=(240, 3)))
    learner = make(InMemory({"train": Split(rows, None)}), groups=3)
    learner.learn(10**9)
    sheet, film, elbow = learner.exhibits()
    assert (type(sheet), type(film), type(elbow)) == (Grouping, GroupingFilm, Panels)
    assert isinstance(sheet, Grouping)
    assert sheet.centres.shape == (len(learner.best_LGF), 3, 2)
    assert sheet.groups.shape == (len(learner.best_LGF), 240)
    ends = np.stack([sheet.points[sheet.groups[-1] == group].mean(0) for group in range(3)])
    assert sheet.centres[-1] == pytest.approx(ends, abs=1e-9)
    assert isinstance(elbow, Panels)
    inertia, silhouette = elbow.panels
    assert isinstance(inertia, Lines)
    assert isinstance(silhouette, Lines)
    x, y = inertia.lines["inertia"]
    assert x.tolist() == [1, 2, 3, 4, 5, 6]
    assert (np.diff(y) < 0).all()
    assert y[1] - y[2] > 10 * (y[2] - y[3])
    _, told = silhouette.lines["silhouette"]
    assert np.isnan(told[0])
    assert np.nanargmax(told) == 2


def test_before_the_first_start_has_ended_the_present_centres_are_asked() -> None:
    learner = make()
    learner.step()
    assert torch.equal(learner.centre_GF, learner.trail_LGF[-1])
    assert learner.evaluate().score > 0
    one = make(InMemory({"train": Split(torch.arange(20.0)[:, None], None)}), groups=1).learn(10**9)
    assert list(one.evaluate(split="train").metrics) == ["eval/inertia"]  # one group has no silhouette
    assert [type(each) for each in one.exhibits()] == [Panels]


@pytest.mark.parametrize(
    "wrong", [{"groups": 0}, {"restarts": 0}, {"passes": 0}, {"tolerance": -1.0}, {"groups": 1_080}]
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        make(**wrong)


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(estimator(KMeans)(groups=3), on_skip=None)  # what is skipped needs pandas, or the array API
    x = np.random.default_rng(0).normal(size=(80, 3))
    ours = estimator(KMeans)(groups=4, restarts=2).fit(x)
    assert -ours.score(x) == pytest.approx(float(ours.learner_.best_inertia), rel=1e-10)
    assert sorted(set(ours.labels_)) == [0, 1, 2, 3]
