"""Discrete SAC sums, explores and holds its entropy over the actions that are allowed."""

import math
from typing import Any

import pytest
import torch
from locks import Locks
from torch import Tensor

from palestra.data.replay import Transitions
from palestra.errors import UsageError
from palestra.learners.off_policy.discrete_sac import DiscreteSAC, DiscreteSACConfig
from palestra.learners.off_policy.seeing import seen


def make(**settings: Any) -> DiscreteSAC:
    return DiscreteSAC(lambda: Locks(keys=8), DiscreteSACConfig(hidden_sizes=(8,), **settings), seed=0)


def batch(agent: DiscreteSAC, rows: int = 64) -> tuple[Transitions, Tensor]:
    """Every lock in turn, and what it allows."""
    rng = torch.Generator().manual_seed(0)
    allowed = torch.zeros(4, 8)
    for at, keys in enumerate(Locks(keys=8).turning):
        allowed[at, torch.from_numpy(keys)] = 1.0
    obs = torch.cat((allowed, torch.eye(4)), 1).repeat(rows // 4, 1)  # parts of a Dict stand by their names
    assert agent.env.mask is not None
    valid = agent.env.mask.of(obs)
    assert torch.equal(valid[:4], allowed > 0.5)
    action = valid.float().multinomial(1, generator=rng).squeeze(1)
    discount = torch.full((rows,), 0.5)
    return Transitions(obs, action, torch.randn(rows, generator=rng), discount, obs.roll(-1, 0)), valid


def gradient_step(agent: DiscreteSAC, b: Transitions) -> None:
    with torch.no_grad():
        agent.gradient_step(seen(b, agent.encoder, agent.target_encoder), agent.allowed(b))


def test_targets_are_sums_over_what_is_allowed_next(monkeypatch: pytest.MonkeyPatch) -> None:
    agent, found = make(temperature=0.3), []
    b, valid = batch(agent)
    with torch.no_grad():
        prob, worth = agent.actor(b.next_obs_BF)[0].exp() * valid.roll(-1, 0), agent.target(b.next_obs_BF).amin(0)
        prob /= prob.sum(1, keepdim=True)
        value = (prob * worth).sum(1) - 0.3 * torch.xlogy(prob, prob).sum(1)
    keep = agent.targets
    monkeypatch.setattr(agent, "targets", lambda *args: found.append(keep(*args)) or found[-1])
    gradient_step(agent, b)
    torch.testing.assert_close(found, [b.return_B + 0.5 * value])


def test_no_derivative_reaches_the_logits_of_what_is_not_allowed() -> None:
    agent = make()
    b, valid = batch(agent)
    before = agent.actor.biases[-1].detach().clone()
    gradient_step(agent, Transitions(*(x[::4] for x in b)))  # at the first lock alone
    assert torch.equal((agent.actor.biases[-1].detach() != before).flatten(), valid[0])


def test_the_entropy_to_hold_is_a_share_of_what_is_allowed() -> None:
    agent = make(target_entropy_share=0.6)
    valid = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 0]], dtype=torch.bool)
    assert float(agent.entropy_held(valid, 4)) == pytest.approx(0.6 * (math.log(2) + math.log(4) + 0 + 0) / 4)
    assert agent.entropy_held(None, 4) == pytest.approx(0.6 * math.log(8))
    assert make(target_entropy=0.7).entropy_held(valid, 4) == 0.7


def test_actions_are_allowed_and_at_random_all_of_these_are_tried() -> None:
    agent = make()
    b, valid = batch(agent, 4_000)
    policy = agent.policy
    with torch.no_grad():
        for action in (policy.random(b.obs_BF), policy.explore(b.obs_BF), policy.act(b.obs_BF)):
            assert valid.gather(1, action[:, None]).all()
    at, once = torch.arange(4_000) % 4, torch.ones(4_000)
    tried = torch.zeros(4, 8).index_put((at, policy.random(b.obs_BF)), once, accumulate=True)
    assert torch.equal(tried > 200, valid[:4])  # 250 of each


def test_a_random_action_is_not_held_where_what_is_allowed_changes() -> None:
    with pytest.raises(UsageError, match="warmup_hold=3 in a world with an action mask; expected 1"):
        make(warmup_hold=3)
