"""The double pendulum: an independent integrator of independent equations, both forms alike, energy, and its pay."""

import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.double_pendulum import SECONDS, DoublePendulum, dynamics, paid
from palestra.envs.registry import CLASSIC

ID = "palestra/DoublePendulum-v0"
STATES = torch.tensor(
    [[math.pi, math.pi, 0, 0], [0.5, -1, 2, -3], [-2, 1, -4, 1], [0.1, 0.2, 0.3, 5]], dtype=torch.float64
)
CONTROLS = torch.tensor([[1.0, -1.0], [0.5, 0.2], [-1.0, -0.3], [0.0, 0.0]], dtype=torch.float64)


def test_it_is_registered() -> None:
    assert CLASSIC[ID] is DoublePendulum


def energies(at: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of motion and of height, of (p, q, p', q'): each rod by its middle's speed and its own turning."""
    p, q, spin_p, spin_q = at.unbind(-1)
    across, up = spin_p * p.cos() + spin_q * q.cos() / 2, -spin_p * p.sin() - spin_q * q.sin() / 2
    moving = (spin_p.square() / 4 + across.square() + up.square()) / 2 + (spin_p.square() + spin_q.square()) / 24
    return moving, 9.81 * (p.cos() / 2 + p.cos() + q.cos() / 2)


def lagrange(_: float, at: np.ndarray, shoulder: float, elbow: float) -> np.ndarray:
    """d/dt of dT/dq' less d(T - V)/dq is the torque: by automatic derivatives of the energies alone."""
    place, spins = (torch.tensor(part, dtype=torch.float64) for part in (at[:2], at[2:]))
    difference = lambda place, spins: (lambda e: e[0] - e[1])(energies(torch.cat((place, spins))))  # noqa: E731
    momentum = lambda place, spins: torch.func.grad(difference, 1)(place, spins)  # noqa: E731
    mass, drift = torch.func.jacrev(momentum, (1, 0))(place, spins)
    pushed = torch.tensor([6 * (shoulder - elbow), 6 * elbow], dtype=torch.float64)
    force = pushed + torch.func.grad(difference, 0)(place, spins) - drift @ spins
    return np.concatenate((at[2:], torch.linalg.solve(mass, force).numpy()))


def test_a_step_is_what_an_independent_integrator_finds() -> None:
    after = dynamics(STATES, CONTROLS)
    for start, control, end in zip(STATES[:2], CONTROLS, after, strict=False):
        args = tuple(control.tolist())
        found = solve_ivp(lagrange, (0, SECONDS), start.numpy(), method="DOP853", args=args, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(end.numpy(), found.y[:, -1], atol=3e-5)


def test_without_torques_energy_stays() -> None:
    state = STATES
    for _ in range(100):
        state = dynamics(state, torch.zeros(4, 2, dtype=torch.float64))
    before, after = (sum(energies(each)) for each in (STATES, state))
    torch.testing.assert_close(after, before, atol=0.1, rtol=0)
    assert float((state - STATES)[1:].abs().max()) > 1


def test_both_forms_take_the_same_steps_and_pay_the_same() -> None:
    env, ours = gym.make(ID).unwrapped, TorchVectorEnv(DoublePendulum(4))
    env.reset(seed=0)
    ours.set_state(STATES.float())
    result = ours.step(CONTROLS.float())
    for i, (state, control) in enumerate(zip(STATES, CONTROLS, strict=True)):
        env.state = state.numpy().copy()
        obs, reward, terminated, truncated, _ = env.step(control.numpy())
        assert (terminated, truncated) == (False, False)
        np.testing.assert_allclose(env.state, dynamics(STATES, CONTROLS)[i].numpy(), atol=1e-12)
        np.testing.assert_allclose(result.final_obs[i].numpy(), obs, atol=1e-5)
        assert float(result.reward[i]) == pytest.approx(reward, abs=1e-6)


def test_it_is_paid_for_being_high_calm_and_idle() -> None:
    state = torch.tensor([[0.0, 0, 0, 0], [math.pi, math.pi, 0, 0], [0, math.pi, 0, 0], [0, 0, 3, 4]])
    assert paid(state, torch.zeros(4, 2)).tolist() == pytest.approx([1.0, 0.0, 0.5, 0.55])
    assert paid(state[:1], torch.ones(1, 2)).item() == pytest.approx(0.8)


def test_episodes_begin_hanging_and_spaces_are_the_same() -> None:
    ours, env = TorchVectorEnv(DoublePendulum(500)), gym.make(ID)
    assert (ours.observation_space, ours.action_space) == (env.observation_space, env.action_space)
    assert ours.max_episode_steps == env.spec.max_episode_steps == 200
    starts = np.stack([env.reset(seed=seed)[0] for seed in range(500)])
    for seen in (ours.reset(0).numpy(), starts):
        np.testing.assert_allclose(seen.mean(0), [-1, 0, -1, 0, 0, 0], atol=2e-3)
        np.testing.assert_allclose(seen[:, [1, 3, 4, 5]].std(0), 0.01, atol=1.5e-3)
