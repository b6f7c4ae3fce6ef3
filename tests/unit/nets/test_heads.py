"""Policy heads for each action space against torch.distributions; bounds apply only on the way to the environment."""

import numpy as np
import pytest
import torch
from gymnasium import spaces

from palestra.errors import UsageError
from palestra.nets.heads import DiagonalGaussian, policy_head

DISCRETE = spaces.Discrete(4)
MULTI = spaces.MultiDiscrete([2, 3, 5])
BOX = spaces.Box(np.array([[-1.0], [-2.0]], np.float32), np.array([[3.0], [0.5]], np.float32))


def outputs(num: int, size: int) -> torch.Tensor:
    return torch.randn(num, size, generator=torch.Generator().manual_seed(size))


@pytest.mark.parametrize(("space", "size"), [(DISCRETE, 4), (MULTI, 10), (BOX, 2)], ids=["Discrete", "Multi", "Box"])
def test_shapes_and_types(space: spaces.Space, size: int) -> None:
    head = policy_head(space, log_std=-0.5)
    assert head.num_outputs == size
    assert head.action_shape == space.shape
    out = outputs(7, size)
    for action in (head.sample(out, torch.Generator()), head.mode(out)):
        assert action.shape == (7, *space.shape)
        assert action.dtype == head.action_dtype
        assert all(space.contains(one) for one in head.bounded(action).detach().numpy().astype(space.dtype))
    assert head.log_prob(out, action).shape == (7,)


def test_discrete_is_a_categorical() -> None:
    head, out = policy_head(DISCRETE, 0.0), outputs(7, 4)
    theirs = torch.distributions.Categorical(logits=out)
    action = head.sample(out, torch.Generator())
    torch.testing.assert_close(head.log_prob(out, action), theirs.log_prob(action))
    torch.testing.assert_close(head.entropy(out), theirs.entropy())
    assert torch.equal(head.mode(out), theirs.probs.argmax(1))


def test_multi_discrete_is_a_product_of_categoricals() -> None:
    head, out = policy_head(MULTI, 0.0), outputs(7, 10)
    theirs = [torch.distributions.Categorical(logits=part) for part in out.split([2, 3, 5], 1)]
    action = head.sample(out, torch.Generator())
    expected = sum(d.log_prob(a) for d, a in zip(theirs, action.unbind(1), strict=True))
    torch.testing.assert_close(head.log_prob(out, action), expected)
    torch.testing.assert_close(head.entropy(out), sum(d.entropy() for d in theirs))
    assert torch.equal(head.mode(out), torch.stack([d.probs.argmax(1) for d in theirs], 1))


def test_the_parts_of_a_multi_discrete_action_are_drawn_apart() -> None:
    # Two fair coins: each of the four pairs near a quarter, within four standard errors.
    head = policy_head(spaces.MultiDiscrete([2, 2]), 0.0)
    pairs = head.sample(torch.zeros(20_000, 4), torch.Generator().manual_seed(0)) @ torch.tensor([2, 1])
    share = torch.bincount(pairs, minlength=4) / 20_000
    assert bool(((share - 0.25).abs() < 4 * (0.25 * 0.75 / 20_000) ** 0.5).all())


def test_box_is_a_diagonal_gaussian_with_its_own_deviation() -> None:
    head, out = policy_head(BOX, -0.5), outputs(7, 2)
    theirs = torch.distributions.Independent(torch.distributions.Normal(out, float(np.exp(-0.5))), 1)
    action = head.sample(out, torch.Generator())
    torch.testing.assert_close(head.log_prob(out, action), theirs.log_prob(action.flatten(1)))
    torch.testing.assert_close(head.entropy(out), theirs.entropy()[0])
    assert [name for name, _ in head.named_parameters()] == ["log_std"]
    head.log_prob(out, action.detach()).sum().backward()
    assert bool((head.log_std.grad != 0).all())


def test_samples_are_unbounded_and_bounded_clips_each_dimension_to_its_own_range() -> None:
    head = policy_head(BOX, 0.0, scale=False)
    far = torch.tensor([[-10.0, -10.0], [10.0, 10.0], [0.25, 0.25]])
    assert torch.equal(head.mode(far).flatten(1), far)
    assert head.sample(far, torch.Generator()).min() < -5
    assert head.bounded(head.mode(far)).flatten(1).tolist() == [[-1.0, -2.0], [3.0, 0.5], [0.25, 0.25]]


