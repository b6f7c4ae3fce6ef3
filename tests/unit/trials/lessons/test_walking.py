"""The lesson on walking: the point stays under the feet, and each of the faults does what it does."""

import pytest
import torch

from palestra.trials.lessons.walking import FOOT, footsteps, lesson


@pytest.fixture(scope="module")
def rows() -> dict[str, list[float]]:
    return {str(name): [float(each) for each in figures] for name, *figures in lesson(0).rows}


def test_the_point_stays_under_the_feet(rows: dict[str, list[float]]) -> None:
    """Within the reference's 5.7 mm along and 3.6 across, which leave room for any foot."""
    _, along, across, margin, last = rows["as it should be"]
    assert along < 5.8
    assert across < 3.7
    assert margin > 1000 * min(FOOT) / 2 - 5.8
    assert last < 1e-3


def test_who_sees_less_far_errs_more(rows: dict[str, list[float]]) -> None:
    rms = [rows[name][0] for name in ("as it should be", "a preview of 0.8 s", "a preview of 0.5 s")]
    assert rms[0] < rms[1] / 2 < rms[2] / 4


def test_the_two_faults_are_there(rows: dict[str, list[float]]) -> None:
    assert rows["no integral"][4] == pytest.approx(12, abs=0.5)
    assert rows["no integral, 0.8 s"][4] == pytest.approx(194, abs=1)
    assert rows["a step after 0.8 s"][2] > 100
    assert rows["the point jumps"][1] == pytest.approx(114, abs=1)


def test_feet_are_where_the_point_is_wanted() -> None:
    steps = footsteps()
    assert len(steps.wanted_T2) == len(steps.feet_TL2) == 320 + 6 * 160 + 480
    low, high = steps.feet_TL2.amin(1), steps.feet_TL2.amax(1)
    assert ((steps.wanted_T2 >= low) & (steps.wanted_T2 <= high)).all()
    moved = steps.wanted_T2.diff(dim=0).abs().amax(0)
    assert moved.tolist() == pytest.approx([0.3 / 41, 0.2 / 41])
    assert torch.equal(steps.wanted_T2[-1], torch.tensor([1.5, 0.0]).double())
