"""The networks of the policy-gradient methods: one batch serves both, and actions keep their bounds."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.learners.registry import learner_type


def make(env_id: str, seed: int = 0, **settings: Any) -> ActorCritic:
    config = ActorCriticConfig(**{"hidden_sizes": (8,), **settings})
    return ActorCritic(make_vec(env_id, 1), config, seed=seed, device=torch.device("cpu"))


def test_the_seed_makes_the_weights_and_what_is_sampled() -> None:
    obs = torch.randn(20, 3, generator=torch.Generator().manual_seed(1))
    one, same, other = (make("Pendulum-v1", seed) for seed in (0, 0, 1))
    assert torch.equal(one.values(obs), same.values(obs))
    assert torch.equal(one.explore(obs), same.explore(obs))
    assert not torch.equal(one.values(obs), other.values(obs))
    assert one.values(obs).shape == (20,)


def test_what_is_acted_keeps_the_bounds_and_what_is_explored_does_not() -> None:
    nets, obs = make("Pendulum-v1", log_std_init=2.0), torch.zeros(500, 3)
    assert nets.explore(obs).abs().max() > 2.0
    assert nets.act(obs, deterministic=False).abs().max() == 2.0
    assert torch.equal(nets.act(obs), nets.act(obs))


def test_observations_are_normalised_where_that_is_asked_for() -> None:
    nets, obs = make("CartPole-v1", normalize_obs=True), torch.arange(8.0).view(2, 4)
    assert nets.obs_norm is not None
    nets.obs_norm.update(torch.cat((obs, obs + 2.0)))
    torch.testing.assert_close(nets.to_batch(torch.cat((obs, obs + 2.0))).mean(0), torch.zeros(4), atol=1e-6, rtol=0)
    assert make("CartPole-v1").obs_norm is None


class Gauges(gym.Env):
    """A place, a reading and a lamp, beside which actions are allowed."""

    observation_space = gym.spaces.Dict(
        a=gym.spaces.Discrete(3), action_mask=gym.spaces.Box(0, 1, (2,), np.int8), b=gym.spaces.Box(0.0, 9.0, (1,)),
        c=gym.spaces.MultiBinary(1),
    )  # fmt: skip
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        super().reset(seed=seed)
        return self.observation_space.sample(), {}


def test_numbers_that_say_which_are_not_normalised() -> None:
    env = World.named(Gauges, ActorCriticConfig()).make(num_envs=1)
    nets = ActorCritic(env, ActorCriticConfig(normalize_obs=True), seed=0, device=torch.device("cpu"))
    assert nets.obs_norm is not None
    obs = torch.tensor([[0.0, 1.0, 0.0, 1.0, 1.0, 4.0, 1.0], [1.0, 0.0, 0.0, 1.0, 0.0, 8.0, 0.0]])
    nets.obs_norm.update(obs)
    out, number = nets.to_batch(obs), [False] * 5 + [True, False]
    assert torch.equal(out[:, ~torch.tensor(number)], obs[:, ~torch.tensor(number)])
    torch.testing.assert_close(out[:, 5], torch.tensor([-1.0, 1.0]))
    everything = make("FrozenLake-v1", normalize_obs=True)
    assert everything.obs_norm is not None
    everything.obs_norm.update(torch.eye(16)[:4])
    assert torch.equal(everything.to_batch(torch.eye(16)), torch.eye(16))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"num_steps": 0}, "num_steps=0; expected at least 1"),
        ({"gae_lambda": 1.5}, "gae_lambda=1.5; expected 0 <= gae_lambda <= 1"),
        ({"max_grad_norm": 0.0}, "max_grad_norm=0.0; expected a positive number"),
        ({"hidden_sizes": (8, 0)}, r"hidden_sizes=\(8, 0\); expected positive sizes"),
        ({"random_shift": -1}, "random_shift=-1; expected 0 or more pixels"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ActorCriticConfig(**settings)


class Dose(gym.Env[Any, Any]):
    """Pays for being near to three quarters of a range of some width; remembers what it was given."""

    observation_space = gym.spaces.Box(-1.0, 1.0, (1,))

    def __init__(self, wide: float) -> None:
        self.action_space, self.wide = gym.spaces.Box(-wide, wide, (1,)), wide
        self.given: list[float] = []

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> Any:
        self.given.append(float(action[0]))
        return np.zeros(1, np.float32), -abs(float(action[0]) / self.wide - 0.5), len(self.given) % 8 == 0, False, {}


gym.register("tests/Dose-v0", Dose)


@pytest.mark.parametrize("name", ["ppo", "a2c", "trpo", "vpg"])
def test_a_range_of_any_width_is_explored_as_the_one_from_minus_one_to_one(name: str) -> None:
    kind, given, weights = learner_type(name), {}, {}
    for wide in (1.0, 1024.0):  # a power of two: nothing is rounded on the way
        config = kind.config_type(num_steps=32, hidden_sizes=(8,))
        agent = kind(World("tests/Dose-v0", 1, "sync", {"wide": wide}), config)
        for _ in range(4):
            agent.step()
        given[wide] = np.array(agent.env._env.envs[0].unwrapped.given)
        weights[wide] = torch.cat([p.flatten() for p in agent.modules.parameters()])
        assert agent.env.action_space.contains(agent.predict(np.zeros(1, np.float32)))
    assert given[1.0].min() == -1.0
    assert given[1.0].max() == 1.0
    np.testing.assert_array_equal(given[1024.0], 1024.0 * given[1.0])
    assert torch.equal(weights[1024.0], weights[1.0])
    plain = kind(World("tests/Dose-v0", 1, "sync", {"wide": 1024.0}), kind.config_type(scale_actions=False))
    plain.step()
    assert np.abs(plain.env._env.envs[0].unwrapped.given).max() < 10
