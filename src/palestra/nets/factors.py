"""Two tables of factors with biases: what a user and a film are, so that their product says how they get on.

Y  users
I  films
V  factors of each
"""

import torch
from torch import Generator, Tensor, nn


class Factors(nn.Module):
    """m + b_u + c_i + p_u q_i.

    Args:
        users: how many.
        films: how many.
        size: factors of each.
        middle: m, which does not learn.
        spread: standard deviation that factors begin with; biases begin with zero.
        generator: of those.
    """

    middle: Tensor

    def __init__(self, users: int, films: int, size: int, middle: float, spread: float, generator: Generator):
        super().__init__()
        self.user_YV = nn.Parameter(spread * torch.randn(users, size, generator=generator))
        self.film_IV = nn.Parameter(spread * torch.randn(films, size, generator=generator))
        self.user_Y = nn.Parameter(torch.zeros(users))
        self.film_I = nn.Parameter(torch.zeros(films))
        self.register_buffer("middle", torch.tensor(middle))

    def forward(self, pair_B2: Tensor) -> Tensor:
        """(B,) of pairs (B, 2) of a user and a film."""
        return self.scored(pair_B2)[0]

    def scored(self, pair_B2: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) of pairs, and (B,) the sum of the squares of all that each is made of, for what holds them back."""
        user_B, film_B = pair_B2.unbind(1)
        p_BV, q_BV, b_B, c_B = self.user_YV[user_B], self.film_IV[film_B], self.user_Y[user_B], self.film_I[film_B]
        size_B = p_BV.square().sum(1) + q_BV.square().sum(1) + b_B.square() + c_B.square()
        return self.middle + b_B + c_B + (p_BV * q_BV).sum(1), size_B
