"""DQN's targets take the greatest value among the actions that the successor allows."""

import pytest
import torch
from locks import Locks

from palestra.data.replay import Transitions
from palestra.learners.off_policy.dqn import DQN, DQNConfig


@pytest.mark.parametrize("double", [False, True])
def test_targets_are_over_what_is_allowed_next(double: bool) -> None:
    agent = DQN(lambda: Locks(keys=8), DQNConfig(double=double, hidden_sizes=(8,)), seed=0)
    obs = agent.env.reset(0)
    assert agent.env.mask is not None
    allowed = agent.env.mask.of(obs)
    batch = Transitions(
        obs, torch.zeros(len(obs), dtype=torch.int64), torch.ones(len(obs)), torch.full((len(obs),), 0.5), obs
    )
    with torch.no_grad():
        worth, found = agent.target(obs), agent.targets(batch, agent.target_out(batch))
        assert not torch.equal(
            worth.argmax(1), worth.masked_fill(~allowed, -torch.inf).argmax(1)
        )  # or nothing is shown
        choosing = agent.q(obs) if double else worth
        choice = choosing.masked_fill(~allowed, -torch.inf).argmax(1, keepdim=True)
        assert torch.equal(found, 1.0 + 0.5 * worth.gather(1, choice).squeeze(1))
    agent.close()
