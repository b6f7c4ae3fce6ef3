"""The lesson on reach: limits decide, restarts help, and who forgets the limits finds what is not there."""

import pytest
import torch

from palestra.envs.arm.robot import load_robot
from palestra.trials.lessons.lesson import Lesson
from palestra.trials.lessons.reach import ANY, CLAMPED, FORGOTTEN, lesson, survey


@pytest.fixture(scope="module")
def done() -> Lesson:
    return lesson(0)


def test_limits_decide(done: Lesson) -> None:
    rows = {str(name): [float(each) for each in figures] for name, *figures in done.rows}
    met, share, worst, beyond = rows[ANY]
    assert share > 99
    assert worst < 1.0
    assert beyond == 0
    assert rows[FORGOTTEN][0] > met
    assert rows[FORGOTTEN][3] > 20
    assert rows[CLAMPED][0] < met - 10
    assert rows["the same, pointing down"][0] < met
    assert rows["damped least squares, one start"][0] <= met
    assert "one at a time" in done.said


def test_nothing_beyond_the_arms_length_is_met() -> None:
    """0.901 m from the shoulder, which is 0.36 m above the base; and what is well within is."""
    tree = load_robot("kuka_iiwa").as_tree()
    shoulder = torch.tensor([0.0, 0.0, 0.36], dtype=torch.float64)
    direction = torch.nn.functional.normalize(torch.tensor([[1.0, 0.2, 0.3], [-0.5, 0.8, 0.4]]).double())
    length = torch.tensor([0.7, 0.91], dtype=torch.float64)[:, None]
    any_way, _, ways = survey(tree, "link 7", shoulder + length * direction, torch.eye(3))
    assert any_way.met_B.tolist() == [True, False]
    assert not any(way.met()[1] for way in ways.values())
