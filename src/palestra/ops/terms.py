"""Losses as papers write them: terms that are added and weighed, and how their derivatives are taken.

A ``Term`` is a scalar with its derivative, in closed form, by each output that it was computed from; any scalar tensor
joins the same sum, and autograd differentiates it. An output may be a *recorded* one: a leaf for autograd, made by a
pass that knows its own way back (a network's, a squashed Gaussian's). ``differentiate`` goes from a loss to the
parameters: by closed forms where there are any, by autograd between them, and from recorded outputs by hand, through
one recording into those before it. Which parameters learn is for whoever calls to say; the rest is passed through.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from operator import attrgetter
from typing import Any, NamedTuple, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

Number = Tensor | float
"""A scalar."""
Slope = tuple[Tensor, Callable[[], Number], Number]
"""An output, the derivative by it (a number where it is everywhere the same), and what that is weighed by."""

Given = ParamSpec("Given")
Found = TypeVar("Found")

_order = itertools.count()


def without_autograd(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """As ``torch.no_grad()`` above a function; where gradients are off already, it spares switching them off again."""

    @wraps(function)
    def alone(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        if not torch.is_grad_enabled():
            return function(*args, **kwargs)
        with torch.no_grad():
            return function(*args, **kwargs)

    return alone


class Term:
    """A scalar of a loss, or a whole loss. Nothing is computed before it is asked for.

    Args:
        value: makes the scalar.
        slopes: outputs, each with what makes the derivative by it.
    """

    def __init__(self, value: Callable[[], Number], *slopes: tuple[Tensor, Callable[[], Number]]):
        self._value = value
        self.slopes: list[Slope] = [(output, derivative, 1.0) for output, derivative in slopes]

    @property
    def value(self) -> Tensor:
        """The scalar itself, for a report."""
        value = self._value()
        return value.detach() if isinstance(value, Tensor) else torch.tensor(value)

    def __mul__(self, weight: Number) -> "Term":
        """``weight * term``; a weight that is a tensor counts as a constant."""
        weight = weight.detach() if isinstance(weight, Tensor) else weight
        term = Term(lambda: weight * self._value())
        term.slopes = [(output, derivative, weight * factor) for output, derivative, factor in self.slopes]
        return term

    __rmul__ = __mul__

    def __add__(self, other: "Term | Number") -> "Term":
        """The sum with a term, a scalar tensor that autograd differentiates, or a number."""
        if isinstance(other, float) and other == 0.0:
            return self
        more = as_term(other)
        term = Term(lambda: self._value() + more._value())
        term.slopes = self.slopes + more.slopes
        return term

    __radd__ = __add__

    def __neg__(self) -> "Term":
        return self * -1.0

    def __sub__(self, other: "Term | Number") -> "Term":
        return self + -1.0 * as_term(other) if isinstance(other, Term | Tensor) else self + -other

    def __rsub__(self, other: Number) -> "Term":
        return -self + other


def as_term(loss: Term | Number) -> Term:
    """Anything that can stand in a sum of terms, as a term."""
    if isinstance(loss, Term):
        return loss
    if not isinstance(loss, Tensor):
        return Term(lambda: loss)
    if not loss.requires_grad:
        raise ValueError("a part of the loss depends on nothing that could learn: it was made where gradients are off")
    return Term(loss.detach, (loss, lambda: 1.0))


class Recording(ABC):
    """A pass that can be gone back by hand, once.

    Args:
        inputs: what the pass was given; where one requires a gradient, the loss's derivative goes on into it.
        owner: the network whose parameters took part, if any did.
    """

    def __init__(self, inputs: Iterable[Tensor], owner: nn.Module | None = None):
        self.inputs = [x for x in inputs if x.requires_grad]
        self.owner = owner
        self.order = next(_order)
        self.to_outputs: list[Tensor | None] = []
        self.gone_back = False

    def leaf(self, out: Tensor) -> Tensor:
        """A result of the pass, made a leaf that leads back here."""
        out.requires_grad_().recorded = (self, len(self.to_outputs))  # type: ignore[attr-defined]
        self.to_outputs.append(None)
        return out

    @abstractmethod
    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """From the loss's derivatives at the results (None for one that it does not see) to those at ``inputs``.

        With ``learn`` those by the owner's parameters are written into their ``grad``.
        """


def place_for(p: Tensor) -> Tensor:
    """Where the derivative by a parameter is written."""
    if p.grad is None:  # PyTorch would compute the gradient and drop it
        raise RuntimeError("a parameter has no grad to write into: ClippedAdam gives it, zero_grad takes it")
    return p.grad


class Derivatives(NamedTuple):
    """What ``differentiate`` found."""

    at: dict[int, Tensor]
    """The derivative at each leaf that nothing recorded, such as a parameter, by the leaf's id."""
    learned: list[nn.Module]
    """The owners of recordings whose parameters' ``grad`` were written, one for each recording."""


