"""What every bandit rule is given, and what it leaves to those who need nothing."""

import pytest
import torch

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.rule import BanditConfig, BanditRule


class LastArm(BanditRule):
    """Draws nothing and learns nothing: a rule needs no more than this."""

    name = "last-arm"

    def choose(self, t: int, p: int) -> torch.Tensor:
        return torch.full((self.shape[1],), self.shape[0] - 1)

    def update(self, index_B: torch.Tensor, reward_B: torch.Tensor, t: int) -> None:
        self.last = (index_B, t)


def test_a_rule_of_two_methods_is_a_bandit_algorithm() -> None:
    world = World("bandit/gaussian", 4, kwargs={"means": [0.0, 1.0, 0.25]})
    learner = BanditLearner(LastArm, world, BanditConfig(pulls_per_step=8), seed=0, device="cpu")
    learner.step()
    assert learner.regret_B.tolist() == (8 * learner.arms.gap_AB[-1]).tolist()
    assert learner.regret_B.sum() > 0
    index_B, t = learner.rule.last  # type: ignore[attr-defined]
    assert (index_B.tolist(), t) == ([8, 9, 10, 11], 8)  # the last of three rows of four, at the eighth pull


def test_a_step_is_at_least_one_pull() -> None:
    with pytest.raises(UsageError, match="pulls_per_step=0; expected at least 1"):
        BanditConfig(pulls_per_step=0)
