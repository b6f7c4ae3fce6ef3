"""CartPole's mixed episodes: whose they are, that they are the same each time, and that they are what happened."""

import numpy as np
import torch

from palestra.datasets.cartpole_mixed import CONTROLLERS, make
from palestra.datasets.recorded import load_episodes
from palestra.envs.classic.cartpole import constants, dynamics


def test_one_plays_well_and_two_badly() -> None:
    found, begin = load_episodes("cartpole-mixed"), 0
    means = []
    for controller in CONTROLLERS:
        returns = found.returns[begin : begin + controller.episodes]
        begin += controller.episodes
        means.append(float(returns.mean()))
    assert begin == len(found.ends)
    assert means == [source["return_mean"] for source in found.facts["recorded"]]
    assert means[0] > 490
    assert 200 < means[1] < 320
    assert means[2] < 60
    shares = [c.episodes * mean / len(found.rewards) for c, mean in zip(CONTROLLERS, means)]
    assert 0.15 < shares[0] < 0.25  # a fifth of all that there is to imitate is good


def test_they_are_the_same_each_time() -> None:
    assert make().digest == load_episodes("cartpole-mixed").digest


def test_every_step_is_the_world_s_own() -> None:
    found = load_episodes("cartpole-mixed")
    first = found.ends[0]
    for begin, end in ((0, first), (found.starts[-1], found.ends[-1])):
        obs, action = (torch.from_numpy(each[begin:end]) for each in (found.observations, found.actions))
        led_to, over = dynamics(obs, action, constants(len(obs), torch.device("cpu")))
        np.testing.assert_allclose(led_to[:-1], obs[1:], atol=1e-6)
        np.testing.assert_allclose(led_to[-1], found.final_observations[0 if begin == 0 else -1], atol=1e-6)
        assert over.tolist() == found.terminated[begin:end].tolist()
        assert (found.rewards[begin:end] == 1).all()
