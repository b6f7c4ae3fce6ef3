"""What is drawn of two sides, as data and as a picture."""

from pathlib import Path

import matplotlib.image
import numpy as np

from palestra.pictures.comparison import POINTS, Side, as_steps, curve_of, draw_comparison, thresholds_over


def series(*pairs: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([step for step, _ in pairs]), np.array([value for _, value in pairs], float)


def test_a_series_at_other_steps() -> None:
    at = as_steps(np.array([10, 20]), np.array([1.0, 2.0]), np.array([5, 10, 15, 20, 99]))
    np.testing.assert_array_equal(at, [np.nan, 1, 1, 2, 2])


def test_a_curve_begins_where_all_were_evaluated_and_keeps_the_last_evaluation() -> None:
    curve = curve_of([series((10, 1.0), (30, 3.0)), series((20, 5.0))])
    assert curve is not None
    np.testing.assert_array_equal(curve.steps, [20, 30])
    np.testing.assert_allclose(curve.middle, [3.0, 4.0])  # of 1 and 5, then of 3 and 5
    assert (curve.low <= curve.middle).all()
    assert (curve.middle <= curve.high).all()


def test_a_long_curve_is_computed_at_some_of_its_steps() -> None:
    curve = curve_of([series(*((step, 0.0) for step in range(1_000)))])
    assert curve is not None
    assert (len(curve.steps), curve.steps[0], curve.steps[-1]) == (POINTS, 0, 999)


def test_without_evaluations_there_is_no_curve() -> None:
    assert curve_of([]) is None
    assert curve_of([series((1, 1.0)), series()]) is None


def test_thresholds_enclose_the_values() -> None:
    at = thresholds_over(np.array([0.0, 10.0]))
    assert (len(at), at[0], at[-1]) == (200, -0.5, 10.5)
    assert thresholds_over(np.array([3.0]))[[0, -1]].tolist() == [2.95, 3.05]


def test_the_picture_holds_sides_with_and_without_a_curve(tmp_path: Path) -> None:
    sides = [Side("a", [series((1, 1.0), (2, 2.0))], np.array([2.0])), Side("b", [], np.array([1.0, 3.0]))]
    path = draw_comparison(tmp_path / "made" / "it.png", "a against b", "eval/return_mean", "env steps", sides)
    assert matplotlib.image.imread(path).shape == (900, 1600, 4)
