"""Pendulum's mixed episodes: whose they are, that they are the same each time, and that much is tried by chance."""

import numpy as np
import torch

from palestra.datasets.pendulum_mixed import CONTROLLERS, make
from palestra.datasets.recorded import load_episodes


def test_one_plays_well_and_two_badly() -> None:
    found, begin, means = load_episodes("pendulum-mixed"), 0, []
    for controller in CONTROLLERS:
        means.append(float(found.returns[begin : begin + controller.episodes].mean()))
        begin += controller.episodes
    assert begin == len(found.ends)
    assert means == [each["return_mean"] for each in found.facts["recorded"]]
    assert means[0] > -300
    assert max(means[1:]) < -700
    assert CONTROLLERS[0].episodes / len(found.ends) == 0.2


def test_they_are_the_same_each_time() -> None:
    assert make().digest == load_episodes("pendulum-mixed").digest


def test_seven_in_ten_actions_are_the_controllers_own() -> None:
    found = load_episodes("pendulum-mixed")
    first = found.ends[CONTROLLERS[0].episodes - 1]
    obs, action = (torch.from_numpy(x[:first]) for x in (found.observations, found.actions))
    same = np.isclose(CONTROLLERS[0].act(obs), action).mean()
    assert 0.65 < same < 0.75
