"""CartPole without velocities is CartPole, of which less is shown; no linear law of what is shown balances it."""

import gymnasium as gym
import numpy as np
import torch

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.cartpole import CartPole, constants, dynamics
from palestra.envs.hidden.cartpole_masked import CartPoleMasked
from palestra.envs.registry import CLASSIC

ID = "palestra/CartPoleMasked-v0"


def test_it_is_registered_with_gymnasiums_limit() -> None:
    assert CLASSIC[ID] is CartPoleMasked
    reference = gym.make(ID)
    assert reference.spec.max_episode_steps == gym.spec("CartPole-v1").max_episode_steps == 500
    assert (reference.observation_space, reference.action_space) == (
        CartPoleMasked.observation_space, CartPoleMasked.action_space,
    )  # fmt: skip


def test_it_is_cartpole_step_by_step() -> None:
    masked, whole = (TorchVectorEnv(kind(5)) for kind in (CartPoleMasked, CartPole))
    assert torch.equal(masked.reset(3), whole.reset(3)[:, [0, 2]])
    rng = torch.Generator().manual_seed(0)
    for _ in range(60):
        action = torch.randint(2, (5,), generator=rng)
        one, other = masked.step(action), whole.step(action)
        assert torch.equal(one.obs, other.obs[:, [0, 2]])
        assert torch.equal(one.final_obs, other.final_obs[:, [0, 2]])
        assert all(torch.equal(x, y) for x, y in zip(one[1:4], other[1:4], strict=True))


def test_gymnasiums_form_is_its_cartpole() -> None:
    masked, whole = gym.make(ID), gym.make("CartPole-v1")
    np.testing.assert_array_equal(masked.reset(seed=4)[0], whole.reset(seed=4)[0][[0, 2]])
    for action in (0, 1, 1, 0, 1):
        (obs, *rest), (all_of_it, *others) = masked.step(action), whole.step(action)
        np.testing.assert_array_equal(obs, all_of_it[[0, 2]])
        assert rest == others


def test_no_linear_law_of_positions_is_stable_and_one_of_velocities_too_is() -> None:
    numbers = constants(1, torch.device("cpu"), torch.float64)
    right, still = torch.ones(1, dtype=torch.int64), torch.zeros(1, 4, dtype=torch.float64)
    step = lambda state: dynamics(state[None], right, numbers)[0][0]  # noqa: E731
    motion = torch.autograd.functional.jacobian(step, still[0])
    push = (dynamics(still, right, numbers)[0] - dynamics(still, 0 * right, numbers)[0])[0] / 2
    assert float(motion.trace()) == 4.0

    def largest(law: torch.Tensor) -> float:
        """Of the moduli of the eigenvalues, what is pushed being so much of the state."""
        return float(torch.linalg.eigvals(motion + torch.outer(push, law)).abs().max())

    laws = (
        torch.randn(300, 4, generator=torch.Generator().manual_seed(0)).double() * torch.logspace(-2, 2, 300)[:, None]
    )
    laws[:, 1::2] = 0.0
    assert min(largest(law) for law in laws) >= 1.0
    assert largest(torch.tensor([0.1, 0.2, 2.0, 0.4]).double()) < 1.0
