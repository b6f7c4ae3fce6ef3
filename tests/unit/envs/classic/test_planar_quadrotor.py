"""The planar quadrotor: an independent integrator, both forms alike, energy, and a regulator that holds it."""

import math

import gymnasium as gym
import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.linalg import solve_discrete_are

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.planar_quadrotor import COST, SECONDS, PlanarQuadrotor, cost, dynamics
from palestra.envs.registry import CLASSIC

ID = "palestra/PlanarQuadrotor-v0"
STATES = torch.tensor(
    [[0, 0, 0, 0, 0, 0], [0.5, -1, 2, 1, -2, 5], [-1, 0.3, -1, 0.5, 0.5, -8], [0.1, 0.2, 3, -1, 0, 1]],
    dtype=torch.float64,
)
CONTROLS = torch.tensor([[1.0, -1.0], [0.5, 0.2], [-1.0, -0.3], [0.0, 0.0]], dtype=torch.float64)


def test_it_is_registered() -> None:
    assert CLASSIC[ID] is PlanarQuadrotor


def beam(_: float, at: np.ndarray, left: float, right: float) -> list[float]:
    """Newton and Euler: 1 kg, 0.05 kg m^2, rotors 0.25 m from the middle, each 4.905 N at a control of 0."""
    _, _, angle, across, up, spin = at
    forces = 4.905 * (1 + left), 4.905 * (1 + right)
    thrust = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ [0.0, sum(forces)]
    return [across, up, spin, float(thrust[0]), float(thrust[1]) - 9.81, 0.25 * (forces[1] - forces[0]) / 0.05]


def test_a_step_is_what_an_independent_integrator_finds() -> None:
    after = dynamics(STATES, CONTROLS)
    for start, control, end in zip(STATES, CONTROLS, after, strict=True):
        args = tuple(control.tolist())
        found = solve_ivp(beam, (0, SECONDS), start.numpy(), method="DOP853", args=args, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(end.numpy(), found.y[:, -1], atol=1e-5)


def test_falling_without_thrust_keeps_its_energy_and_its_spin() -> None:
    state = STATES
    for _ in range(20):
        state = dynamics(state, -torch.ones(4, 2, dtype=torch.float64))

    def energy(state: torch.Tensor) -> torch.Tensor:
        return state[:, 3:5].square().sum(1) / 2 + 9.81 * state[:, 1]

    torch.testing.assert_close(energy(state), energy(STATES), atol=1e-9, rtol=0)
    torch.testing.assert_close(state[:, 5], STATES[:, 5])


def test_both_forms_take_the_same_steps_and_pay_the_same() -> None:
    env, ours = gym.make(ID).unwrapped, TorchVectorEnv(PlanarQuadrotor(4))
    env.reset(seed=0)
    ours.set_state(STATES.float())
    result = ours.step(CONTROLS.float())
    for i, (state, control) in enumerate(zip(STATES, CONTROLS, strict=True)):
        env.state = state.numpy().copy()
        obs, reward, terminated, truncated, _ = env.step(control.numpy())
        assert (terminated, truncated) == (False, False)
        np.testing.assert_allclose(env.state, dynamics(STATES, CONTROLS)[i].numpy(), atol=1e-12)
        np.testing.assert_allclose(result.final_obs[i].numpy(), obs, atol=1e-5)
        assert float(result.reward[i]) == pytest.approx(reward, rel=1e-5)


def test_a_cost_in_so_many_terms() -> None:
    state = torch.tensor([[2.0, -1.0, math.pi, 3.0, 1.0, 2.0]])
    expected = 0.05 * (4 + 1 + 0.1 * 2 + 0.1 * 10 + 0.1 * 4 + 0.01 * 1.25)
    assert cost(state, torch.tensor([[1.0, 0.5]])).item() == pytest.approx(expected)


def test_near_hovering_a_linear_regulator_holds_it() -> None:
    """Derivatives at rest, SciPy's Riccati equation: 5 s later it is at its place."""
    at = torch.zeros(8, dtype=torch.float64)
    slope = torch.autograd.functional.jacobian(lambda at: dynamics(at[None, :6], at[None, 6:])[0], at).numpy()
    a, b = slope[:, :6], slope[:, 6:]
    q = SECONDS * np.diag([COST[0], COST[1], COST[2] / 2, COST[3], COST[3], COST[4]])
    r = SECONDS * COST[5] * np.eye(2)
    value = solve_discrete_are(a, b, q, r)
    gain = torch.from_numpy(np.linalg.solve(r + b.T @ value @ b, b.T @ value @ a))
    state = torch.tensor([[0.3, -0.2, 0.2, 0.1, 0.0, 0.3]], dtype=torch.float64)
    for _ in range(100):
        state = dynamics(state, (-state @ gain.T).clamp(-1, 1))
    assert state.abs().max() < 0.02


def test_spaces_limits_and_starts_are_the_same() -> None:
    ours, env = TorchVectorEnv(PlanarQuadrotor(1000)), gym.make(ID)
    assert (ours.observation_space, ours.action_space) == (env.observation_space, env.action_space)
    assert ours.max_episode_steps == env.spec.max_episode_steps == 100
    starts = np.stack([env.reset(seed=seed)[0] for seed in range(1000)])
    for seen in (ours.reset(0).numpy(), starts):
        assert np.abs(seen).max() <= 1
        np.testing.assert_allclose(seen[:, [0, 1, 4, 5, 6]].std(0), 3**-0.5, atol=0.03)
        np.testing.assert_allclose(seen[:, 2:4].mean(0), 0, atol=0.08)
