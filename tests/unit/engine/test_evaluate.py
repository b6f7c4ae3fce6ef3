"""Evaluation counts whole episodes, one of each copy, however long the others are."""

import os
import signal
from typing import Any

import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.engine.evaluate import CHUNK, run_episodes
from palestra.engine.signals import GivenUp, StopRequest
from palestra.envs.registry import make_vec
from palestra.envs.vector import Resumed, StepResult, VectorEnv


def zeros(obs: Tensor) -> Tensor:
    return torch.zeros(len(obs), dtype=torch.int64)


def one_step_at_a_time(policy: Any, env: VectorEnv, seed: int, max_steps: int) -> tuple[list[float], list[int]]:
    """The definition: until its first end, each copy's rewards and steps are counted."""
    obs, copies = env.reset(seed), range(env.num_envs)
    returns, lengths, running = [0.0 for _ in copies], [0 for _ in copies], [True for _ in copies]
    for _ in range(max_steps):
        result = env.step(policy(obs))
        obs = result.obs
        for e in copies:
            if running[e]:
                returns[e] += float(result.reward[e])
                lengths[e] += 1
                running[e] = not (result.terminated[e] or result.truncated[e])
    return returns, lengths


class Scripted(VectorEnv):
    """Copies whose episodes have the lengths given, one after the other and from the first again.

    They end by termination and by truncation in turns, over copies too. Rewards depend on seed, copy, step and action,
    are multiples of 1/8, so that their sums are exact, and are enormous once a copy's first episode is over.
    """

    observation_space = spaces.Box(0.0, 1e6, (1,))
    action_space = spaces.Discrete(2)
    max_episode_steps = None
    device = torch.device("cpu")

    def __init__(self, *lengths: list[int]):
        self.num_envs = len(lengths)
        self.ends = [[sum((each * 100)[: i + 1]) for i in range(100)] for each in lengths]

    def reset(self, seed: int) -> Tensor:
        self.steps = 0
        self.rng = torch.Generator().manual_seed(seed)
        return torch.zeros(self.num_envs, 1)

    def step(self, action: Tensor) -> StepResult:
        self.steps += 1
        ended = torch.tensor([self.steps in ends for ends in self.ends])
        number = torch.tensor([sum(end < self.steps for end in ends) for ends in self.ends])  # of the episode
        by_death = (number + torch.arange(self.num_envs)) % 2 == 0
        noise = torch.randint(-80, 80, (self.num_envs,), generator=self.rng) / 8
        obs = torch.full((self.num_envs, 1), float(self.steps))
        return StepResult(obs, noise + action + 1e6 * (number > 0), ended & by_death, ended & ~by_death, obs)

    def state_dict(self) -> dict[str, Any]:
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        raise NotImplementedError


def alternate(obs: Tensor) -> Tensor:
    """Actions that depend on the observation of this very step."""
    return obs[:, 0].long() // 3 % 2


FIRST = [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 2 * CHUNK + 5]
"""Ends inside a chunk, on its last step and on its first."""


@pytest.mark.parametrize("later", [1, 3, 5 * CHUNK], ids=["many short", "some", "one that never ends"])
@pytest.mark.parametrize("max_steps", [1, CHUNK, CHUNK + 1, 2 * CHUNK, 10_000])
def test_it_is_what_one_step_at_a_time_gives(max_steps: int, later: int) -> None:
    # A copy's later episodes begin inside the chunk in which its first one ended, and some end there as well.
    env = Scripted(*([first, later] for first in FIRST))
    returns, lengths = run_episodes(alternate, env, seed=5, max_steps=max_steps)
    taken = env.steps
    expected = one_step_at_a_time(alternate, env, 5, min(max_steps, 100))
    assert (returns.tolist(), lengths.tolist()) == expected
    assert lengths.tolist() == [min(first, max_steps) for first in FIRST]
    assert max(returns.abs()) < 1e6  # nothing of a later episode
    assert taken == min(max_steps, 3 * CHUNK)  # and no chunk after the last end


def lean(obs: Tensor) -> Tensor:
    return (obs[:, 2] > 0).long()


def swing(obs: Tensor) -> Tensor:
    return obs[:, 2:].clamp(-2, 2)


@pytest.mark.parametrize(("env_id", "policy"), [("CartPole-v1", lean), ("Pendulum-v1", swing)])
def test_it_is_what_one_step_at_a_time_gives_in_real_worlds(env_id: str, policy: Any) -> None:
    env = make_vec(env_id, 12)
    returns, lengths = run_episodes(policy, env, seed=3)
    expected_returns, expected_lengths = one_step_at_a_time(policy, env, 3, 500)
    assert lengths.tolist() == expected_lengths
    assert returns.tolist() == pytest.approx(expected_returns, rel=1e-12)
    assert len(set(expected_lengths if env_id == "CartPole-v1" else expected_returns)) > 6


def test_the_first_episode_of_each_copy_counts_and_no_second_one() -> None:
    # probe/Counting pays the step number and ends after min(6, 3 + episode mod 6) steps.
    env = make_vec("probe/Counting", 50)
    first = env.reset(7)[:, 0]
    length = (3 + first.remainder(6)).clamp(max=6).long()
    returns, lengths = run_episodes(zeros, env, seed=7)
    assert torch.equal(lengths, length)
    assert torch.equal(returns, (length * (length + 1) / 2).double())
    assert len(set(length.tolist())) == 4


def test_it_is_a_function_of_the_seed() -> None:
    env = make_vec("CartPole-v1", 10)
    a, same, other = (run_episodes(zeros, env, seed=seed)[0] for seed in (1, 1, 2))
    assert torch.equal(a, same)
    assert not torch.equal(a, other)


@pytest.mark.parametrize("max_steps", [1, CHUNK, CHUNK + 1])
def test_an_episode_without_end_is_cut_and_said_to_be(max_steps: int) -> None:
    env = Scripted([10_000], [1], [10_000])
    cut: list[int] = []
    returns, lengths = run_episodes(alternate, env, seed=0, max_steps=max_steps, cut=cut)
    assert (lengths.tolist(), env.steps) == ([max_steps, 1, max_steps], max_steps)
    assert cut == [0, 2]
    assert returns.tolist() == one_step_at_a_time(alternate, env, 0, max_steps)[0]
    assert returns.dtype == torch.float64
    assert lengths.dtype == torch.int64


def test_returns_are_summed_in_double_precision() -> None:
    env = Scripted([10_000])
    env.step = lambda _: StepResult(
        torch.zeros(1, 1), torch.tensor([0.1]), *torch.zeros(2, 1).bool(), torch.zeros(1, 1)
    )
    (total,), _ = run_episodes(zeros, env, seed=0, max_steps=CHUNK * 100)
    assert float(total) == pytest.approx(float(torch.tensor(0.1)) * CHUNK * 100, rel=1e-12)


def test_it_is_given_up_between_two_steps_once_a_stop_is_asked_for() -> None:
    env = Scripted([10_000])

    def policy(obs: Tensor) -> Tensor:
        if env.steps == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return zeros(obs)

    with StopRequest() as stop, pytest.raises(GivenUp):
        run_episodes(policy, env, seed=0)
    assert (env.steps, stop.signal) == (6, signal.SIGTERM)
    run_episodes(zeros, env, seed=0, max_steps=3)  # with nobody asking, as ever


def test_no_gradients_are_kept() -> None:
    def policy(obs: Tensor) -> Tensor:
        assert torch.is_inference_mode_enabled()
        return zeros(obs)

    run_episodes(policy, make_vec("probe/ConstantReward", 2), seed=0)
