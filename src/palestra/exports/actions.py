"""From a policy's actions to an environment's own: what ``env.step`` takes, said in tensors."""

import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.envs.spaces import ActionSpace


class Native(nn.Module):
    """As ``envs.spaces.to_env_action``: the start of the space added, in its type, and within its bounds.

    Args:
        space: of one action.
    """

    low: Tensor
    high: Tensor

    def __init__(self, space: ActionSpace):
        super().__init__()
        self.dtype = torch.from_numpy(np.empty(0, space.dtype)).dtype
        self.bounded = isinstance(space, spaces.Box)
        first = np.asarray(getattr(space, "start", 0))
        low, high = (space.low, space.high) if isinstance(space, spaces.Box) else (first, first)
        self.register_buffer("low", torch.from_numpy(np.array(low)))
        self.register_buffer("high", torch.from_numpy(np.array(high)))

    def forward(self, action: Tensor) -> Tensor:
        """(B, ...) in the environment's own form."""
        if self.bounded:
            return action.to(self.dtype).clamp(self.low, self.high)
        return (action + self.low).to(self.dtype)
