"""Adam and RMSprop with gradient clipping over one flat vector that holds all parameters.

Small networks spend much of a training step on the fixed cost of treating their tensors one by one. Here every
parameter is a view into one vector and its gradient into another, so that clipping, Adam and target-network updates are
one operation each. ``tests/unit/nets/test_optimizer.py`` holds it equal to ``clip_grad_norm_`` and ``Adam`` on the
separate tensors.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from palestra.nets.mlp import Recording


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


class FlatOptimizer(ABC):
    """Descent on all parameters of some modules, gradients clipped by their global norm.

    Args:
        modules: whose parameters to train, already on their device; the parameters become views of ``flat``.
        learning_rate: step size.
        eps: kept with the second moment, against division by zero.
        max_grad_norm: gradients are scaled down to this Euclidean norm; infinite to leave them.
    """

    def __init__(
        self, modules: Iterable[nn.Module], learning_rate: float, eps: float = 1e-8, max_grad_norm: float = math.inf
    ):
        modules = list(modules)
        self.learning_rate, self.eps, self.max_grad_norm = learning_rate, eps, max_grad_norm
        self.parameters = [p for module in modules for p in module.parameters()]
        self.flat = flatten_parameters(modules)
        self.gradient = torch.zeros_like(self.flat)
        for p, view in zip(self.parameters, _views(self.gradient, self.parameters)):
            p.grad = view
        self._by_autograd: dict[tuple[int, ...], list[nn.Parameter]] = {}

    def minimise(self, loss: Tensor, recordings: Sequence[Recording] = ()) -> None:
        """One step down the gradient of a scalar loss."""
        self.descend([loss], [None], recordings)

    def descend(
        self, outputs: Sequence[Tensor], gradients: Sequence[Tensor | None], recordings: Sequence[Recording] = ()
    ) -> None:
        """One step down the gradient of a loss that is known by its derivatives at some outputs.

        Networks whose ``record`` the outputs were made from are differentiated by hand, everything else by autograd,
        what their inputs were made from included. A recorded network learns from its recording alone: the outputs must
        not hold a ``forward`` of it beside that.

        Args:
            outputs: tensors that depend on the parameters.
            gradients: the loss's derivative at each, of its shape; None for a scalar that is a term of the loss itself.
            recordings: passes through networks that the outputs were made from.
        """
        rest = self._rest(recordings)
        leaves = [recording.out for recording in recordings]
        found = torch.autograd.grad(outputs, [*leaves, *rest], gradients, materialize_grads=True)
        to_seen = [recording.mlp.backward(recording, gradient) for recording, gradient in zip(recordings, found)]
        seen = [recording.seen for recording in recordings]
        with torch.no_grad():
            for p, gradient in zip(rest, found[len(leaves) :]):
                assert p.grad is not None
                p.grad.copy_(gradient)
        if any(x is not None for x in seen):
            # What the networks were given goes on where their own part ends: one encoder that both have seen through.
            further = torch.autograd.grad(
                [x for x in seen if x is not None], rest, [g for g in to_seen if g is not None], materialize_grads=True
            )
            with torch.no_grad():
                for p, gradient in zip(rest, further):
                    assert p.grad is not None
                    p.grad += gradient
        self.step()

    def _rest(self, recordings: Sequence[Recording]) -> list[nn.Parameter]:
        """The parameters that no recording covers."""
        key = tuple(id(recording.mlp) for recording in recordings)
        if key not in self._by_autograd:
            if len(set(key)) < len(key):
                raise ValueError("one network was recorded twice for one loss; call forward, which autograd adds up")
            covered = {id(p) for recording in recordings for p in recording.mlp.parameters()}
            self._by_autograd[key] = [p for p in self.parameters if id(p) not in covered]
        return self._by_autograd[key]

    @torch.no_grad()
    def step(self) -> None:
        """One step down ``gradient``, which the parameters' ``grad`` are views of."""
        self._clip()
        self._move()

    @abstractmethod
    def _move(self) -> None:
        """Change ``flat`` by ``gradient``."""

    def _clip(self) -> None:
        """As ``torch.nn.utils.clip_grad_norm_`` does."""
        if self.max_grad_norm == math.inf:
            return
        norm = torch.linalg.vector_norm(self.gradient) + 1e-6
        if norm.device.type != "cpu":  # looking at the norm would wait for the device
            self.gradient *= (self.max_grad_norm / norm).clamp(max=1.0)
        elif norm > self.max_grad_norm:
            self.gradient *= self.max_grad_norm / norm

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Moments and what else the next step depends on; the parameters belong to their modules."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""


class ClippedAdam(FlatOptimizer):
    """Adam (Kingma & Ba 2015); ``eps`` is added to the root of the second moment."""

    def __init__(
        self, modules: Iterable[nn.Module], learning_rate: float, eps: float = 1e-8, max_grad_norm: float = math.inf
    ):
        super().__init__(modules, learning_rate, eps, max_grad_norm)
        self.mean = torch.zeros_like(self.flat)
        self.square = torch.zeros_like(self.flat)
        self.steps = torch.zeros((), device=self.flat.device)

    def _move(self) -> None:
        # PyTorch's own fused Adam as a function: its class spends more on bookkeeping than on arithmetic.
        adam(
            [self.flat], [self.gradient], [self.mean], [self.square], [], [self.steps],
            fused=True, amsgrad=False, beta1=0.9, beta2=0.999, lr=self.learning_rate, weight_decay=0.0, eps=self.eps,
            maximize=False,
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Moments and step count."""
        return {
            "learning_rate": self.learning_rate,
            "mean": self.mean,
            "square": self.square,
            "steps": self.steps,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.learning_rate = state["learning_rate"]
        self.mean.copy_(state["mean"])
        self.square.copy_(state["square"])
        self.steps.copy_(state["steps"])


class ClippedRMSprop(FlatOptimizer):
    """RMSprop as TensorFlow and the A2C of OpenAI Baselines have it.

    Unlike PyTorch's, the mean of squares starts at one and ``eps`` stands under the root: no leap at the first steps.
    """

    DECAY = 0.99
    """Of the mean of squares."""

    def __init__(
        self, modules: Iterable[nn.Module], learning_rate: float, eps: float = 1e-8, max_grad_norm: float = math.inf
    ):
        super().__init__(modules, learning_rate, eps, max_grad_norm)
        self.square = torch.ones_like(self.flat)

    def _move(self) -> None:
        self.square.mul_(self.DECAY).addcmul_(self.gradient, self.gradient, value=1.0 - self.DECAY)
        self.flat.addcdiv_(self.gradient, (self.square + self.eps).sqrt_(), value=-self.learning_rate)

    def state_dict(self) -> dict[str, Any]:
        """The mean of squares."""
        return {"learning_rate": self.learning_rate, "square": self.square}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self.learning_rate = state["learning_rate"]
        self.square.copy_(state["square"])
