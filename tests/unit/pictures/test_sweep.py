"""A sweep as a picture: the best so far is of what went the whole way, good is dark, and everything is drawn."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from palestra.measure import Direction
from palestra.pictures.sweep import Scale, SweepData, draw_sweep, progress_of, shades_of


def shown(scores: list[float], whole: list[bool], direction: Direction = "up") -> SweepData:
    n = len(scores)
    ticks = [(0.0, "1e-4"), (1.0, "a very long name of a choice")]
    scales = [
        Scale("learning_rate", np.linspace(0, 1, n), ticks, 0.7),
        Scale("$gamma", np.full(n, 0.5), [(0.5, "1")], 0.0),
    ]
    steps = 100.0 * np.arange(1, n + 1)
    return SweepData(
        "toy/quick: random", "eval/score", direction, scales, np.array(scores), np.array(whole), steps, "steps"
    )


def test_the_best_so_far_is_of_what_went_the_whole_way() -> None:
    progress = progress_of(shown([3.0, 9.0, 5.0, 4.0], [True, False, True, True]))
    assert progress.steps.tolist() == [100, 300, 400]
    assert progress.scores.tolist() == [3, 5, 5]
    assert progress_of(shown([3.0, 9.0, 2.0], [True] * 3, "down")).scores.tolist() == [3, 3, 2]


def test_good_is_near_one() -> None:
    assert shades_of(shown([5.0, 1.0, 3.0], [True] * 3)).tolist() == [1, 0, 0.5]
    assert shades_of(shown([5.0, 1.0, 3.0], [True] * 3, "down")).tolist() == [0, 1, 0.5]
    assert shades_of(shown([2.0, 2.0], [True] * 2)).tolist() == [0.5, 0.5]
    assert shades_of(shown([2.0], [True])).tolist() == [0]


@pytest.mark.parametrize(
    ("scores", "whole"),
    [([1.0], [True]), ([3.0, 9.0, 5.0], [True, False, True]), ([2.0] * 4, [True] * 4), ([1.0], [False])],
)
def test_everything_is_drawn(scores: list[float], whole: list[bool], tmp_path: Path, figures: list[Figure]) -> None:
    path = draw_sweep(tmp_path / "a.png", shown(scores, whole))
    assert path.read_bytes().startswith(b"\x89PNG")
    lines, shares, progress = figures[0].axes
    through = [line for line in lines.lines if len(line.get_xdata()) == 3]
    assert len(through) == len(scores)
    assert {line.get_linestyle() for line in through} <= {"-", ":"}
    assert sum(line.get_linestyle() == ":" for line in through) == whole.count(False)
    assert [label.get_text() for label in lines.get_xticklabels()] == ["learning_rate", "$gamma", "eval/score"]
    assert [bar.get_width() for bar in shares.patches] == [70, 0]
    assert len(progress.lines[0].get_xdata()) == whole.count(True)
