"""Recorded episodes as transitions, against a walk through the list of their steps."""

import numpy as np
import pytest
import torch
from recordings import episodes

from palestra.data.recorded import RecordedReplay, recorded_rollout
from palestra.datasets.episodes import Episodes
from palestra.envs.registry import make_vec

GAMMA = 0.9


def made(seed: int = 0) -> tuple[Episodes, RecordedReplay]:
    """Four episodes, of which the first and the third are ended by the world's limit."""
    recorded = episodes("Pendulum-v1", [3, 1, 4, 2], seed)
    space = make_vec("Pendulum-v1", 1).observation_space
    return recorded, RecordedReplay(recorded, torch.from_numpy(recorded.actions), space)


def test_what_follows_a_step_is_the_next_one_or_what_its_episode_ended_with() -> None:
    recorded, _ = made()
    rollout = recorded_rollout(recorded, torch.from_numpy(recorded.actions))
    follows = [*recorded.observations[1:], None]
    for episode, end in enumerate(recorded.ends):
        follows[end - 1] = recorded.final_observations[episode]
    np.testing.assert_array_equal(rollout.next_obs[:, 0], np.stack(follows))
    np.testing.assert_array_equal(rollout.obs[:, 0], recorded.observations)
    assert rollout.reward.shape == (10, 1)


@pytest.mark.parametrize("n_step", [1, 3])
def test_every_transition_is_what_a_walk_through_its_episode_finds(n_step: int) -> None:
    recorded, replay = made()
    found = replay.take(torch.arange(10), n_step=n_step, gamma=GAMMA)
    for step in range(10):
        episode = recorded.numbers[step]
        last = min(step + n_step, recorded.ends[episode]) - 1
        paid = sum(GAMMA**ahead * recorded.rewards[step + ahead] for ahead in range(last - step + 1))
        over, whole = recorded.terminated[last], last == recorded.ends[episode] - 1
        assert float(found.return_B[step]) == pytest.approx(paid, abs=1e-6)
        assert float(found.discount_B[step]) == pytest.approx(0.0 if over else GAMMA ** (last - step + 1))
        then = recorded.final_observations[episode] if whole else recorded.observations[last + 1]
        np.testing.assert_array_equal(found.next_obs_BF[step], then)
        np.testing.assert_array_equal(found.action_B[step], recorded.actions[step])


def test_its_state_is_which_recording_it_is() -> None:
    recorded, replay = made()
    state = replay.state_dict()
    assert state == {"digest": recorded.digest}
    assert made()[1].load_state_dict(state) == []
    assert made(seed=1)[1].load_state_dict(state) == [
        "not exact: the recorded episodes are others than those that the training began with"
    ]
    assert replay.facts["steps"] == 10
    assert replay.facts["best_return"] == recorded.returns.max()
