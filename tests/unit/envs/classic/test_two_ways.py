"""A point that goes around a disc: both forms alike, an expert that arrives on both sides, and a mean that does not."""

import math
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
import torch
from torch import Tensor

from palestra.envs.backends.torch import TorchVectorEnv
from palestra.envs.classic.two_ways import (
    CLEAR,
    GOAL,
    NEAR,
    RADIUS,
    START,
    STRIDE,
    TwoWays,
    begun,
    closest,
)
from palestra.envs.model import Model
from palestra.envs.registry import CLASSIC, make_vec

ID = "palestra/TwoWays-v0"
NUM = 1_000


def test_it_is_registered() -> None:
    assert CLASSIC[ID] is TwoWays


def anywhere(num: int = NUM) -> Tensor:
    """Angles around the disc."""
    return 2 * math.pi * torch.rand(num, generator=torch.Generator().manual_seed(0))


def shown_from(angle: Tensor, way: float) -> list[Tensor]:
    """The places of an episode of the expert's, from each angle, and at last the rewards."""
    env = TorchVectorEnv(TwoWays(len(angle)))
    env.set_state(begun(angle, torch.full_like(angle, way)))
    places, paid, running = [env.state[:, :2]], torch.zeros(len(angle)), torch.ones(len(angle), dtype=torch.bool)
    while running.any():
        result = env.step(env.expert())
        paid = paid + torch.where(running, result.reward, 0.0)
        places.append(torch.where(running[:, None], result.final_obs[:, :2], places[-1]))
        running = running & ~(result.terminated | result.truncated)
    return [*places, paid]


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_the_expert_arrives_on_the_side_of_the_coin_and_keeps_its_distance(way: float) -> None:
    angle = anywhere()
    *places, paid = shown_from(angle, way)
    assert paid.min() == 1.0
    assert 5 <= len(places) - 1 <= 8
    aside = torch.stack((-angle.sin(), angle.cos()), 1)  # about the line from the goal to the start
    for before, after in pairwise(places):
        assert float(closest(before, after - before).min()) > CLEAR - 1e-4
        assert float((way * (after * aside).sum(1)).max()) < NEAR


def test_both_sides_are_as_likely() -> None:
    env = TorchVectorEnv(TwoWays(10_000))
    env.reset(0)
    assert float(env.state[:, 4].mean()) == pytest.approx(0.0, abs=0.03)
    assert env.state[:, 4].abs().unique().tolist() == [1.0]


@pytest.mark.parametrize("error", [0.0, 0.02, 0.1])
def test_the_mean_of_both_ways_meets_the_disc_in_one_stride_wherever_it_begins(error: float) -> None:
    """Whoever minimises the square of its error says the mean; one that is a little wrong does not get by either."""
    angle = anywhere()
    states = [begun(angle, torch.full_like(angle, way)) for way in (1.0, -1.0)]
    world = TwoWays(NUM)
    mean = torch.stack([world.expert(state) for state in states]).mean(0)
    ahead = math.sqrt(1 - (CLEAR / START) ** 2)
    torch.testing.assert_close(torch.linalg.vector_norm(mean, dim=1), torch.full((NUM,), ahead))
    assert STRIDE * ahead > START - RADIUS
    noise = torch.randn(NUM, 2, generator=torch.Generator().manual_seed(1))
    wrong = mean + error * noise / torch.linalg.vector_norm(noise, dim=1, keepdim=True)
    _, reward, over = world.transition(states[0], wrong)
    assert over.all()
    assert not reward.any()


def test_both_forms_take_the_same_steps_and_pay_the_same() -> None:
    ours, env = TwoWays(100), gym.make(ID).unwrapped
    env.reset(seed=0)
    rng = torch.Generator().manual_seed(2)
    state, action = begun(anywhere(100), torch.ones(100)), 2 * torch.rand(100, 2, generator=rng) - 1
    ends = 0
    for _ in range(4):
        shown = ours.expert(state)
        after, reward, terminated = ours.transition(state, action)
        for i in range(100):
            env.state = state[i].double().numpy()
            assert env.expert() == pytest.approx(shown[i].numpy(), abs=1e-4)  # a root of little that is left
            obs, paid, over, truncated, _ = env.step(action[i].numpy())
            assert (paid, over, truncated) == (float(reward[i]), bool(terminated[i]), False)
            np.testing.assert_allclose(after[i, :4].numpy(), obs, atol=1e-6)
        ends += int(terminated.sum())
        state, action = after, ours.expert(after)
    assert 20 < ends < 300


def test_what_ends_an_episode() -> None:
    state = begun(torch.zeros(4), torch.ones(4))
    state[:, :2] = torch.tensor([[0.0, 0.5], [1.0, 1.0], [-0.7, 0.1], [0.4, 0.4]])
    action = torch.tensor([[0.0, -1.0], [1.0, 0.0], [-0.5, -0.4], [0.5, 0.5]])
    after, reward, over = TwoWays(4).transition(state, action)
    assert over.tolist() == [True, True, True, False]  # the disc, the border, the goal, nothing
    assert reward.tolist() == [0.0, 0.0, 1.0, 0.0]
    torch.testing.assert_close(after[:, :2], state[:, :2] + STRIDE * action)


def test_spaces_limits_and_starts_are_the_same() -> None:
    ours, env = TorchVectorEnv(TwoWays(NUM)), gym.make(ID)
    assert (ours.observation_space, ours.action_space) == (env.observation_space, env.action_space)
    assert ours.max_episode_steps == env.spec.max_episode_steps == 20
    starts = np.stack([env.reset(seed=seed)[0] for seed in range(NUM)])
    for seen in (ours.reset(0).numpy(), starts):
        np.testing.assert_allclose(np.hypot(seen[:, 0], seen[:, 1]), START, atol=1e-6)
        np.testing.assert_allclose(seen[:, 2:], -GOAL / START * seen[:, :2], atol=1e-5)
        np.testing.assert_allclose(seen.mean(0), 0, atol=0.1)
    assert env.unwrapped.state[4] in (-1.0, 1.0)


def test_the_coin_is_not_seen_and_a_planner_needs_none() -> None:
    env = make_vec(ID, 5)
    obs = env.reset(0)
    assert obs.shape == (5, 4)
    model = Model(env)
    state, _, ended = model.step(model.state(obs), env.expert())
    torch.testing.assert_close(state[:, :4], env.step(env.expert()).final_obs)
    assert ended is not None
    assert not ended.any()
