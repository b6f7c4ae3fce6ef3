"""What a world of one's own gets without saying anything, and what it may say."""

from typing import Any

import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.acrobot import Acrobot
from palestra.envs.classic.cartpole_swing_up import CartPoleSwingUp
from palestra.envs.classic.double_pendulum import DoublePendulum
from palestra.envs.classic.pendulum import Pendulum
from palestra.envs.classic.pendulum_discrete import PendulumDiscrete
from palestra.envs.classic.planar_quadrotor import PlanarQuadrotor
from palestra.envs.dynamics import Dynamics
from palestra.errors import PalestraError, UsageError


class Clock(Dynamics):
    """Counts its steps, and remembers how often it was looked at."""

    observation_space = spaces.Box(0.0, 100.0, (2,))
    action_space = spaces.Discrete(2)
    max_episode_steps = 3
    late_reward = -5.0
    looks = 0

    def initial_state(self, num: int) -> Tensor:
        return torch.zeros(num, 1)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state + 1, action.float(), self.never

    def observe(self, state: Tensor) -> Tensor:
        self.looks += 1
        return torch.cat((state, torch.full_like(state, self.looks)), 1)

    def observe_anew(self, state: Tensor) -> Tensor:
        self.looks = 0
        return self.observe(state)

    def seen(self) -> dict[str, Any]:
        return {"looks": self.looks}

    def observe_resumed(self, state: Tensor, seen: dict[str, Any]) -> Tensor:
        self.looks = seen["looks"] - 1
        return self.observe(state)


def test_being_late_is_paid_for_by_those_who_are_cut() -> None:
    env = TorchVectorEnv(Clock(2))
    env.reset(0)
    rewards = [env.step(torch.tensor([0, 1])).reward.tolist() for _ in range(6)]
    assert rewards == [[0, 1], [0, 1], [-5, -4]] * 2


def test_what_was_seen_is_saved_and_forgotten_at_a_reset() -> None:
    env, other = TorchVectorEnv(Clock(2)), TorchVectorEnv(Clock(2))
    first = env.reset(0)
    obs = env.step(torch.tensor([0, 1])).obs
    assert torch.equal(other.load_state_dict(env.state_dict()).obs, obs)
    assert torch.equal(other.step(torch.tensor([0, 0])).obs, env.step(torch.tensor([0, 0])).obs)
    assert torch.equal(env.reset(0), first)


def test_nobody_knows_better_where_nobody_was_named() -> None:
    env = TorchVectorEnv(Clock(2))
    with pytest.raises(PalestraError, match=r"call reset\(seed\) first"):
        env.expert()
    env.reset(0)
    with pytest.raises(UsageError, match="Clock has no expert"):
        env.expert()


class Sized(Dynamics):
    """Shows its state, and takes a setting."""

    observation_space = spaces.Box(0.0, 100.0, (1,))
    action_space = spaces.Discrete(2)
    initial_state, transition = Clock.initial_state, Clock.transition

    def __init__(self, num_envs: int, device: Any = "cpu", size: int = 3) -> None:
        super().__init__(num_envs, device)


def test_what_is_observed_says_the_state_where_the_world_says_how() -> None:
    obs = torch.ones(5, 1)
    assert torch.equal(Sized(2).state_from(obs), obs)
    with pytest.raises(UsageError, match="Clock, whose observation is not its state; expected a world that reads"):
        Clock(2).state_from(obs)


@pytest.mark.parametrize(
    "kind", [Acrobot, Pendulum, PendulumDiscrete, CartPoleSwingUp, DoublePendulum, PlanarQuadrotor]
)
def test_a_state_is_read_from_what_is_shown_of_it(kind: type[Dynamics]) -> None:
    dynamics = kind(7)
    state = dynamics.initial_state(7).double() + 0.1
    torch.testing.assert_close(dynamics.state_from(dynamics.observe(state)), torch.atan2(state.sin(), state.cos()))


def test_the_same_rules_for_more_copies() -> None:
    more = Clock(2).resized(5)
    assert (type(more), more.num_envs, len(more.never)) == (Clock, 5, 5)
    with pytest.raises(UsageError, match="Sized, which has settings of its own; expected a world that defines resized"):
        Sized(2).resized(5)
