"""What every distribution over actions can be asked: those that policies have say it of themselves."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.nets.heads import policy_head
from palestra.ops.action_distribution import ActionDistribution

SPACES = [
    spaces.Discrete(4),
    spaces.MultiDiscrete([2, 3]),
    spaces.MultiBinary(3),
    spaces.MultiBinary((2, 2)),
    spaces.Box(-1.0, 2.0, (2,)),
    spaces.Box(-1.0, 2.0, ()),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_samples_are_of_the_kind_that_is_promised(space: spaces.Space) -> None:
    head = policy_head(space, 0.0)
    assert isinstance(head, ActionDistribution)
    out = torch.randn(6, head.num_outputs, generator=torch.Generator().manual_seed(0))
    action = head.sample(out, torch.Generator().manual_seed(1))
    for drawn in (action, head.mode(out)):
        assert (drawn.shape, drawn.dtype) == ((6, *head.action_shape), head.action_dtype)
    assert head.log_prob(out, action).shape == (6,)
    assert head.encoded(action).shape[0] == 6
    for row in head.bounded(action).detach().numpy():
        assert space.contains(np.asarray(row, space.dtype))


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_there_is_no_divergence_from_itself_and_constants_keep_no_graph(space: spaces.Space) -> None:
    head = policy_head(space, 0.0)
    out = torch.randn(6, head.num_outputs, requires_grad=True)
    frozen = head.frozen(out)
    assert not frozen.requires_grad
    torch.testing.assert_close(head.kl(frozen, out).detach(), torch.zeros(6), rtol=0, atol=1e-6)
    moved = torch.cat((out[:, :1] + 1.0, out[:, 1:]), 1)  # one logit or mean, so that it is no shift of all of them
    assert (head.kl(frozen, moved) > 0).all()
