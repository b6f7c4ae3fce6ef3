"""The one protocol for networks that a loss is written on: ``record``, and the optimizer's ``descend`` does the rest.

``forward`` is the definition, in operations that autograd can differentiate any number of times. ``record`` gives the
same outputs as a leaf that knows its way back (:mod:`palestra.ops.terms`). Here the way back is autograd's; on small
networks most of a training step goes to autograd's bookkeeping, and networks that matter go back by hand instead.
``tests/unit/nets/test_recorded.py`` holds every way equal to autograd's through ``forward``.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from palestra.ops.terms import Recording, place_for


class Recorded(nn.Module):
    """A network whose outputs can be recorded."""

    by_hand: ClassVar[bool] = False
    """Whether what it records goes back without autograd."""

    def record(self, *inputs: Tensor) -> Tensor:
        """The same as ``forward``, also where gradients are off, as a leaf from which ``descend`` goes back, once.

        The loss's derivative goes on into inputs that require a gradient, an earlier recording's outputs among them.
        """
        with torch.enable_grad():
            given = [x.detach().requires_grad_() if x.requires_grad else x for x in inputs]
            out: Tensor = self(*given)
        return ByAutograd(self, inputs, [x for x in given if x.requires_grad], out).leaf(out.detach())


def updating(*networks: Recorded) -> torch.inference_mode | torch.no_grad:
    """To be in while losses on networks are gone down, which are recorded and not called.

    Autograd is off; and where every network goes back by hand it is out of the way altogether, which spares each of
    dozens of small operations its bookkeeping. Tensors made there are not fit for autograd: none may be kept.
    """
    return torch.inference_mode() if all(network.by_hand for network in networks) else torch.no_grad()


class ByAutograd(Recording):
    """A pass whose graph autograd kept."""

    def __init__(self, net: Recorded, inputs: Sequence[Tensor], given: Sequence[Tensor], out: Tensor):
        super().__init__(inputs, net)
        self.parameters, self.given, self.out = net.parameters, given, out

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """By autograd through the pass alone."""
        parameters = [p for p in self.parameters() if p.requires_grad] if learn else []
        (by_out,) = to_outputs
        assert by_out is not None
        if by_out.shape != self.out.shape:  # the loss sees the first rows alone
            by_out, rows = torch.zeros_like(self.out), by_out
            by_out[..., : rows.shape[-2], :] = rows
        found = torch.autograd.grad(self.out, [*self.given, *parameters], by_out, materialize_grads=True)
        for p, gradient in zip(parameters, found[len(self.given) :]):
            place_for(p).copy_(gradient)
        return found[: len(self.given)]