@without_autograd
def differentiate(loss: Term | Tensor, learns: Callable[[nn.Module], bool]) -> Derivatives:
    """The derivative of a loss by everything that it was made from.

    Args:
        loss: the scalar.
        learns: whether the parameters of a recording's owner are to learn; if not, they are passed through.
    """
    slopes = [(output, _weighed(output, derivative(), factor)) for output, derivative, factor in as_term(loss).slopes]
    found = Derivatives({}, [])
    waiting: list[Recording] = []
    while True:
        for leaf, gradient in _at_leaves(slopes):
            recording, i = getattr(leaf, "recorded", (None, 0))
            if recording is None:
                at = found.at.get(id(leaf))
                found.at[id(leaf)] = gradient if at is None else at + gradient
                continue
            at = recording.to_outputs[i]
            recording.to_outputs[i] = gradient if at is None else at + gradient
            if recording not in waiting:
                waiting.append(recording)
        if not waiting:
            return found
        # What was recorded last may have been made from what was recorded before it, never the other way round.
        last = max(waiting, key=attrgetter("order"))
        waiting.remove(last)
        if last.gone_back:
            raise RuntimeError("this recording was gone back already, and the weights may have moved; record again")
        last.gone_back = True
        learn = last.owner is not None and learns(last.owner)
        if learn and last.owner is not None:
            found.learned.append(last.owner)
        slopes = list(zip(last.inputs, last.back(last.to_outputs, learn))) if learn or last.inputs else []


def _weighed(output: Tensor, derivative: Number, factor: Number) -> Tensor:
    """The product of a derivative and its weight, as one number for each of an output's."""
    by = derivative if isinstance(factor, float) and factor == 1.0 else factor * derivative
    if isinstance(by, Tensor) and by.dim() > 0:
        return by
    return torch.full_like(output, by) if isinstance(by, float) else by.expand_as(output)


def _at_leaves(slopes: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """From derivatives at outputs to those at the leaves of their graphs, by autograd."""
    inner = [slope for slope in slopes if not slope[0].is_leaf]
    if not inner:
        return slopes
    outputs, gradients = zip(*inner)
    leaves = _leaves(outputs)
    found = zip(leaves, torch.autograd.grad(outputs, leaves, gradients))
    return [*(slope for slope in slopes if slope[0].is_leaf), *found]


def _leaves(outputs: Iterable[Tensor]) -> list[Tensor]:
    """The leaves that autograd's graphs of some outputs end in."""
    nodes: list[Any] = [output.grad_fn for output in outputs]
    seen, found = set(nodes), []
    while nodes:
        node = nodes.pop()
        if (leaf := getattr(node, "variable", None)) is not None:
            found.append(leaf)
        for further, _ in node.next_functions:
            if further is not None and further not in seen:
                seen.add(further)
                nodes.append(further)
    return found
