"""Encoders: from an observation as the environment gives it to a vector that a policy or critic takes.

Every encoder has ``num_features`` and takes what its ``inputs`` makes of observations.
"""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.errors import require
from palestra.nets.features import flat_features
from palestra.nets.initialisation import orthogonal_

LAYERS = ((8, 4, 0), (3, 2, 1), (3, 1, 1))
"""(kernel, stride, padding) of each convolution. At full resolution a layer costs the most; the first goes in leaps."""

SMALLEST = LAYERS[0][0]
"""Pixels that an image must have in each direction."""


def is_image(space: spaces.Box) -> bool:
    """Whether its observations are images: bytes of two or more dimensions, as in the vector contract."""
    return bool(space.dtype == np.uint8) and len(space.shape) >= 2


def image_layout(space: spaces.Box) -> tuple[int, int, int, bool]:
    """Channels, rows and columns of a space of images, and whether channels come last.

    Of (C, H, W) and (H, W, C) it is the one whose channels are fewer than its pixels in either direction; (H, W) has
    one channel. Frames of a stack are channels. UsageError for any other shape, and for images that are too small.
    """
    shape = space.shape
    channels, height, width, last = 0, 0, 0, False
    if len(shape) == 2:
        channels, height, width = 1, *shape
    elif len(shape) == 3 and shape[0] < min(shape[1:]):
        channels, height, width = shape
    elif len(shape) == 3 and shape[2] < min(shape[:2]):
        (height, width, channels), last = shape, True
    require(
        min(height, width) >= SMALLEST,
        f"images of shape {shape}",
        f"(C, H, W), (H, W, C) or (H, W) of at least {SMALLEST} x {SMALLEST} pixels and fewer channels than those",
    )
    return channels, height, width, last


class FlatEncoder(nn.Module):
    """No encoder: vectors stay as they are."""

    def __init__(self, space: spaces.Box):
        super().__init__()
        self.num_features = int(np.prod(space.shape))

    def inputs(self, obs_BF: Tensor) -> Tensor:
        """The observations (B, *obs_shape) themselves."""
        return obs_BF

    def forward(self, obs_BF: Tensor) -> Tensor:
        """(B, *obs_shape) -> (B, num_features) float32."""
        return flat_features(obs_BF)


class ConvEncoder(nn.Module):
    """Convolutions, then a narrow linear layer, layer normalisation and tanh: bytes (B, C, H, W) -> (B, F) float32.

    The narrow end is that of SAC-AE (Yarats et al. 2019, https://arxiv.org/abs/1910.01741), which DrQ has too: it
    bounds the features, whatever the convolutions do. The convolutions are fewer and wider, for processors' sake.

    Args:
        space: of the images, uint8, (C, H, W), (H, W, C) or (H, W).
        generator: draws the initial weights, orthogonal; biases are zero.
        channels: of every convolution.
        num_features: F.
    """

    def __init__(self, space: spaces.Box, generator: Generator, channels: int = 32, num_features: int = 50):
        super().__init__()
        given, height, width, self.channels_last = image_layout(space)
        self.num_features = num_features
        weights = []
        for kernel, stride, padding in LAYERS:
            weights.append(orthogonal_(torch.empty(channels, given, kernel, kernel), 2.0**0.5, generator))
            given = channels
            height, width = ((x + 2 * padding - kernel) // stride + 1 for x in (height, width))
        weights.append(orthogonal_(torch.empty(num_features, channels * height * width), 1.0, generator))
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList([torch.zeros(len(weight)) for weight in weights])
        self.norm = nn.LayerNorm(num_features)

    def inputs(self, obs_BF: Tensor) -> Tensor:
        """A view (B, C, H, W) of observations (B, *obs_shape)."""
        if obs_BF.dim() == 3:
            return obs_BF.unsqueeze(1)
        return obs_BF.permute(0, 3, 1, 2) if self.channels_last else obs_BF

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, F), between -1 and 1."""
        # With the channels of a pixel side by side in memory convolutions are faster, from the first to the last.
        x = image_BCHW.to(torch.float32, memory_format=torch.channels_last) / 255.0 - 0.5
        *convolutions, (last_weight, last_bias) = zip(self.weights, self.biases)
        for (weight, bias), (_, stride, padding) in zip(convolutions, LAYERS):
            x = F.conv2d(x, weight, bias, stride, padding).relu()
        features_BF: Tensor = self.norm(F.linear(x.flatten(1), last_weight, last_bias)).tanh()
        return features_BF

    def record(self, image_BCHW: Tensor) -> Tensor:
        """The same with its autograd graph, for ``backward``, also where gradients are off."""
        with torch.enable_grad():
            return self(image_BCHW)  # type: ignore[no-any-return]

    def backward(self, features_BF: Tensor, to_features_BF: Tensor) -> None:
        """Write the gradient of every parameter into its ``grad``, given the loss's gradient at recorded features."""
        parameters = list(self.parameters())
        for p, gradient in zip(parameters, torch.autograd.grad(features_BF, parameters, to_features_BF)):
            if p.grad is None:
                raise RuntimeError("a parameter has no grad to write into: ClippedAdam gives it, zero_grad takes it")
            p.grad.copy_(gradient)


def make_encoder(space: spaces.Box, generator: Generator, **settings: Any) -> ConvEncoder | FlatEncoder:
    """The encoder that suits a space: convolutions for images, nothing for vectors.

    ``settings`` are those of :class:`ConvEncoder`. UsageError for images of a shape that it cannot read.
    """
    return ConvEncoder(space, generator, **settings) if is_image(space) else FlatEncoder(space)
