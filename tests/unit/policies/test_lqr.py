"""The regulator: SciPy's gain in a linear world, an upright pendulum that stays, and worlds that it is not for."""

import numpy as np
import pytest
import torch
from planners import LINE, line, planner
from scipy.linalg import solve_discrete_are

from palestra.envs.classic.pendulum import dynamics
from palestra.envs.model import Model
from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.policies.lqr import LQRConfig, regulator


@pytest.mark.parametrize("effort", [1.0, 30.0])
def test_its_gain_is_scipys(effort: float) -> None:
    a, b = np.array([[1, 0.1], [0, 1]]), np.array([[0.005], [0.1]])
    q, r = np.diag([0.2, 0.02]), np.array([[0.02 * effort]])
    p = solve_discrete_are(a, b, q, r)
    gain = -np.linalg.solve(r + b.T @ p @ b, b.T @ p @ a)
    np.testing.assert_allclose(regulator(line(), effort).numpy(), gain, rtol=1e-8)
    policy = planner("lqr", LINE, effort=effort)
    state = torch.tensor([[1.0, -0.5], [100.0, 0.0]])
    assert policy.act(state).tolist() == [[pytest.approx(float((gain @ [1.0, -0.5])[0]), rel=1e-5)], [-10.0]]


def test_a_pendulum_that_stands_goes_on_standing() -> None:
    policy = planner("lqr")
    state = torch.tensor([[0.1, 0.2], [2 * np.pi - 0.05, 0.0]])
    for _ in range(100):
        state, _ = dynamics(state, policy.act(torch.stack((state[:, 0].cos(), state[:, 0].sin(), state[:, 1]), 1)))
    assert float(policy.model.difference(state, torch.zeros(2, 2)).abs().max()) < 1e-3


def test_from_anywhere_it_cannot_swing_one_up() -> None:
    env, policy = make_vec("Pendulum-v1", 20), planner("lqr")
    obs = env.reset(0)
    for _ in range(199):
        obs = env.step(policy.act(obs)).obs
    assert 0 < int((obs[:, 0] > 0.99).sum()) < 20


def test_worlds_without_rest_or_price_are_refused() -> None:
    with pytest.raises(UsageError, match=r"a world that moves by .* from zero; expected one at rest"):
        regulator(Model(make_vec("MountainCarContinuous-v0", 1)), 1.0)
    with pytest.raises(UsageError, match="a world in which actions cost nothing at rest"):
        regulator(Model(make_vec("probe/ConstantRewardBox", 1)), 1.0)
    with pytest.raises(UsageError, match=r"effort=0\.0; expected more than 0"):
        LQRConfig(effort=0.0)
