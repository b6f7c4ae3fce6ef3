"""Adam with gradient clipping over one flat vector that holds all parameters.

Small networks spend much of a training step on the fixed cost of treating their tensors one by one. Here every
parameter is a view into one vector, so that clipping, Adam and target-network updates are one operation each.
``tests/unit/nets/test_optimiser.py`` holds it equal to ``clip_grad_norm_`` and ``Adam`` on the separate tensors.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


def flatten_parameters(modules: Iterable[nn.Module]) -> Tensor:
    """Move all parameters of some modules into one new vector, of which they become views; returns the vector."""
    parameters = [p for module in modules for p in module.parameters()]
    flat = torch.cat([p.detach().flatten() for p in parameters])
    offset = 0
    for p in parameters:
        p.data = flat[offset : offset + p.numel()].view_as(p)
        offset += p.numel()
    return flat


class ClippedAdam:
    """Adam (Kingma & Ba 2015) on all parameters of some modules, gradients clipped by their global norm.

    Args:
        modules: whose parameters to train, already on their device; the parameters become views of ``flat``.
        learning_rate: step size.
        eps: added to the root of the second moment.
        max_grad_norm: gradients are scaled down to this Euclidean norm.
    """

    def __init__(self, modules: Iterable[nn.Module], learning_rate: float, eps: float, max_grad_norm: float):
        modules = list(modules)
        self._parameters = [p for module in modules for p in module.parameters()]
        self.flat = flatten_parameters(modules)
        self.max_grad_norm = max_grad_norm
        self._adam = torch.optim.Adam([self.flat.requires_grad_()], lr=learning_rate, eps=eps, fused=True)

    @property
    def learning_rate(self) -> float:
        """The current step size."""
        return float(self._adam.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._adam.param_groups[0]["lr"] = value

    def minimise(self, loss: Tensor) -> None:
        """One step down the gradient of a scalar loss."""
        gradients = torch.autograd.grad(loss, self._parameters, materialize_grads=True)
        with torch.no_grad():
            gradient = torch.cat([g.flatten() for g in gradients])
            # As torch.nn.utils.clip_grad_norm_ does, without waiting for the norm on a GPU.
            gradient *= (self.max_grad_norm / (torch.linalg.vector_norm(gradient) + 1e-6)).clamp(max=1.0)
        self.flat.grad = gradient
        self._adam.step()

    def state_dict(self) -> dict[str, Any]:
        """Moments and step count; the parameters belong to their modules."""
        moments = self._adam.state_dict()["state"].get(0, {})
        return {"learning_rate": self.learning_rate, **moments}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        # PyTorch would keep the given tensors themselves; copies keep two learners loaded from one state apart.
        moments = {key: value.clone() for key, value in state.items() if key != "learning_rate"}
        whole = self._adam.state_dict()
        whole["state"] = {0: moments} if moments else {}
        self._adam.load_state_dict(whole)
        self.learning_rate = state["learning_rate"]
