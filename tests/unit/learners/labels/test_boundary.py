"""How a classifier divides the plane: kept while it learns, and the same after a resume."""

from typing import Any

import numpy as np
import pytest
import torch

import palestra
from palestra.datasets.dataset import Dataset, Split
from palestra.datasets.two_blobs import best_accuracy
from palestra.learners.labels.boundary import SIDE, PlaneWatch
from palestra.pictures.boundary import Boundary, BoundaryFilm
from palestra.recipes.registry import RECIPES
from palestra.trials.plan import resolve


def make(recipe: str, **settings: Any) -> Any:
    learner = resolve(RECIPES[recipe], settings).make_learner()
    learner.budget = RECIPES[recipe].budget
    return learner


@pytest.mark.parametrize(("recipe", "shape"), [("blobs/softmax", "beside"), ("blobs/mlp-within", "within")])
def test_what_is_learned_is_near_the_best_that_there_is(recipe: str, shape: Any) -> None:
    learner = make(recipe).learn(RECIPES[recipe].budget)
    assert learner.evaluate(split="test").score == pytest.approx(best_accuracy(shape), abs=0.012)


def test_no_line_parts_a_cloud_from_the_one_around_it() -> None:
    learner = make("blobs/softmax-within").learn(10_000)
    assert learner.evaluate(split="test").score < best_accuracy("within") - 0.2


def test_it_looks_first_often_then_seldom_and_shows_what_it_predicts() -> None:
    learner = make("blobs/mlp").learn(3_000)
    sheet, film = learner.exhibits()
    assert (type(sheet), type(film)) == (Boundary, BoundaryFilm)
    clocks = np.array(sheet.clocks)
    assert (clocks[0], clocks[1], clocks[-1]) == (0, 50, 3_000)
    gaps = np.diff(clocks)[:-1]
    assert gaps.min() == 50
    assert gaps[-1] > 5 * gaps[0]
    assert sheet.classes.shape == (len(clocks), SIDE, SIDE)
    left, right, bottom, top = sheet.extent
    places = [(np.linspace(left, right, SIDE)[x], np.linspace(bottom, top, SIDE)[y]) for x, y in ((3, 60), (50, 5))]
    assert learner.predict(np.array(places)).tolist() == [sheet.classes[-1][60, 3], sheet.classes[-1][5, 50]]
    assert left < sheet.points[:, 0].min() < sheet.points[:, 0].max() < right


@pytest.mark.parametrize("recipe", ["blobs/mlp", "blobs/softmax"])
def test_a_film_is_whole_after_a_resume(recipe: str) -> None:
    whole, half = make(recipe), make(recipe)
    for _ in range(40):
        whole.step()
    for _ in range(20):
        half.step()
    resumed = make(recipe)
    assert resumed.load_state_dict(half.state_dict()) == []
    for _ in range(20):
        resumed.step()
    ours, theirs = resumed.exhibits()[1], whole.exhibits()[1]
    assert ours.clocks == theirs.clocks
    assert np.array_equal(ours.classes, theirs.classes)
    assert np.array_equal(ours.shares, theirs.shares)


def test_points_on_a_line_have_a_plane_around_them() -> None:
    points = torch.stack([torch.linspace(0, 1, 8), torch.full((8,), 2.0)], 1)
    watch = PlaneWatch.of(Split(points, torch.arange(8) % 2))
    assert watch is not None
    assert (watch.low[1], watch.high[1]) == (1.5, 2.5)
    assert watch.low[0] < 0 < 1 < watch.high[0]


def test_only_points_of_the_plane_are_watched() -> None:
    digits, table = Dataset("digits").load()["train"], Split(torch.zeros(4, 3), torch.zeros(4).long())
    assert PlaneWatch.of(digits) is PlaneWatch.of(table) is None
    shown = palestra.SoftmaxRegression("digits").exhibits()
    assert [type(each).__name__ for each in shown] == ["Confusion"]
