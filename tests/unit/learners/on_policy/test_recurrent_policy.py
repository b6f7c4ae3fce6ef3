"""A policy that remembers: when it does, what it forgets, and that a whole episode is what its network says of one."""

from typing import Any, get_args

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import nn

from palestra.engine.policy import aside
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.on_policy.recurrent_policy import RecurrentConfig, RecurrentPolicy
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from palestra.nets.own import Networks
from palestra.nets.sequence.recurrent import Cell

EVERY = pytest.mark.parametrize("cell", get_args(Cell))
MASKED = "palestra/CartPoleMasked-v0"
NOTHING = torch.zeros(3, dtype=torch.bool)


def make(cell: Any = "gru", **settings: Any) -> RecurrentPolicy:
    """One whose outputs are large enough to be told apart."""
    config = RecurrentConfig(cell=cell, memory_size=6, hidden_sizes=(5,), **settings)
    policy = RecurrentPolicy(make_vec(MASKED, 1), config, seed=0, device=torch.device("cpu"))
    with torch.no_grad():
        policy.actor.layers.weights[-1].mul_(300)
    return policy


def seen(steps: int) -> torch.Tensor:
    return torch.randn(steps, 3, 2, generator=torch.Generator().manual_seed(1))


def tell(policy: RecurrentPolicy, done: torch.Tensor = NOTHING) -> None:
    policy.told(torch.zeros(3, dtype=torch.int64), torch.zeros(3), done)


@EVERY
def test_step_by_step_it_says_what_its_network_says_of_the_sequence(cell: Any) -> None:
    policy, obs = make(cell), seen(6)
    done = torch.zeros(6, 3, dtype=torch.bool)
    done[2, 1] = done[4, 0] = True
    policy.reset(3, seed=0)
    said = []
    for x, ended in zip(obs, done, strict=True):
        said.append(policy.choice(x).numbers)
        tell(policy, ended)
    begins = torch.cat((torch.zeros(1, 3, dtype=torch.bool), done[:-1]))
    expected = policy.actor(obs.flatten(0, 1), policy.actor.start(3), begins)
    torch.testing.assert_close(torch.cat(said), expected, rtol=1e-5, atol=1e-5)
    assert expected.std() > 0.3


def test_to_ask_twice_is_to_ask_once_and_what_was_not_told_has_not_happened() -> None:
    policy, obs = make(), seen(2)
    policy.reset(3, seed=0)
    first = policy.choice(obs[0]).numbers
    assert torch.equal(policy.choice(obs[0]).numbers, first)
    unheard = policy.choice(obs[1]).numbers
    policy.act(obs[0])
    tell(policy)
    heard = policy.choice(obs[1]).numbers
    assert float((heard - unheard).abs().max()) > 1e-2
    policy.reset(3, seed=0)
    assert torch.equal(policy.choice(obs[1]).numbers, unheard)


def test_an_episode_that_ends_is_forgotten_and_no_other() -> None:
    policy, obs = make(), seen(1)[0]
    policy.reset(3, seed=0)
    begun = policy.choice(obs).numbers
    tell(policy, torch.tensor([False, True, False]))
    again = policy.choice(obs).numbers
    assert torch.equal(again[1], begun[1])
    assert ((again - begun).abs().amax(1) > 1e-3).tolist() == [True, False, True]


def test_another_number_of_episodes_begins_them_anew() -> None:
    policy, obs = make(), seen(1)[0]
    policy.reset(3, seed=0)
    policy.act(obs)
    tell(policy)
    one = policy.choice(obs[:1]).numbers
    policy.reset(1, seed=0)
    torch.testing.assert_close(policy.choice(obs[:1]).numbers, one)


def test_what_was_under_way_goes_on_after_other_episodes() -> None:
    policy, obs = make(), seen(2)
    policy.reset(3, seed=0)
    policy.act(obs[0])
    tell(policy)
    expected = policy.choice(obs[1]).numbers
    with aside(policy):
        policy.reset(8, seed=1)
        policy.act(torch.zeros(8, 2))
    assert torch.equal(policy.choice(obs[1]).numbers, expected)


def test_an_agent_remembers_the_episode_that_it_decides_in_and_predicts_for_first_observations() -> None:
    config = RecurrentPPOConfig(num_steps=8, minibatch_size=16, memory_size=6, hidden_sizes=(5,), normalize_obs=False)
    agent, env = RecurrentPPO(World(MASKED, 3), config), gym.make(MASKED)
    with torch.no_grad():
        agent.remembering.actor.layers.weights[-1].mul_(300)
    agent.policy.reset(1, seed=0)
    obs, _ = env.reset(seed=0)
    shown = []
    for _ in range(5):
        shown.append(torch.from_numpy(obs))
        action = agent.decide(obs, env)
        sequence = torch.stack(shown)
        begins = torch.zeros(len(shown), 1, dtype=torch.bool)
        said = agent.remembering.actor(sequence, agent.remembering.actor.start(1), begins)
        assert action == int(said[-1].argmax())
        assert agent.predict(obs) == int(
            agent.remembering.actor.step(sequence[-1:], agent.remembering.actor.start(1))[0].argmax()
        )
        obs, reward, terminated, truncated, _ = env.step(action)
        agent.told(action, float(reward), terminated or truncated)
    np.testing.assert_array_equal(agent.predict(np.stack([obs] * 4)), [agent.predict(obs)] * 4)


def test_an_encoder_may_be_the_users_own_and_networks_that_remember_may_not() -> None:
    made = RecurrentPPO(World(MASKED, 1), networks=Networks(encoder=lambda space: nn.Linear(2, 7)))
    assert made.remembering.actor.memory.weight_input.shape[1] == 7
    with pytest.raises(UsageError, match="networks with policy=Linear; expected of this algorithm encoder only"):
        RecurrentPPO(World(MASKED, 1), networks=Networks(policy=nn.Linear(2, 2)))


def test_a_memory_has_at_least_one_number() -> None:
    with pytest.raises(UsageError, match="memory_size=0; expected at least 1"):
        RecurrentConfig(memory_size=0)
