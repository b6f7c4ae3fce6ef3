"""A network that says a row again through a narrow place (Rumelhart, Hinton & Williams 1986)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """(B, F) -> (B, F), through a code (B, K).

    The decoder is the encoder's mirror, with weights of its own. GELU stands behind every hidden layer, nothing behind
    the code and the output: without hidden layers it is linear.

    Args:
        features: F.
        hidden: width of each layer on the way to the code.
        code: K.
    """

    def __init__(self, features: int, hidden: Sequence[int], code: int):
        super().__init__()
        sizes = (features, *hidden, code)
        self.encoder, self.decoder = _layers(sizes), _layers(sizes[::-1])

    def forward(self, x_BF: Tensor) -> Tensor:
        """The rows again."""
        again_BF: Tensor = self.decoder(self.encoder(x_BF))
        return again_BF


def _layers(sizes: Sequence[int]) -> nn.Sequential:
    made: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        made += [nn.Linear(fan_in, fan_out), nn.GELU()]
    return nn.Sequential(*made[:-1])
