"""PQN's own rules: targets from the end of a rollout backwards, one regression to them, exploration."""

from dataclasses import replace
from typing import Any

import gymnasium as gym
import half
import pytest
import torch
from locks import Locks
from torch import Tensor

from palestra.data.rollout import Rollout
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.off_policy.pqn import PQN, PQNConfig
from palestra.nets.encoders import ConvEncoder, FlatEncoder

GAMMA, TRACE = 0.9, 0.7


def make(env_id: str = "CartPole-v1", num_envs: int = 2, **settings: Any) -> PQN:
    defaults = {"num_steps": 6, "minibatch_size": 4, "hidden_sizes": (16,), "gamma": GAMMA, "trace_decay": TRACE}
    return PQN(World(env_id, num_envs), PQNConfig(**defaults | settings), seed=3)


def made_up(steps: int = 6, envs: int = 2) -> Rollout:
    """A rollout with an end, a cut and a cut in the last row."""
    rng = torch.Generator().manual_seed(0)
    obs, next_obs = torch.randn(2, steps, envs, 4, generator=rng)
    next_obs[:-1] = obs[1:]
    terminated, truncated = torch.zeros(2, steps, envs, dtype=torch.bool)
    terminated[1, 0], truncated[3, 0], truncated[-1, 1] = True, True, True
    next_obs[1, 0], next_obs[3, 0] = torch.randn(2, 4, generator=rng)
    action = torch.randint(2, (steps, envs), generator=rng)
    return Rollout(obs, action, torch.randn(steps, envs, generator=rng), terminated, truncated, next_obs)


def forward_view(agent: PQN, rollout: Rollout, t: int, e: int) -> float:
    """The mean of all n-step returns that begin at a step, the n-th weighed by (1 - lambda) lambda^(n - 1)."""
    total, weight, rewards, n = 0.0, 1.0, 0.0, 0
    while True:
        rewards += GAMMA**n * float(rollout.reward[t + n, e])
        best = float(agent.q(rollout.next_obs[t + n, e][None]).max())
        n += 1
        nstep = rewards + (0.0 if rollout.terminated[t + n - 1, e] else GAMMA**n * best)
        last = bool(rollout.done[t + n - 1, e]) or t + n == len(rollout.reward)
        total += weight * (1.0 if last else 1 - TRACE) * nstep
        if last:
            return total
        weight *= TRACE


def test_targets_are_the_mean_of_all_n_step_returns() -> None:
    agent, rollout = make(), made_up()
    target_TE = agent.targets(rollout)
    with torch.no_grad():
        expected = [[forward_view(agent, rollout, t, e) for e in range(2)] for t in range(6)]
    torch.testing.assert_close(target_TE, torch.tensor(expected))
    assert torch.equal(target_TE[1, 0], rollout.reward[1, 0])


def test_rewards_are_scaled_before_anything_is_learned_from_them() -> None:
    rollout = made_up()
    small = make(reward_scale=0.1).targets(rollout)
    torch.testing.assert_close(small, make().targets(rollout._replace(reward=rollout.reward * 0.1)))


def test_an_update_is_a_step_on_the_squared_error_of_the_actions_taken() -> None:
    settings: dict[str, Any] = {"minibatch_size": 12, "num_epochs": 1, "optimizer": "adam", "max_grad_norm": 1e6}
    agent, twin, rollout = make(**settings), make(**settings), made_up()
    metrics = agent.update(rollout)
    target_B = twin.targets(rollout).flatten()
    q_B = twin.q(rollout.obs.flatten(0, 1))[torch.arange(12), rollout.action.flatten()]
    loss = (q_B - target_B).square().mean()
    twin.optimizer.descend(loss)
    torch.testing.assert_close(agent.optimizer.flat, twin.optimizer.flat, rtol=1e-5, atol=1e-6)
    assert metrics["train/loss"] == pytest.approx(float(loss.detach()))


def test_targets_stand_still_while_the_network_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    agent, called = make(num_epochs=3), []
    targets = PQN.targets

    def counted(self: PQN, rollout: Rollout) -> Tensor:
        called.append(1)
        return targets(self, rollout)

    monkeypatch.setattr(PQN, "targets", counted)
    before = agent.optimizer.flat.clone()
    agent.update(made_up())
    assert len(called) == 1
    assert agent.optimizer.steps == 3 * 3
    assert not torch.equal(before, agent.optimizer.flat)


def test_epsilon_falls_by_the_clock_and_the_share_of_random_actions_with_it() -> None:
    agent = make(epsilon_end=0.1, exploration_fraction=0.5)
    agent.budget = 1_000
    assert [agent.epsilon(clock) for clock in (0, 250, 500, 900)] == pytest.approx([1.0, 0.55, 0.1, 0.1])
    assert agent.config.schedules() == ("exploration_fraction",)
    greedy = make(epsilon_start=0.0, epsilon_end=0.0)
    obs = torch.randn(50, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(greedy.explore(obs), greedy.act(obs))
    assert greedy.clock == 50
    assert greedy.config.schedules() == ()


def test_the_best_value_is_of_the_actions_that_are_allowed() -> None:
    agent = PQN(Locks, PQNConfig(hidden_sizes=(8,)), seed=1)
    obs = agent.env.reset(0)
    assert agent.env.mask is not None
    allowed = agent.env.mask.of(obs)
    with torch.no_grad():
        worth = agent.q(obs)
        expected = worth.masked_fill(~allowed, -torch.inf).amax(1)
        assert torch.equal(agent.best_values(obs), expected)
        assert not torch.equal(expected, worth.amax(1))  # or nothing is shown
    agent.close()


def test_images_go_through_an_encoder_with_layer_normalisation_that_learns() -> None:
    gym.register(half.ENV, half.Half)
    try:
        settings = PQNConfig(encoder="fast", num_steps=8, minibatch_size=8, hidden_sizes=(8,))
        agent = PQN(World(half.ENV, 2), settings, seed=0)
        flat = PQN(World(half.ENV, 2), replace(settings, encoder="flat"), seed=0)
    finally:
        del gym.registry[half.ENV]
    assert isinstance(agent.encoder, ConvEncoder)
    assert isinstance(flat.encoder, FlatEncoder)
    assert len(agent.encoder.norms) == len(agent.encoder.layers)
    before = [p.detach().clone() for p in agent.encoder.parameters()]
    for _ in range(3):
        agent.step()
        flat.step()
    for p, start in zip(agent.encoder.parameters(), before, strict=True):
        assert not torch.equal(p, start)
    assert agent.predict(agent.env.observation_space.sample()) in (0, 1)


def test_what_is_no_number_is_refused() -> None:
    for name, value in (("num_steps", 0), ("trace_decay", 1.5), ("reward_scale", 0.0), ("hidden_sizes", (0,))):
        with pytest.raises(UsageError, match=name):
            PQNConfig(**{name: value})
    with pytest.raises(UsageError, match=r"pqn cannot act in .*ppo serves Box"):
        make("Pendulum-v1")
