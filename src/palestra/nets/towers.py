"""Two towers: what is known of a user and of a film, each to a point of the same sphere; and what ranks a pair.

V  numbers that one of them has for itself, or of a point
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import realised


class Facts(nn.Module):
    """(B,) numbers of users or films -> (B, V + F): numbers of their own that are learned, and facts that are given.

    Args:
        fact_LF: of all of them.
        own: V, numbers of their own; 0 to know them by facts alone, which says something of new ones too.
        generator: of what V numbers begin with.
    """

    fact_LF: Tensor

    def __init__(self, fact_LF: Tensor, own: int, generator: Generator):
        super().__init__()
        self.register_buffer("fact_LF", fact_LF, persistent=False)
        self.own_LV = nn.Parameter(0.1 * torch.randn(len(fact_LF), own, generator=generator))

    @property
    def width(self) -> int:
        """V + F."""
        return self.own_LV.shape[1] + self.fact_LF.shape[1]

    def forward(self, which_B: Tensor) -> Tensor:
        """What is known of some of them."""
        return torch.cat((self.own_LV[which_B], self.fact_LF[which_B]), 1)


class Tower(nn.Module):
    """(B,) numbers of users or films -> (B, V) points at a distance of 1 from the middle."""

    def __init__(self, facts: Facts, hidden: Sequence[int], size: int, generator: Generator):
        super().__init__()
        self.facts = facts
        self.layers = _layers((facts.width, *hidden, size), generator)

    def forward(self, which_B: Tensor) -> Tensor:
        """Their points."""
        return F.normalize(self.layers(self.facts(which_B)))


class Ranker(nn.Module):
    """(B, 2) pairs of a user and a film -> (B,) log-odds that they get on; it sees both before it says anything."""

    def __init__(self, users: Facts, films: Facts, hidden: Sequence[int], generator: Generator):
        super().__init__()
        self.users, self.films = users, films
        self.layers = _layers((users.width + films.width, *hidden, 1), generator)

    def forward(self, pair_B2: Tensor) -> Tensor:
        """Log-odds."""
        known_BF = torch.cat((self.users(pair_B2[:, 0]), self.films(pair_B2[:, 1])), 1)
        logit_B1: Tensor = self.layers(known_BF)
        return logit_B1[:, 0]


def _layers(sizes: Sequence[int], generator: Generator) -> nn.Sequential:
    def made() -> nn.Sequential:
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    return realised(made, "kaiming", generator)
