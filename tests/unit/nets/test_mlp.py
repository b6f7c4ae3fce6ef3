"""The MLP against ``torch.nn.Sequential``, its hand-made gradient against autograd's and numerical differences."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.nets.mlp import MLP
from palestra.ops.terms import Derivatives, Term, differentiate

SIZES = {"depth 1": [3, 2], "depth 2": [4, 7, 1], "depth 3": [5, 8, 6, 3], "depth 4": [2, 5, 4, 6, 2]}
BOTH = pytest.mark.parametrize("activation", ["tanh", "relu"])
DEPTHS = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)


def make(sizes: list[int], activation: str, seed: int = 0, output_gain: float | None = None) -> MLP:
    net = MLP(sizes, activation, torch.Generator().manual_seed(seed), output_gain)
    with torch.no_grad():
        for i, bias in enumerate(net.biases):  # biases of zero would hide that one is missing
            bias.add_(torch.linspace(-0.3, 0.2 + 0.1 * i, len(bias)))
    return net


def sequential(net: MLP) -> nn.Sequential:
    """PyTorch's own layers with copies of the same parameters, in the same order."""
    layers: list[nn.Module] = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
        layer.load_state_dict({"weight": weight, "bias": bias})
        layers += [layer, nn.Tanh() if net.activation == "tanh" else nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def by_layer(net: MLP) -> list[nn.Parameter]:
    """Weight and bias in turns, as ``nn.Sequential`` lists them."""
    return [p for pair in zip(net.weights, net.biases, strict=True) for p in pair]


def spoil_gradients(net: MLP) -> None:
    """Give every parameter a gradient of nonsense, to be written over and not added to."""
    for p in net.parameters():
        p.grad = torch.full_like(p, 7.0)


def go_back(out: Tensor, to_out: Tensor, learn: bool = True) -> Derivatives:
    """From a derivative at recorded outputs to those of the parameters and inputs."""
    return differentiate(Term(lambda: 0.0, (out, lambda: to_out)), lambda _: learn)


def loss(out: Tensor, weight: Tensor) -> Tensor:
    return (out * weight).sum() + out.pow(3).mean()


def both_gradients(net: MLP, x: Tensor, weight: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """The output and the gradients to every parameter: by hand, and PyTorch's."""
    spoil_gradients(net)
    out = net.record(x)
    (at_out,) = torch.autograd.grad(loss(out, weight), out)
    go_back(out, at_out)
    by_hand = [out.detach(), *(p.grad for p in by_layer(net))]
    reference = sequential(net)
    out = reference(x)
    loss(out, weight).backward()
    return by_hand, [out.detach(), *(p.grad for p in reference.parameters())]


@BOTH
@DEPTHS
@pytest.mark.parametrize("batch", [1, 33])
def test_the_gradient_by_hand_is_autograds(activation: str, sizes: list[int], batch: int) -> None:
    net = make(sizes, activation).double()
    rng = torch.Generator().manual_seed(1)
    x = 2 * torch.randn(batch, sizes[0], generator=rng, dtype=torch.float64)
    weight = torch.randn(batch, sizes[-1], generator=rng, dtype=torch.float64)
    by_hand, theirs = both_gradients(net, x, weight)
    assert len(by_hand) == 1 + 2 * (len(sizes) - 1)
    for p, q in zip(by_hand, theirs, strict=True):
        torch.testing.assert_close(p, q, rtol=1e-12, atol=1e-12)


@BOTH
@DEPTHS
@pytest.mark.parametrize("batch", [1, 33])
def test_forward_is_pytorchs_in_output_and_every_gradient(activation: str, sizes: list[int], batch: int) -> None:
    net = make(sizes, activation).double()
    rng = torch.Generator().manual_seed(1)
    x = 2 * torch.randn(batch, sizes[0], generator=rng, dtype=torch.float64)
    weight = torch.randn(batch, sizes[-1], generator=rng, dtype=torch.float64)
    reference = sequential(net)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    torch.testing.assert_close(net(ours), reference(theirs), rtol=1e-12, atol=1e-12)
    loss(net(ours), weight).backward()
    loss(reference(theirs), weight).backward()
    for p, q in zip([ours, *by_layer(net)], [theirs, *reference.parameters()], strict=True):
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-12, atol=1e-12)


class ByHand(torch.autograd.Function):
    """A recorded pass and its way back as one operation, for ``gradcheck``."""

    @staticmethod
    def forward(ctx: Any, net: MLP, x: Tensor, *parameters: Tensor) -> Tensor:
        ctx.net, ctx.x, ctx.needs_x = net, x, ctx.needs_input_grad[1]
        return net.record(x).detach()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x = ctx.x.detach().requires_grad_()
        out = ctx.net.record(x)  # gradcheck goes back more than once
        spoil_gradients(ctx.net)
        to_x = go_back(out, grad).at[id(x)]
        return None, to_x if ctx.needs_x else None, *(p.grad for p in ctx.net.parameters())


def difference(net: MLP, x: Tensor, p: nn.Parameter, h: float = 1e-6) -> float:
    """How the sum of what PyTorch's own layers give changes with a parameter's first number."""
    ends = []
    for step in (h, -h):
        with torch.no_grad():
            before = p.view(-1)[0].item()
            p.view(-1)[0] = before + step
            ends.append(float(sequential(net)(x).sum()))
            p.view(-1)[0] = before
    return (ends[0] - ends[1]) / (2 * h)


@BOTH
@DEPTHS
def test_the_gradient_is_the_numerical_one(activation: str, sizes: list[int]) -> None:
    net = make(sizes, activation).double()
    x = torch.randn(4, sizes[0], generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    parameters = tuple(net.parameters())
    # gradcheck moves the parameters in place, so that the network sees every difference.
    assert torch.autograd.gradcheck(lambda *_: ByHand.apply(net, x, *parameters), parameters)
    assert torch.autograd.gradcheck(
        lambda x, *_: ByHand.apply(net, x, *parameters), (x.clone().requires_grad_(), *parameters)
    )
    spoil_gradients(net)
    out = net(x)
    found = torch.autograd.grad(out, parameters, torch.ones_like(out))
    for p, gradient in zip(parameters, found, strict=True):  # of ``forward``: against differences of PyTorch's layers
        assert gradient.view(-1)[0].item() == pytest.approx(difference(net, x, p), rel=1e-5, abs=1e-8)


def test_in_float32_at_the_size_of_a_policy() -> None:
    net = make([4, 64, 64, 2], "tanh", output_gain=0.01)
    rng = torch.Generator().manual_seed(3)
    x, weight = torch.randn(256, 4, generator=rng), torch.randn(256, 2, generator=rng)
    for ours, theirs in zip(*both_gradients(net, x, weight), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@BOTH
@DEPTHS
def test_a_recording_is_the_output_as_a_leaf_and_leaves_the_input_alone(activation: str, sizes: list[int]) -> None:
    net = make(sizes, activation)
    x = torch.randn(9, sizes[0], generator=torch.Generator().manual_seed(4)).requires_grad_()
    untouched = x.detach().clone()
    out = net.record(x)
    torch.testing.assert_close(out, net(x))
    assert out.is_leaf
    assert out.requires_grad
    spoil_gradients(net)
    assert go_back(out, torch.ones_like(out)).learned == [net]
    assert torch.equal(x, untouched)  # activations are made in place, but never in the caller's tensor
    assert x.grad is None


@BOTH
def test_without_gradients_the_output_is_the_same(activation: str) -> None:
    net = make([5, 8, 6, 3], activation)
    x = torch.randn(9, 5, generator=torch.Generator().manual_seed(4))
    with_gradients = net(x).detach()
    untouched = x.clone()
    with torch.no_grad():
        assert torch.equal(net(x), with_gradients)
    with torch.inference_mode():
        assert torch.equal(net(x), with_gradients)
    assert torch.equal(x, untouched)


def test_gradients_accumulate_over_two_calls_of_forward() -> None:
    net, x = make([3, 4, 2], "tanh").double(), torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator())
    (net(x).sum() + 2 * net(x).sum()).backward()
    reference = sequential(net)
    reference(x).sum().backward()
    for ours, once in zip(by_layer(net), reference.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, 3 * once.grad)


def test_recordings_of_one_network_do_not_disturb_each_other() -> None:
    net = make([3, 4, 4, 2], "tanh").double()
    x, other = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator())
    spoil_gradients(net)
    first, second = net.record(x), net.record(other)
    for out, seen in ((second, other), (first, x)):
        go_back(out, torch.ones_like(out))
        reference = sequential(net)
        reference(seen).sum().backward()
        for ours, theirs in zip(by_layer(net), reference.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-12, atol=1e-12)


def test_a_recording_is_gone_back_once_and_only_into_gradients_that_exist() -> None:
    net = make([3, 4, 2], "tanh")
    spoil_gradients(net)
    out = net.record(torch.ones(1, 3))
    go_back(out, torch.ones(1, 2))
    with pytest.raises(RuntimeError, match=r"gone back already.*record again"):
        go_back(out, torch.ones(1, 2))
    net.zero_grad()
    with pytest.raises(RuntimeError, match="no grad to write into"):
        go_back(net.record(torch.ones(1, 3)), torch.ones(1, 2))


def test_a_step_between_forward_and_backward_is_an_error_and_not_a_wrong_gradient() -> None:
    net = make([3, 4, 2], "tanh")
    out = net(torch.ones(1, 3))
    with torch.no_grad():
        net.weights[1].mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_forward_has_second_derivatives() -> None:
    net = make([2, 3, 1], "tanh").double()
    x = torch.ones(1, 2, requires_grad=True, dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda x, *_: net(x), (x, *net.parameters()))


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
    assert torch.equal(twin.record(x), torch.zeros(1, 2))
    assert torch.equal(net(x), before)
