"""Masked logits and values by hand."""

import math

import torch

from palestra.ops.categorical import Categorical
from palestra.ops.masks import masked_logits, masked_values, uniform_choice

VALID = torch.tensor([[True, False, True, False], [False, False, False, True]])


def test_what_is_not_allowed_has_no_probability_no_entropy_and_no_gradient() -> None:
    logits = torch.tensor([[0.0, 9.0, 0.0, 9.0], [1.0, 2.0, 3.0, 4.0]], requires_grad=True)
    head, masked = Categorical(4), masked_logits(logits, VALID)
    assert torch.softmax(masked, 1).tolist() == [[0.5, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0]]
    entropy = head.entropy(masked)
    assert torch.allclose(entropy, torch.tensor([math.log(2.0), 0.0]))
    log_prob = head.log_prob(masked, torch.tensor([2, 3]))
    assert torch.allclose(log_prob, torch.tensor([-math.log(2.0), 0.0]))
    assert head.kl(masked.detach(), masked).tolist() == [0.0, 0.0]
    (entropy.sum() + log_prob.sum()).backward()
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())
    assert bool((logits.grad[~VALID] == 0).all())
    assert logits.grad[0, 2] == 0.5  # of the log probability; the entropy is greatest already
    assert head.mode(masked).tolist() == [0, 3]


def test_the_greatest_value_is_an_allowed_ones() -> None:
    q = torch.tensor([[1.0, 9.0, 2.0, 9.0], [1.0, 2.0, 3.0, -4.0]])
    assert masked_values(q, VALID).argmax(1).tolist() == [2, 3]


def test_each_allowed_action_is_as_likely() -> None:
    uniform = torch.arange(1_000) / 1_000
    chosen = uniform_choice(VALID[:1].expand(1_000, 4), uniform)
    assert torch.bincount(chosen, minlength=4).tolist() == [500, 0, 500, 0]
    assert uniform_choice(VALID[1:].expand(1_000, 4), uniform).unique().tolist() == [3]
    assert uniform_choice(torch.zeros(1, 4, dtype=torch.bool), torch.tensor([0.5])).item() == 0
