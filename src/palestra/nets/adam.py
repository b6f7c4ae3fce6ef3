"""Adam with gradient clipping over one flat vector that holds all parameters; ``rmsprop`` is built on the same.

Small networks spend much of a training step on the fixed cost of treating their tensors one by one. Here every
parameter is a view into one vector and its gradient into another, so that clipping, Adam and target-network updates are
one operation each. ``tests/unit/nets/test_adam.py`` holds it equal to ``clip_grad_norm_`` and ``Adam`` on the
separate tensors.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Protocol
from weakref import WeakSet

import torch
from torch import Tensor, nn

from palestra.ops.terms import Term, differentiate, place_for


def flatten_parameters(modules: Iterable[nn.Module]) -> Tensor:
    """Move all parameters of some modules into one new vector, of which they become views; returns the vector."""
    parameters = [p for module in modules for p in module.parameters()]
    flat = torch.cat([p.detach().flatten() for p in parameters])
    for p, view in zip(parameters, _views(flat, parameters)):
        p.data = view
    return flat


def _views(flat: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    parts = flat.split([p.numel() for p in parameters])
    return [part.view_as(p) for part, p in zip(parts, parameters)]


class Together(Protocol):
    """Several processes, each with a share of what one gradient is of."""

    @property
    def weight(self) -> float:
        """What this one's share counts in the whole."""

    def add_up_(self, gradient: Tensor) -> None:
        """Make the gradient of a weighed share the sum over all of them."""


class FlatOptimizer(ABC):
    """Descent on all parameters of some modules, gradients clipped by their global norm.

    Args:
        modules: whose parameters to train, already on their device; the parameters become views of ``flat``.
        learning_rate: step size.
        eps: kept with the second moment, against division by zero.
        max_grad_norm: gradients are scaled down to this Euclidean norm; infinite to leave them.
        weight_decay: of matrices and kernels, never of biases, nor of what normalisation scales and shifts by.
    """

    saves: tuple[str, ...] = ("learning_rate",)
    derives: tuple[str, ...] = ("flat", "gradient", "decay")
    together: Together | None = None
    """Who else descends the same loss on other rows: steps and clipping are by the gradient of all."""

    def __init__(
        self,
        modules: Iterable[nn.Module],
        learning_rate: float,
        eps: float = 1e-8,
        max_grad_norm: float = math.inf,
        weight_decay: float = 0.0,
    ):
        modules = list(modules)
        self.learning_rate, self.eps, self.max_grad_norm = learning_rate, eps, max_grad_norm
        self.parameters = [p for module in modules for p in module.parameters()]
        self.flat = flatten_parameters(modules)
        self.gradient = torch.zeros_like(self.flat)
        for p, view in zip(self.parameters, _views(self.gradient, self.parameters)):
            p.grad = view
        self.decay: Tensor | None = _decay(self.parameters, weight_decay) if weight_decay else None
        self._networks = WeakSet(network for module in modules for network in module.modules())
        self._own = {id(p) for p in self.parameters}
        self._rest: dict[tuple[int, ...], list[nn.Parameter]] = {}

    def descend(self, loss: Term | Tensor) -> None:
        """One step down the gradient of a loss, by the parameters that are this optimizer's.

        Networks that were recorded are differentiated by hand, everything else by autograd. A network learns from one
        recording of it, or from any number of calls of its ``forward``; what is not this optimizer's is passed through.
        """
        if self.together is not None:
            loss = loss * self.together.weight
        found = differentiate(loss, self._networks.__contains__)
        self._write(found.at, found.learned)
        self.step()

    def _write(self, found: dict[int, Tensor], recorded: list[nn.Module]) -> None:
        """What autograd found into ``grad``, zeros where it found nothing; recorded networks wrote theirs."""
        key = tuple(map(id, recorded))
        if key not in self._rest:
            if len(set(key)) < len(key):
                raise ValueError("one network was recorded twice for one loss; call forward, which autograd adds up")
            covered = {id(p) for network in recorded for p in network.parameters()}
            self._rest[key] = [p for p in self.parameters if id(p) not in covered]
        used = 0
        for p in self._rest[key]:
            gradient = found.get(id(p))
            if gradient is None:
                place_for(p).zero_()
            else:
                place_for(p).copy_(gradient)
                used += 1
        if used < len(found) and used < len(self._own.intersection(found)):
            raise ValueError("one network was both recorded and called for one loss; call forward alone")
        if not used and not recorded:
            raise ValueError("nothing that this optimizer moves stands in the loss")

    def step(self) -> None:
        """One step down ``gradient``, which the parameters' ``grad`` are views of."""
        if self.together is not None:
            self.together.add_up_(self.gradient)
        self._clip()
        self._move()

    @abstractmethod
    def _move(self) -> None:
        """Change ``flat`` by ``gradient``."""

    def _clip(self) -> None:
        """As ``torch.nn.utils.clip_grad_norm_`` does."""
        if self.max_grad_norm == math.inf or self._is_short():
            return
        norm = torch.linalg.vector_norm(self.gradient) + 1e-6
        if norm.device.type != "cpu":  # looking at the norm would wait for the device
            self.gradient *= (self.max_grad_norm / norm).clamp(max=1.0)
        elif norm > self.max_grad_norm:
            self.gradient *= self.max_grad_norm / norm

    def _is_short(self) -> bool:
        """Whether the gradient is so clearly within its norm that a product says it, in a third of the norm's time."""
        if self.gradient.device.type != "cpu":
            return False
        return float(torch.dot(self.gradient, self.gradient)) < 0.9 * self.max_grad_norm**2


def _decay(parameters: Sequence[Tensor], weight_decay: float) -> Tensor:
    """For each number of the vector, how much of it decays."""
    return torch.cat([torch.full_like(p, weight_decay if p.dim() > 1 else 0.0).flatten() for p in parameters]).detach()


class ClippedAdam(FlatOptimizer):
    """Adam (Kingma & Ba 2015); ``eps`` is added to the root of the second moment.

    Weight decay is apart from the gradient and its moments (AdamW; Loshchilov & Hutter 2019, algorithm 2).
    """

    saves = ("mean", "square", "steps")
    derives = ("one",)

    def __init__(
        self,
        modules: Iterable[nn.Module],
        learning_rate: float,
        eps: float = 1e-8,
        max_grad_norm: float = math.inf,
        weight_decay: float = 0.0,
    ):
        super().__init__(modules, learning_rate, eps, max_grad_norm, weight_decay)
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.steps = torch.zeros((), device=self.flat.device)
        self.one = torch.ones_like(self.steps)
        """To be counted by: as an operand a tensor costs half of what a number of Python's costs."""

    def _move(self) -> None:
        if self.decay is not None:
            self.flat.addcmul_(self.flat, self.decay, value=-self.learning_rate)
        # The operation of PyTorch's own fused Adam: its class spends more on bookkeeping than on arithmetic.
        self.steps += self.one
        torch._fused_adam_(
            [self.flat], [self.gradient], [self.mean], [self.square], [], [self.steps],
            amsgrad=False, beta1=0.9, beta2=0.999, lr=self.learning_rate, weight_decay=0.0, eps=self.eps,
            maximize=False,
        )  # fmt: skip
