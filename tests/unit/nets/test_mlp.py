"""The hand-written gradient of the MLP against its readable twin, and both against numerical differences."""

import copy

import pytest
import torch

from palestra.nets.mlp import MLP

SIZES = {"depth 1": [3, 2], "depth 2": [4, 7, 1], "depth 3": [5, 8, 6, 3]}


def make(sizes: list[int], activation: str, seed: int = 0, output_gain: float | None = None) -> MLP:
    return MLP(sizes, activation, torch.Generator().manual_seed(seed), output_gain)


def outputs_and_gradients(net: MLP, call: str, x: torch.Tensor, weight: torch.Tensor) -> list[torch.Tensor]:
    """The output and the gradients of <output, weight> to the input and to every parameter."""
    net.zero_grad()
    x = x.clone().requires_grad_()
    out = net(x) if call == "forward" else net.plain(x)
    (out * weight).sum().backward()
    return [out.detach(), x.grad, *(p.grad.clone() for p in net.parameters())]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("batch", [1, 33])
def test_forward_is_plain_in_output_and_every_gradient(activation: str, sizes: list[int], batch: int) -> None:
    net = make(sizes, activation).double()
    rng = torch.Generator().manual_seed(1)
    x = 2 * torch.randn(batch, sizes[0], generator=rng, dtype=torch.float64)
    weight = torch.randn(batch, sizes[-1], generator=rng, dtype=torch.float64)
    fast = outputs_and_gradients(net, "forward", x, weight)
    plain = outputs_and_gradients(net, "plain", x, weight)
    assert len(fast) == 2 + 2 * (len(sizes) - 1)
    for ours, theirs in zip(fast, plain, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_the_gradient_is_the_numerical_one(activation: str, sizes: list[int]) -> None:
    net = make(sizes, activation).double()
    x = torch.randn(4, sizes[0], generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    parameters = tuple(net.parameters())
    # gradcheck moves the parameters in place, so that the network sees every difference.
    assert torch.autograd.gradcheck(lambda x, *_: net(x), (x.requires_grad_(), *parameters))


def test_in_float32_at_the_size_of_a_policy() -> None:
    net = make([4, 64, 64, 2], "tanh", output_gain=0.01)
    rng = torch.Generator().manual_seed(3)
    x, weight = torch.randn(256, 4, generator=rng), torch.randn(256, 2, generator=rng)
    for ours, theirs in zip(
        outputs_and_gradients(net, "forward", x, weight), outputs_and_gradients(net, "plain", x, weight), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_without_gradients_the_output_is_the_same(activation: str) -> None:
    net = make([5, 8, 6, 3], activation)
    x = torch.randn(9, 5, generator=torch.Generator().manual_seed(4))
    with_gradients = net(x).detach()
    untouched = x.clone()
    with torch.no_grad():
        assert torch.equal(net(x), with_gradients)
        torch.testing.assert_close(net.plain(x), with_gradients)
    with torch.inference_mode():
        assert torch.equal(net(x), with_gradients)
    assert torch.equal(x, untouched)  # activations are made in place, but never in the caller's tensor


def test_gradients_accumulate_over_two_calls() -> None:
    net, x = make([3, 4, 2], "tanh").double(), torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator())
    (net(x).sum() + 2 * net(x).sum()).backward()
    twice = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    net.plain(x).sum().backward()
    for ours, once in zip(twice, net.parameters(), strict=True):
        torch.testing.assert_close(ours, 3 * once.grad)


def test_a_step_between_forward_and_backward_is_an_error_and_not_a_wrong_gradient() -> None:
    net = make([3, 4, 2], "tanh")
    out = net(torch.ones(1, 3))
    with torch.no_grad():
        net.weights[1].mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_second_derivatives_are_refused_by_forward_and_given_by_plain() -> None:
    net = make([2, 3, 1], "tanh")
    x = torch.ones(1, 2, requires_grad=True)
    (first,) = torch.autograd.grad(net.plain(x).sum(), x, create_graph=True)
    first.square().sum().backward()
    assert bool((net.weights[0].grad != 0).any())
    with pytest.raises(RuntimeError, match=r"first-order gradients only.*MLP\.plain"):
        torch.autograd.grad(net(x).sum(), x, create_graph=True)


def test_the_weights_are_a_function_of_the_seed_alone() -> None:
    before = torch.random.get_rng_state()
    for gain in (None, 0.01):
        a, same, other = (make([4, 8, 2], "tanh", seed, gain) for seed in (5, 5, 6))
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), same.parameters(), strict=True))
        assert not torch.equal(a.weights[0], other.weights[0])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_copy_uses_its_own_parameters() -> None:
    net, x = make([3, 4, 2], "tanh"), torch.ones(1, 3)
    before = net(x).detach()
    twin = copy.deepcopy(net)
    with torch.no_grad():
        for p in twin.parameters():
            p.zero_()
    assert torch.equal(twin(x), torch.zeros(1, 2))
    assert torch.equal(net(x), before)
