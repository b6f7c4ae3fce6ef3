"""Automatic differentiation on arrays, small enough to read: what every deep-learning library does, without the speed.

    x, w = Value(inputs, "x"), Value(weights, "w")
    loss = ((x @ w).tanh() ** 2).mean()
    loss.backward()    # w.gradient is d loss / d w

Every operation leaves a ``Value`` that knows what it was made of and how its derivative is shared out among that: the
chain rule for one operation. ``backward`` walks the graph once, from the end to the leaves, so that a value has all of
its own derivative before it shares it out (reverse mode; Linnainmaa 1970). ``graph`` gives what was built as data.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shares = Callable[[Array], Sequence[Array]]
"""From the derivative by a result to those by what it was made of."""
Axes = int | tuple[int, ...] | None
"""Dimensions; None for all of them."""


class Value:
    """An array of float64, and where it came from.

    Args:
        data: its numbers.
        name: of a leaf, for the picture; of anything else, the operation.
        made_of: what the operation was given.
        shares: the chain rule of the operation.
    """

    __array_ufunc__ = None
    """NumPy leaves ``array + value`` to us."""

    def __init__(self, data: Any, name: str = "", made_of: Sequence["Value"] = (), shares: Shares | None = None):
        self.data: Array = np.asarray(data, np.float64)
        self.name, self.made_of, self.shares = name, tuple(made_of), shares
        self.gradient: Array = np.zeros_like(self.data)

    def backward(self) -> None:
        """Add to the ``gradient`` of everything that this number was made of. ValueError for more than a number."""
        if self.data.size != 1:
            raise ValueError(f"backward from a value of shape {self.data.shape}; expected one number, such as a sum")
        order = in_order(self)
        arrived = {id(value): np.zeros_like(value.data) for value in order}
        arrived[id(self)] = np.ones_like(self.data)
        for value in reversed(order):
            value.gradient = value.gradient + arrived[id(value)]
            if value.shares is not None:
                for source, share in zip(value.made_of, value.shares(arrived[id(value)]), strict=True):
                    arrived[id(source)] = arrived[id(source)] + _unspread(share, source.data.shape)

    def __add__(self, other: Any) -> "Value":
        return Value(self.data + (b := as_value(other)).data, "+", (self, b), lambda g: (g, g))

    def __mul__(self, other: Any) -> "Value":
        b = as_value(other)
        return Value(self.data * b.data, "*", (self, b), lambda g: (g * b.data, g * self.data))

    def __truediv__(self, other: Any) -> "Value":
        b = as_value(other)
        out = self.data / b.data
        return Value(out, "/", (self, b), lambda g: (g / b.data, -g * out / b.data))

    def __matmul__(self, other: Any) -> "Value":
        b = as_value(other)
        if self.data.ndim != 2 or b.data.ndim != 2:
            raise ValueError(f"shapes {self.data.shape} @ {b.data.shape}; expected two matrices")
        return Value(self.data @ b.data, "@", (self, b), lambda g: (g @ b.data.T, self.data.T @ g))

    def __pow__(self, n: float) -> "Value":
        return Value(self.data**n, f"^{n:g}", (self,), lambda g: (g * n * self.data ** (n - 1),))

    def __neg__(self) -> "Value":
        return Value(-self.data, "-", (self,), lambda g: (-g,))

    def __sub__(self, other: Any) -> "Value":
        return Value(self.data - (b := as_value(other)).data, "-", (self, b), lambda g: (g, -g))

    def __radd__(self, other: Any) -> "Value":
        return as_value(other) + self

    def __rsub__(self, other: Any) -> "Value":
        return as_value(other) - self

    def __rmul__(self, other: Any) -> "Value":
        return as_value(other) * self

    def __rtruediv__(self, other: Any) -> "Value":
        return as_value(other) / self

    def __rmatmul__(self, other: Any) -> "Value":
        return as_value(other) @ self

    def __getitem__(self, index: Any) -> "Value":
        def scattered(g: Array) -> tuple[Array]:
            out = np.zeros_like(self.data)
            np.add.at(out, index, g)  # an entry that was taken twice gets both derivatives
            return (out,)

        return Value(self.data[index], "[ ]", (self,), scattered)

    def exp(self) -> "Value":
        """e^x."""
        out = np.exp(self.data)
        return Value(out, "exp", (self,), lambda g: (g * out,))

    def log(self) -> "Value":
        """The natural logarithm."""
        return Value(np.log(self.data), "log", (self,), lambda g: (g / self.data,))

    def tanh(self) -> "Value":
        """The hyperbolic tangent."""
        out = np.tanh(self.data)
        return Value(out, "tanh", (self,), lambda g: (g * (1 - out**2),))

    def sigmoid(self) -> "Value":
        """1 / (1 + e^-x), by the tangent, which does not overflow."""
        out = 0.5 * (1 + np.tanh(0.5 * self.data))
        return Value(out, "sigmoid", (self,), lambda g: (g * out * (1 - out),))

    def relu(self) -> "Value":
        """The larger of x and 0; its derivative at 0 is 0."""
        return Value(np.maximum(self.data, 0), "relu", (self,), lambda g: (g * (self.data > 0),))

    def sum(self, axes: Axes = None, keepdims: bool = False) -> "Value":
        """Over some dimensions, or all of them."""
        kept = self.data.sum(axes, keepdims=True)
        out = kept if keepdims else self.data.sum(axes)
        return Value(out, "sum", (self,), lambda g: (np.broadcast_to(g.reshape(kept.shape), self.data.shape),))

    def mean(self, axes: Axes = None, keepdims: bool = False) -> "Value":
        """Over some dimensions, or all of them."""
        total = self.sum(axes, keepdims)
        return total * (total.data.size / self.data.size)

    def reshape(self, *shape: int) -> "Value":
        """The same numbers in another shape."""
        return Value(self.data.reshape(shape), "reshape", (self,), lambda g: (g.reshape(self.data.shape),))

    def transposed(self) -> "Value":
        """Dimensions the other way round."""
        return Value(self.data.T, "T", (self,), lambda g: (g.T,))

    def log_softmax(self) -> "Value":
        """Over the last dimension, x - log sum e^x; with the largest taken off first nothing overflows."""
        shifted = self - Value(self.data.max(-1, keepdims=True))
        return shifted - shifted.exp().sum(-1, keepdims=True).log()


def as_value(given: Any) -> Value:
    """A value as it is; numbers as a leaf without a name."""
    return given if isinstance(given, Value) else Value(given)


def in_order(end: Value) -> list[Value]:
    """Everything that a value was made of, and last the value itself: each behind what it was made of."""
    order: list[Value] = []
    seen: set[int] = set()
    waiting = [(end, False)]
    while waiting:  # a stack of our own: a long training would be too deep for Python's
        value, sources_done = waiting.pop()
        if sources_done:
            order.append(value)
        elif id(value) not in seen:
            seen.add(id(value))
            waiting += [(value, True), *((source, False) for source in reversed(value.made_of))]
    return order


class Vertex(NamedTuple):
    """One value of a graph, as data."""

    name: str
    """Of a leaf or an operation; a leaf without a name bears its number, or nothing."""
    shape: tuple[int, ...]
    """Of its array."""
    made_of: tuple[int, ...]
    """Places, in the graph, of what it was made of."""


def graph(end: Value) -> tuple[Vertex, ...]:
    """What a value was made of, as data: each vertex behind those that it was made of, the value itself last."""
    order = in_order(end)
    place = {id(value): i for i, value in enumerate(order)}
    return tuple(Vertex(_spoken(v), v.data.shape, tuple(place[id(source)] for source in v.made_of)) for v in order)


def _spoken(value: Value) -> str:
    return value.name or (f"{value.data.item():.4g}" if value.data.size == 1 else "")


def _unspread(share: Array, shape: tuple[int, ...]) -> Array:
    """The derivative by what was spread over more dimensions or entries: the sum over all of them."""
    share = share.sum(tuple(range(share.ndim - len(shape))))
    spread = tuple(i for i, size in enumerate(shape) if size == 1 and share.shape[i] != 1)
    return share.sum(spread, keepdims=True) if spread else share
