"""Double Q-learning lowers the overestimation that a maximum over noisy values brings: where the truth is known."""

import statistics

import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.envs import registry
from palestra.envs.dynamics import Dynamics
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig


class NoisyChoice(Dynamics):
    """Sutton & Barto 2018, example 6.7: from A right ends with 0, left goes to B, where every end brings N(-0.1, 1)."""

    observation_space = spaces.Box(0.0, 1.0, (2,))
    action_space = spaces.Discrete(8)
    max_episode_steps = None

    def initial_state(self, num: int) -> Tensor:
        return torch.tensor([[1.0, 0.0]]).repeat(num, 1)

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        in_b = state[:, 1] > 0
        left = ~in_b & (action > 0)  # action 0 is right
        reward = torch.randn(self.num_envs, generator=self.generator) - 0.1
        return torch.stack((~left, left), 1).float(), torch.where(in_b, reward, 0.0), ~left


def value_of_left(double: bool, seed: int) -> float:
    """Mean estimate of Q(A, left) once learning has settled; the truth is -0.1."""
    config = DQNConfig(
        double=double, gamma=1.0, buffer_size=256, learning_starts=64, batch_size=32, train_frequency=16,
        gradient_steps=4, learning_rate=1e-2, hidden_sizes=(16,), loss="squared", target_update_interval=400,
        epsilon_end=1.0,
    )  # fmt: skip
    agent = DQN(World("probe/NoisyChoice", 8), config, seed=seed)
    estimates = []
    while agent.clock < 8_000:
        agent.step()
        if agent.clock > 2_000:
            with torch.no_grad():
                estimates.append(float(agent.q(torch.tensor([[1.0, 0.0]]))[0, 1:].mean()))
    return statistics.mean(estimates)


@pytest.mark.slow
def test_of_left_in_the_noisy_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.PROBES, "probe/NoisyChoice", NoisyChoice)
    plain = statistics.mean(value_of_left(False, seed) for seed in range(3))
    double = statistics.mean(value_of_left(True, seed) for seed in range(3))
    assert plain > 0.0  # left looks better than right, which is worth 0: the wrong choice
    assert double < 0.0
    assert abs(double + 0.1) < abs(plain + 0.1) / 2


def values_upright(double: bool, seed: int) -> list[float]:
    """Mean value of states about upright at rest, through the second half of training; no reward is ever above 0."""
    config = DQNConfig(
        double=double, gamma=0.98, buffer_size=5_000, learning_starts=500, batch_size=64, train_frequency=16,
        gradient_steps=8, learning_rate=1e-2, hidden_sizes=(64,), loss="squared", target_update_interval=100,
        exploration_fraction=0.3,
    )  # fmt: skip
    agent = DQN(World("palestra/PendulumDiscrete-v1", 4), config, seed=seed)
    agent.budget = 24_000
    angle, velocity = (torch.rand(2, 200, generator=torch.Generator().manual_seed(0)) - 0.5) * 0.2
    upright = torch.stack((angle.cos(), angle.sin(), velocity), 1)
    values = []
    while agent.clock < agent.budget:
        agent.step()
        if agent.clock > 12_000 and agent.clock % 400 == 0:
            with torch.no_grad():
                values.append(float(agent.q(upright).amax(1).mean()))
    return values


@pytest.mark.slow
def test_on_the_pendulum_with_eleven_torques() -> None:
    impossible = {}
    means = {}
    for double in (False, True):
        runs = [values_upright(double, seed) for seed in range(3)]
        means[double] = [statistics.mean(run) for run in runs]
        impossible[double] = statistics.mean(value > 0 for run in runs for value in run)
    assert all(with_double < plain for plain, with_double in zip(means[False], means[True], strict=True))
    assert impossible[False] > 0.25  # values above 0, which no policy can have
    assert impossible[True] < impossible[False] / 2
