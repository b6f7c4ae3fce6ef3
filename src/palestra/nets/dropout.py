"""Dropout as a layer, drawn from an explicit generator, so that a training that is resumed drops what it would have."""

from collections.abc import Callable

from torch import Generator, Tensor, nn

from palestra.ops.dropout import dropout
from palestra.ops.shares import Share


class Dropout(nn.Module):
    """Leaves numbers out while it trains, and only then.

    Args:
        rate: share of the numbers that are left out.
    """

    generator: Generator | None
    share: Callable[[], Share] | None
    """Which rows of a batch it sees, where several processes share one."""

    def __init__(self, rate: float):
        super().__init__()
        self.rate, self.generator, self.share = rate, None, None

    @property
    def drops(self) -> bool:
        """Whether a pass would leave anything out now."""
        return self.training and self.rate > 0

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        if not self.drops:
            return x
        if self.generator is None:
            raise RuntimeError("dropout while training, without a generator; expected drop_from(net, generator) before")
        return dropout(x, self.rate, self.generator, None if self.share is None else self.share())

    def extra_repr(self) -> str:
        """The rate, where the layer is printed."""
        return f"rate={self.rate}"


def drop_from(net: nn.Module, generator: Generator) -> None:
    """Let every dropout of a network draw from a generator on its device, which whoever trains the network saves."""
    for module in net.modules():
        if isinstance(module, Dropout):
            module.generator = generator


def drop_of_shares(net: nn.Module, share: Callable[[], Share]) -> None:
    """Let every dropout of a network know which rows of a batch it is given: others leave out of the others."""
    for module in net.modules():
        if isinstance(module, Dropout):
            module.share = share
