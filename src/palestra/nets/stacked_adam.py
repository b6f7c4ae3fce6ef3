"""Adam of many members side by side: every one's parameters in a row, its moments, steps and rate its own.

What :class:`palestra.nets.adam.ClippedAdam` does by itself is done here for each;
``tests/unit/nets/test_stacked_adam.py`` holds the two equal.
"""

from collections import defaultdict
from collections.abc import Sequence

import torch

from palestra.nets.adam import ClippedAdam
from palestra.nets.stacked import blank, column


class StackedAdam:
    """The optimizers of networks of one shape.

    Args:
        optimizers: the members' own, which keep moments, step counts and learning rates.
    """

    def __init__(self, optimizers: Sequence[ClippedAdam]):
        self.optimizers = optimizers
        self.flat_MD = blank(len(optimizers), len(optimizers[0].flat))
        """All parameters, a member a row."""
        self.gradient_MD = blank(*self.flat_MD.shape)
        """Where derivatives are written."""
        self._rows, self._gradients = self.flat_MD.unbind(), self.gradient_MD.unbind()
        self._max_grad_norm_M1 = column(optimizer.max_grad_norm for optimizer in optimizers)

    def gather(self) -> None:
        """The members' parameters as they are now."""
        torch.stack([optimizer.flat for optimizer in self.optimizers], out=self.flat_MD)

    def scatter(self) -> None:
        """Let the members have what theirs have come to."""
        for optimizer, row_D in zip(self.optimizers, self._rows):
            optimizer.flat.copy_(row_D)

    def descend(self) -> None:
        """Clip each member's gradient by its own norm, and move it by Adam."""
        norm_M1 = torch.linalg.vector_norm(self.gradient_MD, dim=1, keepdim=True) + 1e-6
        self.gradient_MD *= (self._max_grad_norm_M1 / norm_M1).clamp(max=1.0)
        by_rate: dict[float, list[int]] = defaultdict(list)
        for m, optimizer in enumerate(self.optimizers):
            by_rate[optimizer.learning_rate].append(m)
        for rate, some in by_rate.items():
            own = [self.optimizers[m] for m in some]
            steps = [optimizer.steps for optimizer in own]
            torch._foreach_add_(steps, 1.0)
            torch._fused_adam_(
                [self._rows[m] for m in some], [self._gradients[m] for m in some],
                [optimizer.mean for optimizer in own], [optimizer.square for optimizer in own], [], steps,
                amsgrad=False, beta1=0.9, beta2=0.999, lr=rate, weight_decay=0.0, eps=own[0].eps, maximize=False,
            )  # fmt: skip
