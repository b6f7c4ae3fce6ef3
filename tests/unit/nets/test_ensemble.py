"""The ensemble against separate ``torch.nn`` networks, its hand-made gradients against autograd's."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from palestra.nets import precision
from palestra.nets.adam import ClippedAdam
from palestra.nets.ensemble import FEW, Ensemble
from palestra.nets.precision import Precision
from palestra.ops.terms import Derivatives, Term, differentiate

SIZES = {"no hidden layer": [3, 2], "one": [4, 7, 1], "two": [5, 8, 6, 3], "three": [2, 5, 4, 6, 1]}
SHAPES = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
NUMBERS = pytest.mark.parametrize("number", [1, 2, 3])


def make(number: int, sizes: list[int], numbers: Precision = "float32") -> Ensemble:
    net = Ensemble(number, sizes, torch.Generator().manual_seed(0), numbers)
    ClippedAdam([net], 1e-3)  # gives every parameter a grad to write into
    return net


def separate(net: Ensemble, n: int) -> nn.Sequential:
    """PyTorch's own layers with the parameters of one of the networks."""
    layers: list[nn.Module] = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        layer = nn.Linear(weight.shape[1], weight.shape[2])
        layer.load_state_dict({"weight": weight[n].t(), "bias": bias[n, 0]})
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def go_back(out: Tensor, to_out: Tensor, learn: bool = True) -> Derivatives:
    """From a derivative at recorded outputs to those of the parameters and inputs."""
    return differentiate(Term(lambda: 0.0, (out, lambda: to_out)), lambda _: learn)


@NUMBERS
@SHAPES
def test_it_is_so_many_networks_of_pytorch(number: int, sizes: list[int]) -> None:
    net, x = make(number, sizes), draw(9, sizes[0])
    expected = torch.stack([separate(net, n)(x) for n in range(number)])
    torch.testing.assert_close(net(x), expected)
    torch.testing.assert_close(net.record(x), expected)
    with torch.no_grad():
        torch.testing.assert_close(net(x), expected)


def test_weights_begin_as_pytorchs_do_and_differ_between_networks() -> None:
    net = make(2, [100, 50, 1])
    for weight, (fan_in, _) in zip(net.weights, pairwise([100, 50, 1])):
        assert weight.abs().max() <= fan_in**-0.5
        assert weight.detach().std().item() == pytest.approx(fan_in**-0.5 / 3**0.5, rel=0.2)
        assert not torch.equal(weight[0], weight[1])


@NUMBERS
@SHAPES
def test_gradients_by_hand_are_autograds(number: int, sizes: list[int]) -> None:
    net, x = make(number, sizes), draw(number, 9, sizes[0]).requires_grad_()
    to_out = draw(number, 9, sizes[-1])
    expected = torch.autograd.grad(net(x), [x, *net.parameters()], to_out)
    torch.testing.assert_close(go_back(net.record(x), to_out).at[id(x)], expected[0])
    for p, gradient in zip(net.parameters(), expected[1:], strict=True):
        torch.testing.assert_close(p.grad, gradient)


@SHAPES
def test_the_gradient_at_some_inputs_leaves_parameters_alone(sizes: list[int]) -> None:
    net, x = make(2, sizes), draw(2, 9, sizes[0]).requires_grad_()
    to_out = draw(2, 9, sizes[-1])
    (expected,) = torch.autograd.grad(net(x), x, to_out)
    first, others = x.detach()[..., :1], x.detach()[..., 1:].requires_grad_()
    found = go_back(net.record(first, others), to_out, learn=False)
    torch.testing.assert_close(found.at[id(others)], expected[..., 1:])
    assert list(found.at) == [id(others)]
    assert all(not p.grad.any() for p in net.parameters())


def test_what_all_networks_were_given_gets_the_sum_of_their_derivatives() -> None:
    net, to_out = make(3, [6, 8, 1]), draw(3, 9, 1)
    parts = [draw(9, 2).requires_grad_(), draw(9, 1), draw(9, 3).requires_grad_()]
    expected = torch.autograd.grad(net(torch.cat(parts, 1)), [parts[0], parts[2]], to_out)
    found = go_back(net.record(*parts), to_out, learn=False)
    for x, gradient in zip((parts[0], parts[2]), expected, strict=True):
        torch.testing.assert_close(found.at[id(x)], gradient)


def test_the_pass_of_the_first_rows_goes_back_as_if_alone() -> None:
    net, x, to_out = make(1, [4, 8, 8, 2]), draw(10, 4), draw(1, 6, 2)
    go_back(net.record(x[:6]), to_out)
    expected = [p.grad.clone() for p in net.parameters()]
    go_back(net.record(x), to_out)
    for p, gradient in zip(net.parameters(), expected, strict=True):
        torch.testing.assert_close(p.grad, gradient)


def test_the_first_network_can_be_asked_alone() -> None:
    net, to_out = make(3, [4, 8, 8, 1]), draw(3, 10, 1)
    x, x_3BF = draw(10, 4).requires_grad_(), draw(10, 4).expand(3, -1, -1).requires_grad_()
    alone = net.record(x, number=1)
    torch.testing.assert_close(alone, net(x)[:1])
    of_each = go_back(net.record(x_3BF), to_out, learn=False).at[id(x_3BF)]
    torch.testing.assert_close(go_back(alone, to_out[:1], learn=False).at[id(x)], of_each[0])


def test_bfloat16_stays_near_and_rounds_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    sizes = [6, 64, 64, 1]
    exact, fast = make(2, sizes), make(2, sizes, "bfloat16")
    x, to_out = draw(32, 6), draw(2, 32, 1)
    with torch.no_grad():  # large values, as returns are: eight bits would round them to multiples of 4
        exact.biases[-1].fill_(1000.0)
        fast.biases[-1].fill_(1000.0)
    out = fast.record(x).detach()
    torch.testing.assert_close(out, fast(x).detach())
    torch.testing.assert_close(out, exact(x).detach(), rtol=0, atol=0.02)
    assert len((out * 64).round().unique()) > 3
    for net in (exact, fast):
        go_back(net.record(x), to_out)
    for p, q in zip(exact.parameters(), fast.parameters(), strict=True):
        # A unit whose input is next to zero may be on in one and off in the other.
        assert (p.grad - q.grad).norm() < 0.1 * p.grad.norm()
        assert q.grad.dtype is torch.float32


def test_a_few_rows_are_multiplied_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    exact, fast = make(2, [6, 64, 64, 1]), make(2, [6, 64, 64, 1], "bfloat16")
    torch.testing.assert_close(fast.record(draw(FEW - 1, 6)), exact.record(draw(FEW - 1, 6)))
    assert not torch.allclose(fast.record(draw(FEW, 6)), exact.record(draw(FEW, 6)))


def test_going_back_without_a_place_for_gradients_says_so() -> None:
    net = Ensemble(1, [2, 3, 1], torch.Generator())
    with pytest.raises(RuntimeError, match="no grad to write into"):
        go_back(net.record(draw(4, 2)), draw(1, 4, 1))
