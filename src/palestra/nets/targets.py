"""Target networks: slow copies that give learning something to aim at which moves less than what is learned."""

import copy
from collections.abc import Iterable
from typing import TypeVar

from torch import nn

from palestra.nets.adam import FlatOptimizer, flatten_parameters

Net = TypeVar("Net", bound=nn.Module)


def slow_copy(network: Net) -> Net:
    """A network with the same parameters, never to be trained by gradient."""
    return copy.deepcopy(network).requires_grad_(False)


class TargetNetworks:
    """How slow copies follow their networks: all their parameters as one vector.

    Args:
        copies: of the networks that the optimizer trains, in its order and on their device.
        optimizer: holds what they follow.
    """

    saves = ()
    derives = ("flat",)

    def __init__(self, copies: Iterable[nn.Module], optimizer: FlatOptimizer):
        self.optimizer = optimizer
        self.flat = flatten_parameters(copies)
        """Of which their parameters are views."""

    def follow(self, tau: float) -> None:
        """Move by a share of the way."""
        self.flat.lerp_(self.optimizer.flat, tau)

    def copy(self) -> None:
        """Be what they are now."""
        self.flat.copy_(self.optimizer.flat)
