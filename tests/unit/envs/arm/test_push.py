"""Push: the puck goes where it is pushed, and is lost beyond the workspace."""

import pytest
import torch

from palestra.envs.arm.push import PUCK, TOUCH, Push

NO_JAWS = torch.zeros(1, 0)


def test_the_puck_goes_where_it_is_pushed() -> None:
    task = Push()
    place = torch.tensor([[0.5, 0.0, 0.005, 0.5, 0.2, 0.005]])
    high = task.move(torch.tensor([[0.5, -0.2, 0.2]]), torch.tensor([[0.5, 0.0, 0.2]]), place, NO_JAWS)
    torch.testing.assert_close(high, place)  # over it
    low = task.move(torch.tensor([[0.5, -0.2, 0.03]]), torch.tensor([[0.5, 0.0, 0.03]]), place, NO_JAWS)
    torch.testing.assert_close(low[0, :2], torch.tensor([0.5, TOUCH]))  # as far as the tool's edge, straight ahead
    torch.testing.assert_close(low[0, 2:], place[0, 2:])


def test_a_puck_that_is_lost_ends_the_episode() -> None:
    ee = torch.tensor([[0.45, 0.0, 0.3]])
    reward, terminated, success = Push().reward_and_end(ee, torch.tensor([[0.45, 0.31, 0.0, 0.5, 0.0, 0.0]]))
    assert (reward.item(), terminated.item(), success.item()) == (pytest.approx(-0.1), True, False)
    reward, terminated, _ = Push().reward_and_end(ee, torch.tensor([[0.45, 0.2, 0.3, 0.45, 0.0, 0.3]]))
    assert not terminated
    assert reward.item() == pytest.approx(-0.1 * (0.2 + 0.2))


def test_pushing_never_begins_at_the_goal() -> None:
    place = Push().sample(2_000, torch.Generator().manual_seed(1))
    assert (place[:, :2] - place[:, 3:5]).norm(dim=1).min() > 0.05 + 0.04
    assert (place[:, 2] == -0.025 + PUCK.height / 2).all()
