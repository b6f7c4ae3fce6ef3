"""Policies side by side: each samples, scores and learns as the head of its own, whose derivatives are autograd's."""

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from palestra.errors import UsageError
from palestra.nets.adam import flatten_parameters
from palestra.nets.heads import policy_head
from palestra.nets.stacked_heads import StackedHead, stacked_head
from palestra.ops.action_distribution import ActionDistribution

MEMBERS, COPIES, STEPS = 3, 4, 5
SPACES = {
    "two": spaces.Discrete(2),
    "five": spaces.Discrete(5),
    "one number": spaces.Box(-2.0, 2.0, (1,)),
    "a matrix": spaces.Box(-np.inf, np.inf, (2, 3)),
}


def made(space: Any) -> tuple[list[ActionDistribution], StackedHead, Tensor, Tensor]:
    """Heads of each, the same side by side, outputs (M, B, K) of networks, and where derivatives are written."""
    rng = torch.Generator().manual_seed(0)
    heads, rows = [], []
    for m in range(MEMBERS):
        heads.append(policy_head(space, log_std=0.3 * m - 0.5))
        beside = torch.nn.Linear(1, 1)
        rows.append(flatten_parameters((beside, heads[-1])))
    flat_MD = torch.stack(rows)
    gradient_MD = torch.zeros_like(flat_MD)
    stacked = stacked_head(heads[0], [*beside.parameters(), *heads[0].parameters()], flat_MD, gradient_MD)
    return heads, stacked, torch.randn(MEMBERS, COPIES, heads[0].num_outputs, generator=rng), gradient_MD


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_samples_are_to_the_bit_what_each_would_draw(space: Any) -> None:
    heads, stacked, out_MBK, _ = made(space)
    noise = stacked.noise([torch.Generator().manual_seed(m) for m in range(MEMBERS)], STEPS, COPIES)
    own = [torch.Generator().manual_seed(m) for m in range(MEMBERS)]
    with torch.no_grad():
        for t in range(STEPS):
            drawn = stacked.sample(out_MBK, noise[t])
            expected = torch.cat([head.sample(out_BK, g) for head, out_BK, g in zip(heads, out_MBK, own, strict=True)])
            assert torch.equal(drawn, expected)
        modes = torch.cat([head.mode(out_BK) for head, out_BK in zip(heads, out_MBK, strict=True)])
    assert torch.equal(stacked.mode(out_MBK), modes)


def test_log_probabilities_entropies_and_their_derivatives_are_each_ones(space: Any) -> None:
    heads, stacked, out_MBK, gradient_MD = made(space)
    rng = torch.Generator().manual_seed(1)
    noise = stacked.noise([rng] * MEMBERS, 1, COPIES)
    action = stacked.sample(out_MBK, noise[0]).unflatten(0, (MEMBERS, COPIES))
    to_log_prob_MB = torch.randn(MEMBERS, COPIES, generator=rng)
    for to_entropy_M1 in (torch.zeros(MEMBERS, 1), torch.tensor([[0.0], [-0.3], [0.7]])):
        to_out_MBK = stacked.back(out_MBK, action, to_log_prob_MB, to_entropy_M1)
        for m, head in enumerate(heads):
            out_BK = out_MBK[m].clone().requires_grad_()
            log_prob_B, entropy = head.log_prob(out_BK, action[m]), head.entropy(out_BK)
            torch.testing.assert_close(stacked.log_prob(out_MBK, action)[m], log_prob_B.detach())
            ours = stacked.entropy(out_MBK)[m]
            torch.testing.assert_close(ours, entropy.detach().expand_as(ours))
            loss = (to_log_prob_MB[m] * log_prob_B).sum() + float(to_entropy_M1[m]) * entropy.expand(COPIES).sum()
            inputs = [out_BK, *head.parameters()]
            to_out_BK, *own = torch.autograd.grad(loss, inputs)
            torch.testing.assert_close(to_out_MBK[m], to_out_BK)
            for gradient in own:  # beside the two parameters of the linear layer
                torch.testing.assert_close(gradient_MD[m, 2:], gradient.flatten())


def test_other_kinds_are_refused() -> None:
    head = policy_head(spaces.MultiBinary(3), 0.0)
    with pytest.raises(UsageError, match="many policies of Bernoulli; expected Discrete"):
        stacked_head(head, [], torch.zeros(2, 0), torch.zeros(2, 0))
