"""Hindsight's samples by hand on small rings, and against a plain list of episodes."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.data.hindsight import HindsightReplay
from palestra.data.rollout import Rollout
from palestra.envs.vector import GoalSpec
from palestra.errors import UsageError
from palestra.runs.codec import decode, encode

SPACE = spaces.Box(-np.inf, np.inf, (3,))
FAR = 1000.0
"""A goal that is never achieved."""


def worth(achieved: Tensor, desired: Tensor) -> tuple[Tensor, Tensor]:
    """1 and the end where both are the same; else minus how much the one is below the other."""
    there = (achieved == desired).squeeze(1)
    return torch.where(there, 1.0, (achieved - desired).squeeze(1)), there


def make(rows: int, num_envs: int, share: float = 1.0) -> HindsightReplay:
    goal = GoalSpec(slice(0, 1), slice(1, 2), worth)
    return HindsightReplay(goal, share, rows * num_envs, num_envs, SPACE, (), torch.float32, torch.device("cpu"))


class Stream:
    """Rollouts whose observations are (achieved, desired, number): achieved is unique to each state."""

    def __init__(self, num_envs: int) -> None:
        self.num_envs, self.count = num_envs, 0
        self.rows: list[list[dict[str, Any]]] = []
        self.episodes = list(range(num_envs))
        self.next_episode = num_envs

    def rollout(self, terminated: list[list[int]], truncated: list[list[int]] | None = None) -> Rollout:
        """T rows of E environments; ones say where episodes end."""
        term = torch.tensor(terminated, dtype=torch.bool)
        trunc = torch.zeros_like(term) if truncated is None else torch.tensor(truncated, dtype=torch.bool)
        steps = len(term)
        number = torch.arange(self.count, self.count + steps * self.num_envs).view(steps, self.num_envs).float()
        self.count += steps * self.num_envs
        obs = torch.stack((number, torch.full_like(number, FAR), number), -1)
        next_obs = obs + torch.tensor([0.5, 0.0, 0.5])  # what came of it; never the next row's observation
        for t in range(steps):
            row = []
            for e in range(self.num_envs):
                row.append({"number": float(number[t, e]), "episode": self.episodes[e], "ended": bool(term[t, e])})
                if term[t, e] or trunc[t, e]:
                    self.episodes[e], self.next_episode = self.next_episode, self.next_episode + 1
            self.rows.append(row)
        return Rollout(obs, number, torch.full_like(number, -0.25), term, trunc & ~term, next_obs)

    def later(self, kept: int) -> dict[float, set[float]]:
        """Of each number still kept, what was achieved by its step and those after it in its episode."""
        out = {}
        rows = self.rows[-kept:]
        for t, row in enumerate(rows):
            for e, step in enumerate(row):
                same = {r[e]["number"] + 0.5 for r in rows[t:] if r[e]["episode"] == step["episode"]}
                out[step["number"]] = same
        return out


def drawn(buffer: HindsightReplay, num: int = 2_000) -> dict[float, set[float]]:
    """Goals that each transition was given; every sample is checked to be rewarded by its goal."""
    b = buffer.sample(num, torch.Generator().manual_seed(0), gamma=0.5)
    found: dict[float, set[float]] = {}
    for obs, following, reward, discount in zip(b.obs_BF, b.next_obs_BF, b.return_B, b.discount_B):
        goal = float(obs[1])
        assert goal == float(following[1])
        assert float(following[0]) == float(obs[0]) + 0.5  # nothing but the goal is another
        there = float(following[0]) == goal
        assert float(reward) == (1.0 if there else float(following[0]) - goal)
        assert float(discount) == (0.0 if there else 0.5)
        found.setdefault(float(obs[2]), set()).add(goal)
    return found


def test_goals_come_from_this_step_or_a_later_one_of_the_same_episode() -> None:
    buffer, stream = make(8, 1), Stream(1)
    # Numbers 0 1 2 | 3 4 | 5 6, of which the last episode still runs.
    buffer.add(stream.rollout([[0], [0], [1], [0], [0], [0], [0]], [[0], [0], [0], [0], [1], [0], [0]]))
    assert drawn(buffer) == {
        0.0: {0.5, 1.5, 2.5}, 1.0: {1.5, 2.5}, 2.0: {2.5}, 3.0: {3.5, 4.5}, 4.0: {4.5}, 5.0: {5.5, 6.5}, 6.0: {6.5},
    }  # fmt: skip


def test_an_episode_that_goes_on_over_rollouts_and_over_the_edge_of_the_ring() -> None:
    buffer, stream = make(5, 1), Stream(1)
    buffer.add(stream.rollout([[0], [1], [0]]))  # 0 1 | 2
    buffer.add(stream.rollout([[0], [0]]))  # 2 3 4 runs, to the edge
    assert drawn(buffer)[2.0] == {2.5, 3.5, 4.5}
    buffer.add(stream.rollout([[0], [1], [0]]))  # 5 6 | 7, over 0 1 2
    assert drawn(buffer) == {
        3.0: {3.5, 4.5, 5.5, 6.5}, 4.0: {4.5, 5.5, 6.5}, 5.0: {5.5, 6.5}, 6.0: {6.5}, 7.0: {7.5},
    }  # fmt: skip


def test_environments_do_not_mix() -> None:
    buffer, stream = make(4, 2), Stream(2)
    buffer.add(stream.rollout([[0, 0], [1, 0], [0, 0], [0, 1]]))  # 0 2 | 4 6 beside 1 3 5 7 |
    assert drawn(buffer)[0.0] == {0.5, 2.5}
    assert drawn(buffer)[1.0] == {1.5, 3.5, 5.5, 7.5}


@pytest.mark.parametrize("num_envs", [1, 3])
def test_it_is_what_a_list_of_episodes_says_whatever_the_lengths(num_envs: int) -> None:
    rows = 7
    buffer, stream = make(rows, num_envs), Stream(num_envs)
    rng = torch.Generator().manual_seed(num_envs)
    for steps in (1, 3, 7, 2, 6, 7, 1, 5, 7, 4):
        ends = [(torch.rand(steps, num_envs, generator=rng) < p).int().tolist() for p in (0.1, 0.1)]
        buffer.add(stream.rollout(*ends))
        assert drawn(buffer, 4_000) == stream.later(min(len(stream.rows), rows))


def test_later_steps_are_equally_likely() -> None:
    # Chi-square with 4 degrees of freedom: 18.47 is the 99.9% quantile.
    buffer, stream = make(5, 1), Stream(1)
    buffer.add(stream.rollout([[0], [0], [0], [0], [1]]))
    b = buffer.sample(50_000, torch.Generator().manual_seed(0), gamma=0.5)
    goals = b.obs_BF[b.obs_BF[:, 2] == 0.0, 1].long()
    seen, mean = torch.bincount(goals, minlength=5).double(), len(goals) / 5
    assert float(((seen - mean).square() / mean).sum()) < 18.47


def test_the_share_is_what_it_says_and_the_rest_is_as_it_was() -> None:
    buffer, stream = make(4, 1, share=0.75), Stream(1)
    buffer.add(stream.rollout([[0], [0], [0], [1]]))
    b = buffer.sample(400, torch.Generator().manual_seed(0), gamma=0.5)
    real = b.obs_BF[:, 1] == FAR
    assert int(real.sum()) == 100
    assert bool(real[300:].all())
    assert set(b.return_B[real].tolist()) == {-0.25}
    ended = b.obs_BF[:, 2] == 3.0
    assert set(b.discount_B[real & ended].tolist()) == {0.0}  # as the world said
    assert set(b.discount_B[real & ~ended].tolist()) == {0.5}
    assert bool((buffer.state_dict()["seen"]["obs"][..., 1] == FAR).all())  # nothing is written back


def test_where_nobody_says_what_a_goal_ends_a_transition_ends_what_it_ended() -> None:
    buffer, stream = make(4, 1), Stream(1)
    buffer.goal = buffer.goal._replace(reward=lambda achieved, desired: (worth(achieved, desired)[0], None))
    buffer.add(stream.rollout([[0], [0], [1], [0]]))
    b = buffer.sample(400, torch.Generator().manual_seed(0), gamma=0.5)
    assert bool((b.obs_BF[:, 1] != FAR).all())
    assert torch.equal(b.discount_B == 0.0, b.obs_BF[:, 2] == 2.0)
    reached = b.next_obs_BF[:, 0] == b.next_obs_BF[:, 1]
    assert bool(reached.any())
    assert torch.equal(b.return_B == 1.0, reached)


def test_cut_ends_an_episode_for_goals_too() -> None:
    buffer, stream = make(6, 2), Stream(2)
    buffer.add(stream.rollout([[0, 0], [0, 0]]))
    buffer.cut(torch.tensor([True, False]))
    buffer.add(stream.rollout([[0, 0], [1, 1]]))
    found = drawn(buffer)
    assert found[0.0] == {0.5, 2.5}
    assert found[4.0] == {4.5, 6.5}
    assert found[1.0] == {1.5, 3.5, 5.5, 7.5}


def test_it_goes_on_from_a_saved_state_as_if_nothing_had_happened() -> None:
    buffer, stream = make(5, 2), Stream(2)
    buffer.add(stream.rollout([[0, 1], [0, 0], [0, 0]]))
    resumed = make(5, 2)
    resumed.load_state_dict(decode(*encode(buffer.state_dict())))
    more = stream.rollout([[1, 0], [0, 0], [0, 1]])
    for one in (buffer, resumed):
        one.add(more)
    samples = [b.sample(64, torch.Generator().manual_seed(3), gamma=0.9) for b in (buffer, resumed)]
    assert all(torch.equal(x, y) for x, y in zip(*samples, strict=True))
    assert drawn(resumed, 4_000) == stream.later(5)


def test_what_cannot_be_done_says_so() -> None:
    buffer, stream = make(4, 1), Stream(1)
    with pytest.raises(UsageError, match="empty replay buffer"):
        buffer.sample(1, torch.Generator(), gamma=0.9)
    buffer.add(stream.rollout([[0]]))
    with pytest.raises(UsageError, match="n_step=3 with hindsight; expected 1"):
        buffer.sample(1, torch.Generator(), n_step=3, gamma=0.9)
