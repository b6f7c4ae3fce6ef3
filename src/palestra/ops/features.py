"""From observations to network inputs."""

import torch
from torch import Tensor


def flat_features(obs_BF: Tensor) -> Tensor:
    """(B, *obs_shape) observations to (B, F) float32; bytes (images) become numbers between 0 and 1."""
    flat_BF = obs_BF.flatten(1) if obs_BF.dim() > 1 else obs_BF.unsqueeze(1)
    return flat_BF.float() / 255.0 if obs_BF.dtype == torch.uint8 else flat_BF
