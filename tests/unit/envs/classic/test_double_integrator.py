"""The double integrator: both forms alike, an independent discretisation, and a cost in so many terms."""

import gymnasium as gym
import numpy as np
import pytest
import torch
from scipy.signal import cont2discrete

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.double_integrator import MOTION, PUSH, SECONDS, DoubleIntegrator
from palestra.envs.registry import CLASSIC

ID = "palestra/DoubleIntegrator-v0"


def test_it_is_registered() -> None:
    assert CLASSIC[ID] is DoubleIntegrator


def test_a_force_that_is_held_moves_a_mass_so() -> None:
    """SciPy's zero-order hold of x'' = u."""
    a, b, *_ = cont2discrete((np.eye(2, k=1), np.array([[0], [1]]), np.eye(2), np.zeros((2, 1))), SECONDS)
    np.testing.assert_allclose(MOTION, a, atol=1e-12)
    np.testing.assert_allclose(PUSH, b[:, 0], atol=1e-12)


def test_both_forms_take_the_same_steps_and_pay_the_same() -> None:
    ours, env = TorchVectorEnv(DoubleIntegrator(2)), gym.make(ID)
    env.reset(seed=0)
    states, forces = torch.tensor([[0.5, -1.0], [-0.3, 0.2]]), torch.tensor([[2.0], [-7.0]])
    ours.set_state(states)
    result = ours.step(forces)
    assert result.reward.tolist() == pytest.approx([-(0.1 * 0.25 + 0.01 * 1 + 0.01 * 4), -(0.009 + 0.0004 + 0.49)])
    for i in range(2):
        env.unwrapped.state = states[i].double().numpy()
        obs, reward, terminated, _, _ = env.step(forces[i].numpy())
        assert reward == pytest.approx(float(result.reward[i]), abs=1e-6)
        np.testing.assert_allclose(result.obs[i].numpy(), obs, atol=1e-6)
        assert not terminated


def test_spaces_limits_and_starts_are_the_same() -> None:
    ours, env = TorchVectorEnv(DoubleIntegrator(1000)), gym.make(ID)
    assert (ours.observation_space, ours.action_space) == (env.observation_space, env.action_space)
    assert ours.max_episode_steps == env.spec.max_episode_steps == 100
    starts = np.stack([env.reset(seed=seed)[0] for seed in range(1000)])
    for seen in (ours.reset(0).numpy(), starts):
        assert np.abs(seen).max() <= 1
        np.testing.assert_allclose(seen.std(0), 3**-0.5, atol=0.03)
