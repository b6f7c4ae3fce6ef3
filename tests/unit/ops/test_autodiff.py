"""Automatic differentiation is PyTorch's, operation by operation and on random graphs; the graph is what was built."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from palestra.ops.autodiff import Value, Vertex, graph, in_order

Operation = Callable[..., Any]
"""On values, or, where torch spells it otherwise, on tensors beside it."""

UNARY: dict[str, tuple[Operation, Operation]] = {
    "exp": (Value.exp, torch.exp),
    "log": (lambda x: (x * x + 0.5).log(), lambda x: (x * x + 0.5).log()),
    "tanh": (Value.tanh, torch.tanh),
    "sigmoid": (Value.sigmoid, torch.sigmoid),
    "relu": (Value.relu, torch.relu),
    "negative": (lambda x: -x, lambda x: -x),
    "cube": (lambda x: x**3, lambda x: x**3),
    "root": (lambda x: (x * x + 1) ** 0.5, lambda x: (x * x + 1) ** 0.5),
    "log_softmax": (Value.log_softmax, lambda x: x.log_softmax(-1)),
    "sum of rows": (lambda x: x.sum(1, keepdims=True) + x, lambda x: x.sum(1, keepdim=True) + x),
    "mean of columns": (lambda x: x - x.mean(0), lambda x: x - x.mean(0)),
    "reshape": (lambda x: x.reshape(4, 3) * x.reshape(4, 3), lambda x: x.reshape(4, 3) ** 2),
    "transposed": (lambda x: x.transposed() @ x, lambda x: x.T @ x),
    "picked": (lambda x: x[[0, 0, 2]] * 2, lambda x: x[[0, 0, 2]] * 2),
    "sliced": (lambda x: x[:, 1:3], lambda x: x[:, 1:3]),
    "number on the left": (lambda x: 2 - 3 / (x * x + 1) + 4 * x, lambda x: 2 - 3 / (x * x + 1) + 4 * x),
}


def numbers(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape)


def same(build: Operation, torch_build: Operation, *arrays: np.ndarray[Any, Any]) -> None:
    """Result and derivatives, of a weighed sum that tells all entries apart."""
    values = [Value(array) for array in arrays]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    out, expected = build(*values), torch_build(*tensors)
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    weight = np.cos(np.arange(out.data.size)).reshape(out.data.shape)
    (out * weight).sum().backward()
    (expected * torch.from_numpy(weight)).sum().backward()
    for value, tensor in zip(values, tensors, strict=True):
        assert tensor.grad is not None
        np.testing.assert_allclose(value.gradient, tensor.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", UNARY)
def test_an_operation_is_pytorchs(name: str) -> None:
    same(*UNARY[name], numbers(3, 4))


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), (1,))])
def test_what_is_spread_over_an_array_gets_the_sum_of_its_derivatives(shapes: tuple[tuple[int, ...], ...]) -> None:
    one, two = (numbers(*shape, seed=seed) for seed, shape in enumerate(shapes))
    for build in (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (b * b + 1)):
        same(build, build, one, two)


def test_a_product_of_matrices() -> None:
    same(lambda a, b: a @ b, lambda a, b: a @ b, numbers(3, 4), numbers(4, 2, seed=1))
    fixed = numbers(2, 3)
    same(lambda a: fixed @ a, lambda a: torch.from_numpy(fixed) @ a, numbers(3, 4))
    with pytest.raises(ValueError, match=r"shapes \(3,\) @ \(3, 2\); expected two matrices"):
        Value(numbers(3)) @ Value(numbers(3, 2))


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_are_pytorchs(seed: int) -> None:
    """Thirty operations, each on whatever two of the earlier results: used several times, or never."""
    draw = random.Random(seed)
    plan = [
        (draw.choice("+-*/@tsre"), draw.randrange(3 + n), draw.randrange(3 + n), draw.random() < 0.3)
        for n in range(30)
    ]  # fmt: skip

    def build(*leaves: Any) -> Any:
        results = list(leaves)
        for operation, i, j, transposed in plan:
            a, b = results[i], results[j]
            if transposed:
                a = a.transposed() if isinstance(a, Value) else a.T
            squashed = {
                "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
                "/": lambda a, b: a / (b * b + 1), "@": lambda a, b: a @ b, "t": lambda a, b: a.tanh() + b,
                "s": lambda a, b: a.sigmoid() * b, "r": lambda a, b: a.relu() - b, "e": lambda a, b: (-(a * a)).exp(),
            }[operation](a, b)  # fmt: skip
            results.append((0.5 * squashed).tanh())
        total = results[-1] + 0.1 * results[-2]
        return total + results[0] + results[1] + results[2]

    same(build, build, *(numbers(3, 3, seed=seed + n) for n in range(3)))


def test_a_network_learns_as_in_pytorch() -> None:
    """Two layers by gradient descent: both end in the same weights."""
    inputs, targets = numbers(20, 3), np.arange(20) % 4
    weights = [numbers(3, 8, seed=1), np.zeros(8), numbers(8, 4, seed=2), np.zeros(4)]
    tensors = [torch.tensor(w, requires_grad=True) for w in weights]
    for _ in range(50):
        w1, b1, w2, b2 = values = [Value(w) for w in weights]
        log_p = ((inputs @ w1 + b1).tanh() @ w2 + b2).log_softmax()
        loss = -log_p[np.arange(20), targets].mean()
        loss.backward()
        weights = [w - 0.5 * value.gradient for w, value in zip(weights, values, strict=True)]
        t1, c1, t2, c2 = tensors
        scores = (torch.from_numpy(inputs) @ t1 + c1).tanh() @ t2 + c2
        theirs = torch.nn.functional.cross_entropy(scores, torch.from_numpy(targets))
        gradients = torch.autograd.grad(theirs, tensors)
        tensors = [(t - 0.5 * g).detach().requires_grad_() for t, g in zip(tensors, gradients, strict=True)]
    assert loss.data == pytest.approx(float(theirs.detach()), rel=1e-10)
    for w, t in zip(weights, tensors, strict=True):
        np.testing.assert_allclose(w, t.detach().numpy(), rtol=1e-9, atol=1e-9)


def test_derivatives_add_up_over_several_ways_back() -> None:
    x = Value(3.0, "x")
    y = x * x
    (y + x).backward()
    assert x.gradient == 7.0
    assert y.gradient == 1.0
    (2 * x).backward()
    assert x.gradient == 9.0
    with pytest.raises(ValueError, match=r"backward from a value of shape \(2,\); expected one number"):
        Value([1.0, 2.0]).backward()


def test_a_long_chain_is_not_too_deep() -> None:
    x = end = Value(1.0)
    for _ in range(5_000):
        end = end + 0.001
    end.backward()
    assert x.gradient == 1.0
    assert in_order(end)[-1] is end


def test_large_numbers_do_not_overflow() -> None:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert Value([[1e4, 0.0]]).log_softmax().data.tolist() == [[0.0, -1e4]]
        assert Value([-1e4, 1e4]).sigmoid().data.tolist() == [0.0, 1.0]


def test_the_graph_as_data() -> None:
    x, w = Value(np.ones((2, 3)), "x"), Value(np.ones((3, 1)), "w")
    hidden = (x @ w).tanh()
    loss = (hidden * hidden).sum() * 0.5
    assert graph(loss) == (
        Vertex("x", (2, 3), ()),
        Vertex("w", (3, 1), ()),
        Vertex("@", (2, 1), (0, 1)),
        Vertex("tanh", (2, 1), (2,)),
        Vertex("*", (2, 1), (3, 3)),
        Vertex("sum", (), (4,)),
        Vertex("0.5", (), ()),
        Vertex("*", (), (5, 6)),
    )
