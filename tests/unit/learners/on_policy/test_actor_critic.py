"""The networks of the policy-gradient methods: one batch serves both, and actions keep their bounds."""

from typing import Any

import pytest
import torch

from palestra.envs.registry import make_vec
from palestra.errors import UsageError
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig


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
