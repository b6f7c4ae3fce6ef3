"""The sum tree against a naive list, and prioritised replay's probabilities, weights and state."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.data.prioritised import FLOOR, PrioritisedReplay, SumTree
from palestra.data.rollout import Rollout
from palestra.errors import UsageError

SPACE = spaces.Box(-1e6, 1e6, (1,))


@pytest.mark.parametrize("capacity", [1, 63, 64, 65, 4_096, 5_000])
def test_the_tree_equals_a_naive_list_on_a_hundred_thousand_operations(capacity: int) -> None:
    rng = np.random.default_rng(capacity)
    tree, naive = SumTree(capacity), np.zeros(capacity)
    per_batch, batches = 100, 250  # 6 capacities, writes and searches: well over 10^5 operations in all
    for _ in range(batches):
        writes = rng.choice(capacity, size=min(per_batch, capacity), replace=False)
        values = rng.integers(0, 50, size=len(writes)).astype(float)  # integers: sums are exact, zeros included
        tree.set(torch.from_numpy(writes), torch.from_numpy(values))
        naive[writes] = values
        assert float(tree.total) == naive.sum()
        if naive.sum() == 0:
            continue
        mass = rng.integers(0, int(naive.sum()), size=per_batch) + rng.choice([0.0, 0.25, 0.75], size=per_batch)
        expected = np.searchsorted(np.cumsum(naive), mass, side="right")
        np.testing.assert_array_equal(tree.find(torch.from_numpy(mass)).numpy(), expected)
    np.testing.assert_array_equal(tree.values.numpy(), naive)


def test_rounding_never_finds_a_number_that_is_zero() -> None:
    rng = torch.Generator().manual_seed(0)
    tree = SumTree(5_000)
    index = torch.randperm(5_000, generator=rng)[:1_000]
    tree.set(index, 10.0 ** (8 * torch.rand(1_000, generator=rng, dtype=torch.float64) - 4))
    mass = torch.cat((torch.rand(50_000, generator=rng, dtype=torch.float64), torch.ones(10, dtype=torch.float64)))
    found = tree.find(mass * tree.total)
    assert bool((tree.values[found] > 0).all())


def rollout(reward_TE: Tensor) -> Rollout:
    flags = torch.zeros(reward_TE.shape, dtype=torch.bool)
    obs = reward_TE[..., None]
    return Rollout(obs, torch.zeros(reward_TE.shape, dtype=torch.int64), reward_TE, flags, flags, obs + 1)


def make(capacity: int = 12, num_envs: int = 2, exponent: float = 1.0) -> PrioritisedReplay:
    return PrioritisedReplay(capacity, num_envs, SPACE, (), torch.int64, torch.device("cpu"), exponent)


def filled(steps: int = 6, **settings: float) -> PrioritisedReplay:
    replay = make(**settings)
    for t in range(steps):
        replay.add(rollout(torch.tensor([[10.0 * t, 10.0 * t + 1]])))
    return replay


@pytest.mark.parametrize("exponent", [0.0, 0.6, 1.0])
def test_transitions_come_in_proportion_to_their_priorities_and_weights_undo_it(exponent: float) -> None:
    replay, rng = filled(exponent=exponent), torch.Generator().manual_seed(0)
    error = torch.tensor([0.0, 0.5, 1, 2, 4, 8, 1, 1, 1, 1, 1, 3])
    replay.update(torch.arange(12), error)
    probability = (error.double() + FLOOR) ** exponent
    probability /= probability.sum()
    num = 24_000
    drawn = replay.sample(num, rng, gamma=0.9, beta=0.7)
    # One from each of num equal parts: a count can miss what is expected only by its two end parts.
    count = torch.bincount(drawn.index_B, minlength=12)
    assert bool(((count - num * probability).abs() < 2.0).all())
    weight = (12 * probability) ** -0.7  # Schaul et al. 2016, section 3.4
    torch.testing.assert_close(drawn.weight_B, (weight / weight[count > 0].max()).float()[drawn.index_B])
    # What was drawn is what lies there: rewards are 10 * row + environment.
    expected = 10.0 * (drawn.index_B // 2) + drawn.index_B % 2
    torch.testing.assert_close(drawn.transitions.return_B, expected)
    # With the full correction, the weighted mean of anything estimates its plain mean.
    full = replay.sample(num, rng, gamma=0.9, beta=1.0)
    seen = probability > 1 / num  # the first is too rare to be met
    weighted = torch.bincount(full.index_B, full.weight_B.double(), minlength=12)
    torch.testing.assert_close(
        weighted[seen] / weighted[seen].mean(), torch.ones(int(seen.sum())).double(), rtol=1e-2, atol=0
    )


def test_new_transitions_have_the_highest_priority_so_far_also_over_old_ones() -> None:
    replay = filled(exponent=1.0)  # 6 rows of 2, full
    replay.update(torch.arange(12), torch.full((12,), 0.1))
    replay.update(torch.tensor([3]), torch.tensor([7.0]))
    replay.add(rollout(torch.tensor([[60.0, 61.0], [70.0, 71.0]])))  # rows 0 and 1
    values = replay.state_dict()["priorities"]
    torch.testing.assert_close(values[:4], torch.full((4,), 7.0 + FLOOR, dtype=torch.float64))
    torch.testing.assert_close(values[4:], torch.full((8,), 0.1 + FLOOR, dtype=torch.float64), rtol=1e-6, atol=1e-8)
    long_ago = make(exponent=1.0)
    long_ago.add(rollout(torch.zeros(1, 2)))
    assert long_ago.state_dict()["priorities"].tolist() == [1.0, 1.0]


def test_windows_of_several_steps_begin_where_they_were_drawn() -> None:
    replay, rng = filled(), torch.Generator().manual_seed(0)
    replay.update(torch.arange(12), torch.eye(12)[4] * 1e9)  # almost surely row 2 of environment 0
    drawn = replay.sample(8, rng, n_step=3, gamma=0.5, beta=0.4)
    assert drawn.index_B.tolist() == [4] * 8
    assert drawn.transitions.return_B.tolist() == [20 + 0.5 * 30 + 0.25 * 40] * 8
    assert drawn.transitions.next_obs_BF.flatten().tolist() == [41.0] * 8
    assert drawn.transitions.discount_B.tolist() == [0.125] * 8


def test_a_restored_replay_goes_on_as_the_saved_one() -> None:
    replay, other = filled(steps=4), filled(steps=6)
    replay.update(torch.arange(8), torch.rand(8, generator=torch.Generator().manual_seed(1)))
    state = {key: value.clone() if isinstance(value, Tensor) else value for key, value in replay.state_dict().items()}
    other.update(torch.arange(12), torch.full((12,), 99.0))
    other.load_state_dict(state)
    assert len(other) == 8
    for step in range(3):
        samples = [r.sample(16, torch.Generator().manual_seed(step), gamma=0.9, beta=0.4) for r in (replay, other)]
        assert torch.equal(samples[0].index_B, samples[1].index_B)
        assert torch.equal(samples[0].weight_B, samples[1].weight_B)
        for r in (replay, other):
            r.update(samples[0].index_B, samples[0].transitions.return_B)
            r.add(rollout(torch.tensor([[100.0 + step, 0.0]])))


def test_an_empty_replay_is_refused() -> None:
    with pytest.raises(UsageError, match="empty replay buffer"):
        make().sample(1, torch.Generator(), gamma=0.9, beta=0.4)
