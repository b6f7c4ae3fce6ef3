"""The replay ring and its n-step windows against a plain list of transitions."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.data.replay import ReplayBuffer
from palestra.data.rollout import Rollout
from palestra.errors import UsageError
from palestra.runs.codec import decode, encode

SPACE = spaces.Box(-np.inf, np.inf, (1,))


def make(rows: int, num_envs: int) -> ReplayBuffer:
    return ReplayBuffer(rows * num_envs, num_envs, SPACE, (), torch.int64, torch.device("cpu"))


class Stream:
    """Random transitions in rollouts. Every observation is a number of its own, so that it tells where it came from."""

    def __init__(self, num_envs: int, seed: int) -> None:
        self.rng, self.num_envs, self.count = torch.Generator().manual_seed(seed), num_envs, 0
        self.rows: list[list[dict[str, Any]]] = []

    def rollout(self, steps: int) -> Rollout:
        shape = (steps, self.num_envs)
        obs = torch.arange(self.count, self.count + steps * self.num_envs).view(shape).float()
        self.count += steps * self.num_envs
        ended = torch.rand(shape, generator=self.rng) < 0.3
        terminal = torch.rand(shape, generator=self.rng) < 0.5
        rollout = Rollout(
            obs=obs[..., None],
            action=torch.randint(5, shape, generator=self.rng),
            reward=torch.randn(shape, generator=self.rng),
            terminated=ended & terminal,
            truncated=ended & ~terminal,
            next_obs=-obs[..., None],  # the true successor, never another row's observation
        )
        for t in range(steps):
            row = [{name: x[t, e] for name, x in rollout._asdict().items()} for e in range(self.num_envs)]
            self.rows.append(row)
        return rollout


def expected(rows: list[list[dict[str, Any]]], row: int, env: int, n: int, gamma: float) -> tuple[float, float, float]:
    """Return, discount and bootstrap observation of the window that begins at a row, by the definition."""
    total = 0.0
    for k in range(n):
        step = rows[row + k][env]
        total += gamma**k * float(step["reward"])
        if step["terminated"]:
            return total, 0.0, float(step["next_obs"])
        if step["truncated"] or row + k == len(rows) - 1:
            break
    return total, gamma ** (k + 1), float(step["next_obs"])


@pytest.mark.parametrize("n_step", [1, 2, 3, 5])
@pytest.mark.parametrize("num_envs", [1, 3])
def test_samples_are_the_windows_of_a_list_also_after_the_ring_has_wrapped(n_step: int, num_envs: int) -> None:
    buffer, stream = make(11, num_envs), Stream(num_envs, seed=n_step)
    for steps in (1, 3, 5, 4, 11, 2, 7, 7):
        buffer.add(stream.rollout(steps))
        kept = stream.rows[-11:]
        assert len(buffer) == len(kept) * num_envs
        where = {float(step["obs"]): (r, e) for r, row in enumerate(kept) for e, step in enumerate(row)}
        b = buffer.sample(600, stream.rng, n_step=n_step, gamma=0.9)
        drawn = b.obs_BF.flatten().tolist()
        assert set(drawn) == set(where)  # 600 draws of at most 33 transitions miss none
        for i, obs in enumerate(drawn):
            row, env = where[obs]
            assert int(b.action_B[i]) == int(kept[row][env]["action"])
            ours = (float(b.return_B[i]), float(b.discount_B[i]), float(b.next_obs_BF[i]))
            assert ours == pytest.approx(expected(kept, row, env, n_step, 0.9), abs=1e-5)


def test_a_window_longer_than_the_buffer_stops_at_the_newest_row() -> None:
    buffer, stream = make(3, 1), Stream(1, seed=0)
    rollout = stream.rollout(3)
    nothing_ends = torch.zeros(3, 1, dtype=torch.bool)
    buffer.add(rollout._replace(terminated=nothing_ends, truncated=nothing_ends))
    b = buffer.sample(50, stream.rng, n_step=10, gamma=0.5)
    r = rollout.reward.flatten()
    sums = {0.0: r[0] + 0.5 * r[1] + 0.25 * r[2], 1.0: r[1] + 0.5 * r[2], 2.0: r[2]}
    for obs, total, discount, following in zip(b.obs_BF.flatten().tolist(), b.return_B, b.discount_B, b.next_obs_BF):
        assert float(total) == pytest.approx(float(sums[obs]))
        assert float(discount) == 0.5 ** (3 - obs)
        assert float(following) == -2.0


def test_every_transition_is_equally_likely() -> None:
    # Chi-square over 12 transitions: 31.26 is the 99.9% quantile for 11 degrees of freedom.
    buffer, stream = make(4, 3), Stream(3, seed=0)
    buffer.add(stream.rollout(4))
    drawn = buffer.sample(60_000, torch.Generator().manual_seed(1), gamma=0.9).obs_BF.flatten().long()
    seen = torch.bincount(drawn, minlength=12).double()
    assert float(((seen - 5_000).square() / 5_000).sum()) < 31.26


def test_cut_ends_the_newest_episode_of_the_environments_named() -> None:
    buffer, stream = make(5, 3), Stream(3, seed=0)
    first, second = stream.rollout(2), stream.rollout(2)
    no = torch.zeros(2, 3, dtype=torch.bool)
    ended = torch.tensor([[False] * 3, [False, False, True]])
    buffer.add(first._replace(terminated=ended, truncated=no))
    buffer.cut(torch.tensor([True, False, True]))
    fields = buffer.state_dict()["fields"]
    assert not (fields["terminated"] & fields["truncated"]).any()
    buffer.add(second._replace(terminated=no, truncated=no))
    b = buffer.sample(300, stream.rng, n_step=3, gamma=0.5)
    found = dict(zip(b.obs_BF.flatten().tolist(), zip(b.discount_B.tolist(), b.next_obs_BF.flatten().tolist())))
    # Observations 0..2 are row 0, 3..5 row 1, 6..8 row 2, 9..11 row 3.
    assert found[0.0] == (0.25, -3.0)  # cut after row 1: bootstraps from its true successor
    assert found[1.0] == (0.125, -7.0)  # not cut: runs on into row 2
    assert found[2.0] == (0.0, -5.0)  # had terminated there, and still has


def test_cutting_an_empty_buffer_does_nothing() -> None:
    buffer = make(2, 2)
    buffer.cut(torch.tensor([True, True]))
    assert len(buffer) == 0


@pytest.mark.parametrize("steps", [(3,), (5, 4, 2)], ids=["not full", "wrapped"])
def test_it_goes_on_from_a_saved_state_as_if_nothing_had_happened(steps: tuple[int, ...]) -> None:
    buffer, stream = make(6, 2), Stream(2, seed=0)
    for n in steps:
        buffer.add(stream.rollout(n))
    resumed = make(6, 2)
    resumed.load_state_dict(decode(*encode(buffer.state_dict())))
    more = stream.rollout(4)
    for one in (buffer, resumed):
        one.add(more)
    samples = [b.sample(64, torch.Generator().manual_seed(3), n_step=3, gamma=0.9) for b in (buffer, resumed)]
    assert all(torch.equal(x, y) for x, y in zip(*samples, strict=True))


def test_images_stay_bytes_and_box_actions_keep_their_shape() -> None:
    space = spaces.Box(0, 255, (2, 4, 4), np.uint8)
    buffer = ReplayBuffer(10, 2, space, (3,), torch.float32, torch.device("cpu"))
    image = torch.arange(256, dtype=torch.uint8).view(4, 2, 2, 4, 4)
    no, action = torch.zeros(4, 2, dtype=torch.bool), torch.zeros(4, 2, 3)
    buffer.add(Rollout(image, action, torch.zeros(4, 2), no, no, image))
    b = buffer.sample(5, torch.Generator(), n_step=2, gamma=0.9)
    assert (b.obs_BF.dtype, b.obs_BF.shape, b.next_obs_BF.shape) == (torch.uint8, (5, 2, 4, 4), (5, 2, 4, 4))
    assert b.action_B.shape == (5, 3)


def test_what_cannot_be_done_says_so() -> None:
    buffer, stream = make(3, 2), Stream(2, seed=0)
    with pytest.raises(UsageError, match="empty replay buffer"):
        buffer.sample(1, stream.rng, gamma=0.9)
    with pytest.raises(UsageError, match="rollout of 4 steps; expected at most 3"):
        buffer.add(stream.rollout(4))
    with pytest.raises(UsageError, match="buffer_size=2 with num_envs=3"):
        ReplayBuffer(2, 3, SPACE, (), torch.int64, torch.device("cpu"))
