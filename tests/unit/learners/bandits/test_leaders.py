"""Leaders are the arms that a look at all arms would find, and their means and counts those of the plain update."""

import numpy as np
import pytest
import torch

from palestra.learners.bandits.arm_means import ArmMeans
from palestra.learners.bandits.leaders import Leaders
from palestra.ops.columns import first_best

CPU = torch.device("cpu")


@pytest.mark.parametrize("step_size", [None, 0.3])
@pytest.mark.parametrize("ties", [True, False])
def test_leaders_are_the_first_best_at_every_pull(step_size: float | None, ties: bool) -> None:
    rng, (arms, bandits) = np.random.default_rng(0), (4, 60)
    plain, quick = (ArmMeans((arms, bandits), 1.0, step_size, CPU) for _ in range(2))
    leaders, changes = Leaders(quick), 0
    for _ in range(20):
        leaders.begin()
        for _ in range(10):
            before = leaders.arm_B.copy()
            arm_B, exploring_L = first_best(plain.mean_AB), np.flatnonzero(rng.random(bandits) < 0.3)
            assert np.array_equal(leaders.arm_B, arm_B)
            arm_B[exploring_L] = rng.integers(arms, size=len(exploring_L))
            index_B = arm_B * bandits + np.arange(bandits)
            reward_B = (rng.random(bandits) < 0.5 if ties else rng.normal(size=bandits)).astype(np.float32)
            plain.update(index_B, reward_B)
            leaders.update(index_B, reward_B, exploring_L)
            changes += int((leaders.arm_B != before).sum())
        leaders.end()
        assert torch.equal(quick.mean_AB, plain.mean_AB)
        assert torch.equal(quick.count_AB, plain.count_AB)
    assert changes > 500
