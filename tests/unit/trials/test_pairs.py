"""One side against another: which is better, by which way the metric goes."""

from typing import Any

import numpy as np
import pytest

from palestra.trials.compare import Comparison, Group
from palestra.trials.pairs import pair_of, winner_of


def group(name: str, *values: float, direction: Any = "up") -> Group:
    return Group(name, "w", "m", "measure", np.array(values), (), "m", "steps", 1, direction)


@pytest.mark.parametrize(("direction", "better"), [("up", "high"), ("down", "low")])
def test_the_better_one_is_the_one_that_the_metric_says(direction: str, better: str) -> None:
    sides = [
        group("low", *[1.0, 2.0, 3.0, 2.0, 1.0] * 2, direction=direction),
        group("high", *[8.0, 9.0, 7.0, 8.0, 9.0] * 2, direction=direction),
    ]
    pair = pair_of(*sides, 0.95)
    assert pair.better == better
    winner, why = winner_of(sides, [pair])
    assert (winner, why) == (better, "both intervals favour it against every other side")


def test_one_side_has_no_winner() -> None:
    assert winner_of([group("a", 1.0)], []) == (None, "there is one side, and nothing beside it")


def test_a_notebook_shows_every_pair_and_why_nobody_wins() -> None:
    one, other = group("a <b>", *[1.0] * 5), group("c", *[2.0, 3.0] * 3)
    pair = pair_of(one, other, 0.95)
    shown = Comparison((one, other), "measured so", (pair,), 0.95, None, "because", ("a note",))._repr_html_()
    for text in ("no winner: because (measured so); a note", "a &lt;b&gt;", "0.00 [0.00, 0.00]", "-1.5"):
        assert text in shown
