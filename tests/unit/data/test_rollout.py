"""Rollouts: what they hold is what happened, and no transition joins two episodes."""

import torch

from palestra.data.rollout import Rollout, collect
from palestra.envs.registry import make_vec

ENVS = 7


def zeros(obs: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(obs), dtype=torch.int64)


def counting_rollouts(*lengths: int) -> tuple[list[Rollout], list[torch.Tensor]]:
    """Rollouts of probe/Counting, whose observation is (episode number, step), and the observation after each."""
    env = make_vec("probe/Counting", ENVS)
    obs, rollouts, after = env.reset(0), [], []
    for length in lengths:
        rollout, obs = collect(env, zeros, obs, length)
        rollouts.append(rollout)
        after.append(obs)
    return rollouts, after


def test_no_transition_joins_two_episodes() -> None:
    (rollout,), _ = counting_rollouts(50)
    episode, step = rollout.obs.unbind(-1)
    next_episode, next_step = rollout.next_obs.unbind(-1)
    assert torch.equal(next_episode, episode)
    assert torch.equal(next_step, step + 1)
    assert torch.equal(rollout.reward, next_step)
    assert rollout.terminated.any()
    assert rollout.truncated.any()
    assert not (rollout.terminated & rollout.truncated).any()
    assert torch.equal(rollout.done, rollout.terminated | rollout.truncated)
    # The probe's own rule: death after 3 + episode mod 6 steps, cut after 6.
    assert torch.equal(rollout.terminated, next_step >= 3 + episode.remainder(6))
    assert torch.equal(rollout.truncated, (next_step == 6) & ~rollout.terminated)


def test_rows_follow_each_other_and_a_new_episode_begins_after_an_end() -> None:
    rollouts, after = counting_rollouts(20, 30)
    for rollout, last in zip(rollouts, after, strict=True):
        following = torch.cat((rollout.obs[1:], last[None]))
        going_on = ~rollout.done
        assert torch.equal(following[going_on], rollout.next_obs[going_on])
        assert bool((following[rollout.done][:, 1] == 0).all())
        assert bool((following[rollout.done][:, 0] != rollout.obs[rollout.done][:, 0]).all())
    assert torch.equal(rollouts[1].obs[0], after[0])


def test_two_short_rollouts_are_one_long_one() -> None:
    (first, second), _ = counting_rollouts(20, 30)
    (whole,), _ = counting_rollouts(50)
    for a, b, c in zip(first, second, whole, strict=True):
        assert torch.equal(torch.cat((a, b)), c)


def test_tensors_are_ordinary_and_shaped_time_first() -> None:
    (rollout,), (obs,) = counting_rollouts(5)
    assert all(not x.is_inference() and not x.requires_grad for x in (*rollout, obs))
    assert rollout.obs.shape == rollout.next_obs.shape == (5, ENVS, 2)
    assert rollout.action.shape == rollout.reward.shape == rollout.terminated.shape == (5, ENVS)
    (rollout.obs * torch.ones(2, requires_grad=True)).sum().backward()  # fit for autograd


def test_bounds_apply_on_the_way_to_the_environment_only() -> None:
    env = make_vec("probe/ContinuousTarget", 3)  # actions in [-1, 3], reward -(action - 2)^2
    rollout, _ = collect(
        env, lambda obs: torch.full((3, 1), 50.0), env.reset(0), 2, to_env=lambda action: action.clamp(-1.0, 3.0)
    )
    assert bool((rollout.action == 50.0).all())
    assert bool((rollout.reward == -((3.0 - 2.0) ** 2)).all())


def test_the_policy_sees_each_observation_once_and_in_order() -> None:
    env, seen = make_vec("probe/Counting", 1), []
    rollout, _ = collect(env, lambda obs: seen.append(obs.clone()) or zeros(obs), env.reset(0), 12)
    assert torch.equal(torch.stack(seen), rollout.obs)


def test_whoever_wants_to_is_told_of_each_step_and_its_end() -> None:
    env = make_vec("probe/Counting", 3)
    heard: list[tuple[torch.Tensor, ...]] = []
    rollout, _ = collect(env, zeros, env.reset(0), 12, told=lambda *step: heard.append(step))
    for column, told in zip((rollout.action, rollout.reward, rollout.done), zip(*heard), strict=True):
        assert torch.equal(torch.stack(told), column)
    assert bool(rollout.done.any())
