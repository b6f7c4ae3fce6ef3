"""The cart-pole that is swung up: an independent integrator, energy that stays, and dm_control's reward by hand."""

import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.cartpole_swing_up import SECONDS, CartPoleSwingUp, dynamics, paid
from palestra.envs.registry import CLASSIC

ID = "palestra/CartPoleSwingUp-v0"
STATES = torch.tensor(
    [[0.0, 0.0, math.pi, 0.0], [0.3, -1.0, 0.5, 6.0], [-1.0, 2.0, -2.0, -9.0], [0.1, 0.2, 0.0, 0.3]],
    dtype=torch.float64,
)
CONTROLS = torch.tensor([1.0, -0.5, 0.25, -1.0], dtype=torch.float64)


def test_it_is_registered() -> None:
    assert CLASSIC[ID] is CartPoleSwingUp


def rod_on_cart(_: float, at: np.ndarray, force: float) -> list[float]:
    """Lagrange's equations of a cart of 1 kg and a thin rod of 0.1 kg and 1 m, as two linear ones."""
    _, velocity, angle, spin = at
    sin, cos = math.sin(angle), math.cos(angle)
    matrix = [[1.1, 0.05 * cos], [0.05 * cos, 0.1 / 3]]
    across, turning = np.linalg.solve(matrix, [force + 0.05 * spin**2 * sin, 0.05 * 9.81 * sin])
    return [velocity, float(across), spin, float(turning)]


def test_a_step_is_what_an_independent_integrator_finds() -> None:
    after = dynamics(STATES, CONTROLS)
    for start, control, end in zip(STATES, CONTROLS, after, strict=True):
        found = solve_ivp(
            rod_on_cart,
            (0, SECONDS),
            start.numpy(),
            method="DOP853",
            args=(10 * float(control),),
            rtol=1e-12,
            atol=1e-12,
        )
        np.testing.assert_allclose(end.numpy(), found.y[:, -1], atol=2e-6)


def test_without_a_force_energy_stays() -> None:
    def energy(state: torch.Tensor) -> torch.Tensor:
        _, velocity, angle, spin = state.unbind(1)
        moving = 1.1 * velocity.square() + 2 * 0.05 * velocity * spin * angle.cos() + 0.1 / 3 * spin.square()
        return moving / 2 + 0.05 * 9.81 * angle.cos()

    state = STATES
    for _ in range(250):
        state = dynamics(state, torch.zeros(4, dtype=torch.float64))
    torch.testing.assert_close(energy(state), energy(STATES), rtol=0, atol=2e-4)
    assert float((state - STATES).abs().max()) > 1


def test_both_forms_take_the_same_steps() -> None:
    env, ours = gym.make(ID).unwrapped, TorchVectorEnv(CartPoleSwingUp(4))
    env.reset(seed=0)
    ours.set_state(STATES.float())
    result = ours.step(CONTROLS.float()[:, None])
    for i, (state, control) in enumerate(zip(STATES, CONTROLS, strict=True)):
        env.state = state.numpy().copy()
        obs, reward, terminated, truncated, _ = env.step(np.array([float(control)]))
        assert (terminated, truncated) == (False, False)
        np.testing.assert_allclose(env.state, dynamics(STATES, CONTROLS)[i].numpy(), atol=1e-12)
        np.testing.assert_allclose(result.final_obs[i].numpy(), obs, atol=1e-5)
        assert float(result.reward[i]) == pytest.approx(reward, abs=1e-6)


def test_the_reward_is_dm_controls() -> None:
    state = torch.tensor([[0.0, 0.0, 0.0, 0.0], [2.0, 5.0, 0.0, 0.0], [0.0, 0.0, 0.0, 5.0], [0.0, 0.0, math.pi, 0.0]])
    assert paid(state, torch.zeros(4)).tolist() == pytest.approx([1.0, 0.55, 0.55, 0.0])  # a tenth at a margin
    assert paid(state[:1], torch.ones(1)).item() == pytest.approx(0.8)
    half_way = torch.tensor([[1.0, 0.0, math.pi / 2, 2.5]])
    assert paid(half_way, torch.zeros(1)).item() == pytest.approx(0.5 * ((1 + 0.1**0.25) / 2) ** 2)


def test_episodes_begin_hanging_and_end_after_ten_seconds() -> None:
    env, reference = TorchVectorEnv(CartPoleSwingUp(500)), gym.make(ID)
    obs = env.reset(0)
    starts = np.stack([reference.reset(seed=seed)[0] for seed in range(500)])
    for seen in (obs.numpy(), starts):
        np.testing.assert_allclose(seen.mean(0), [0, -1, 0, 0, 0], atol=2e-3)
        np.testing.assert_allclose(seen[:, [0, 2, 3, 4]].std(0), 0.01, atol=1.5e-3)
    assert (env.max_episode_steps, reference.spec.max_episode_steps) == (250, 250)
    assert reference.observation_space == env.observation_space
    assert reference.action_space == env.action_space


def test_it_is_drawn() -> None:
    env = gym.make(ID, render_mode="rgb_array")
    env.reset(seed=0)
    hanging = env.render()
    assert hanging.shape == (400, 600, 3)
    env.unwrapped.state = np.zeros(4)
    assert not np.array_equal(env.render(), hanging)
    env.close()
