"""Target networks: slow copies that give learning something to aim at which moves less than what is learned."""

import copy
from typing import TypeVar

from torch import nn

Net = TypeVar("Net", bound=nn.Module)


def slow_copy(network: Net) -> Net:
    """A network with the same parameters, never to be trained by gradient.

    How it follows is for an algorithm to say: with the parameters of its copies as one vector, in the order of the
    optimizer's (``flatten_parameters``), a step is ``slow.lerp_(optimizer.flat, tau)``.
    """
    return copy.deepcopy(network).requires_grad_(False)