def test_one_is_the_upper_bound_and_minus_one_the_lower_where_there_are_two() -> None:
    low = np.array([0.0, -1.0, -np.inf, 0.0, -1.0, -(2.0**127) * 1.5, -3.4028235e38], np.float32)
    high = np.array([1000.0, 1.0, np.inf, np.inf, 3.0, 2.0**127 * 1.5, 3.4028235e38], np.float32)
    head = policy_head(spaces.Box(low, high), 0.0)
    assert isinstance(head, DiagonalGaussian)
    assert head.stretches
    numbers = torch.tensor([-9.0, -1.0, 0.0, 0.5, 1.0, 9.0])
    columns = head.bounded(numbers[:, None].expand(6, 7)).unbind(1)
    assert columns[0].tolist() == [0.0, 0.0, 500.0, 750.0, 1000.0, 1000.0]
    assert columns[1].tolist() == [-1.0, -1.0, 0.0, 0.5, 1.0, 1.0]
    assert columns[2].tolist() == numbers.tolist()
    assert columns[3].tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 9.0]
    assert columns[4].tolist() == [-1.0, -1.0, 1.0, 2.0, 3.0, 3.0]
    assert columns[5].tolist() == (float(high[5]) * numbers.clamp(-1.0, 1.0)).tolist()  # wider than a float32 tells
    assert columns[6].tolist() == numbers.tolist()  # how some say that there is no bound


def test_between_minus_one_and_one_nothing_is_stretched() -> None:
    head = policy_head(spaces.Box(-1.0, 1.0, (3,)), 0.0)
    assert isinstance(head, DiagonalGaussian)
    assert not head.stretches
    out = 2.0 * outputs(50, 3)
    assert torch.equal(head.bounded(out), out.clamp(-1.0, 1.0))


@pytest.mark.parametrize(("space", "size"), [(DISCRETE, 4), (MULTI, 10), (BOX, 2)], ids=["Discrete", "Multi", "Box"])
def test_the_divergence_from_a_frozen_distribution_is_that_of_all_its_parts(space: spaces.Space, size: int) -> None:
    def distributions(out: torch.Tensor) -> list[torch.distributions.Distribution]:
        if space is BOX:
            return [torch.distributions.Normal(m, s.exp()) for m, s in zip(out.unbind(1), head.log_std, strict=True)]
        sizes = [4] if space is DISCRETE else [2, 3, 5]
        return [torch.distributions.Categorical(logits=part) for part in out.split(sizes, 1)]

    head, old = policy_head(space, -0.5), outputs(7, size)
    with torch.no_grad():
        frozen, before = head.frozen(old), distributions(old)
    assert not frozen.requires_grad
    torch.testing.assert_close(head.kl(frozen, old), torch.zeros(7), rtol=0, atol=1e-6)
    with torch.no_grad():
        for p in head.parameters():  # what was frozen does not move with the policy
            p += torch.tensor([0.3, -0.7])
    new = (old + outputs(7, size).flip(0)).requires_grad_()
    expected = sum(torch.distributions.kl_divergence(p, q) for p, q in zip(before, distributions(new), strict=True))
    torch.testing.assert_close(head.kl(frozen, new), expected)
    head.kl(frozen, new).sum().backward()
    assert all(bool((p.grad != 0).all()) for p in [*head.parameters(), new])


def test_actions_as_inputs_of_a_network() -> None:
    assert policy_head(DISCRETE, 0.0).encoded(torch.tensor([2, 0])).tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]
    multi = policy_head(spaces.MultiDiscrete([2, 3]), 0.0).encoded(torch.tensor([[1, 2], [0, 1]]))
    assert multi.tolist() == [[0, 1, 0, 0, 1], [1, 0, 0, 1, 0]]
    assert policy_head(BOX, 0.0).encoded(torch.tensor([[[0.5], [-3.0]]])).tolist() == [[0.5, -3.0]]
    assert multi.dtype == torch.float32


@pytest.mark.parametrize(
    "space",
    [spaces.Dict(a=spaces.Discrete(3)), spaces.Box(0, 255, (2,), np.uint8), spaces.MultiDiscrete([[2, 2], [2, 2]])],
)
def test_a_space_that_no_head_serves_is_named(space: spaces.Space) -> None:
    with pytest.raises(UsageError, match=r"(?s)no policy for action space .*expected Discrete, MultiD"):
        policy_head(space, 0.0)
