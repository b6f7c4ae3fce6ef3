"""What experts show: it succeeds, it is the same each time, and of two ways both are shown from every start."""

import numpy as np
import pytest
import torch

from palestra.datasets.recorded import load_episodes
from palestra.datasets.shown_by_experts import PAUSE, REACHES, STARTS, arm_reach, one_way_with_a_pause, two_ways
from palestra.envs.classic.two_ways import CLEAR, START, TwoWays, begun, closest
from palestra.errors import UsageError


def test_from_every_start_both_ways_are_shown_and_arrive() -> None:
    found = load_episodes("two-ways")
    assert len(found.ends) == 2 * STARTS
    assert (found.returns == 1).all()
    first = found.observations[found.starts]
    np.testing.assert_array_equal(first[::2], first[1::2])
    np.testing.assert_allclose(np.hypot(first[:, 0], first[:, 1]), START, atol=1e-6)
    assert found.facts["env"] == "palestra/TwoWays-v0"
    assert found.facts["recorded"][0]["return_mean"] == 1.0


def test_the_least_squares_at_each_start_are_straight_ahead_into_the_disc() -> None:
    """However finely the starts are told apart: what fits both of its actions best is their mean."""
    found = two_ways(50, seed=3)
    action = found.actions[found.starts].reshape(50, 2, 2)
    mean = torch.from_numpy(action.mean(1))
    place = torch.from_numpy(found.observations[found.starts][::2, :2])
    across = place[:, 0] * mean[:, 1] - place[:, 1] * mean[:, 0]
    torch.testing.assert_close(across, torch.zeros(50), rtol=0, atol=1e-6)
    state = begun(torch.atan2(place[:, 1], place[:, 0]), torch.ones(50))
    _, reward, over = TwoWays(50).transition(state, mean)
    assert over.all()
    assert not reward.any()


def test_on_one_side_alone_it_rests_once_where_the_goal_lies_free_ahead() -> None:
    found = one_way_with_a_pause(30, seed=2)
    assert (found.returns == 1).all()
    assert len(load_episodes("one-way-with-a-pause").ends) == STARTS
    rests = (found.actions == 0).all(1).reshape(30, -1)  # all episodes are alike but for where they begin
    assert rests.sum(1).tolist() == [PAUSE] * 30
    assert (rests == rests[0]).all()
    place, goal = torch.from_numpy(found.observations).reshape(30, -1, 4).split(2, 2)
    first = int(rests[0].argmax())
    assert rests[0, first : first + PAUSE].all()
    assert (closest(place[:, first], goal[:, first] - place[:, first]) >= CLEAR).all()
    assert (closest(place[:, first - 1], goal[:, first - 1] - place[:, first - 1]) < CLEAR).all()
    assert (place[:, first : first + PAUSE] == place[:, first, None]).all()
    turned = place[:, :-1, 0] * place[:, 1:, 1] - place[:, :-1, 1] * place[:, 1:, 0]
    assert (turned <= 1e-6).all()  # clockwise about the middle, which is on the right


def test_every_step_is_the_world_s_own() -> None:
    found = two_ways(3, seed=1)
    world = TwoWays(len(found.rewards))
    state = torch.cat((torch.from_numpy(found.observations), torch.ones(world.num_envs, 1)), 1)
    led_to, reward, over = world.transition(state, torch.from_numpy(found.actions))
    assert reward.tolist() == found.rewards.tolist()
    assert over.tolist() == found.terminated.tolist()
    inside = ~found.terminated[:-1]
    np.testing.assert_allclose(led_to[:-1, :4][inside], found.observations[1:][inside], atol=1e-6)
    np.testing.assert_allclose(led_to[found.terminated, :4], found.final_observations, atol=1e-6)


def test_the_arm_s_expert_reaches_what_lies_anywhere() -> None:
    found = arm_reach(20, seed=2)
    assert len(found.ends) == 20
    assert (found.returns == 1).mean() >= 0.95
    assert found.observations.shape[1:] == (16,)
    assert found.facts["env_kwargs"] == {"view": "state"}


def test_they_are_the_same_each_time_and_others_by_another_seed() -> None:
    assert two_ways().digest == load_episodes("two-ways").digest
    assert two_ways(seed=1).digest != load_episodes("two-ways").digest
    assert arm_reach(3).digest == arm_reach(3).digest != arm_reach(3, seed=1).digest
    assert len(load_episodes("arm-reach").ends) == REACHES
    for none, said in ((two_ways, "starts=0"), (one_way_with_a_pause, "starts=0"), (arm_reach, "episodes=0")):
        with pytest.raises(UsageError, match=f"{said}; expected at least 1"):
            none(0)
