"""Evaluation counts whole episodes, one of each copy, however long the others are."""

import torch

from palestra.engine.evaluate import run_episodes
from palestra.envs.registry import make_vec


def zeros(obs: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(obs), dtype=torch.int64)


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


def test_an_episode_without_end_is_cut() -> None:
    env = make_vec("probe/ForeverOne", 3)
    returns, lengths = run_episodes(zeros, env, seed=0, max_steps=4)
    assert (returns.tolist(), lengths.tolist()) == ([4.0] * 3, [4] * 3)
    assert returns.dtype == torch.float64
    assert lengths.dtype == torch.int64


def test_no_gradients_are_kept() -> None:
    def policy(obs: torch.Tensor) -> torch.Tensor:
        assert torch.is_inference_mode_enabled()
        return zeros(obs)

    run_episodes(policy, make_vec("probe/ConstantReward", 2), seed=0)
