"""Encoders: from an observation as the environment gives it to a vector that a policy or critic takes.

Every encoder has ``num_features`` and takes what its ``inputs`` makes of observations.
"""

from typing import Literal, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.envs.spaces import is_image
from palestra.errors import require
from palestra.nets.ensemble import Precision
from palestra.nets.initialisation import orthogonal_
from palestra.ops.features import flat_features

LAYERS = ((8, 4, 0), (3, 2, 1), (3, 1, 1))
"""(kernel, stride, padding) of DrQ's. At full resolution a layer costs the most; the first goes in leaps."""

SMALLEST = 8
"""Pixels that an image must have in each direction."""

CHUNK = 256
"""Images that are encoded together when no gradient is asked for: more would leave the processor's cache."""

EncoderName = Literal["fast", "nature", "notes"]
"""Names in ``ARCHITECTURES``."""


class Architecture(NamedTuple):
    """What a ConvEncoder consists of."""

    layers: tuple[tuple[int, int, int, int], ...]
    """(channels, kernel, stride, padding) of each convolution; ReLU follows each."""
    num_features: int
    """Outputs of the linear layer after them."""
    bounded: bool = False
    """Layer normalisation and tanh at the end, or ReLU."""
    centre: float = 0.0
    """Brightness, from 0 to 1, that becomes zero."""


def narrow(channels: int = 32, num_features: int = 50) -> Architecture:
    """Convolutions of so many channels, then a narrow linear layer, layer normalisation and tanh.

    The narrow end is that of SAC-AE (Yarats et al. 2019, https://arxiv.org/abs/1910.01741), which DrQ has too: it
    bounds the features, whatever the convolutions do. The convolutions are fewer and wider, for processors' sake.
    """
    return Architecture(tuple((channels, *layer) for layer in LAYERS), num_features, bounded=True, centre=0.5)


ARCHITECTURES: dict[str, Architecture] = {
    # Least work for a processor: few channels where the picture is large, and none of it looked at closely.
    "fast": Architecture(((16, 8, 4, 0), (32, 4, 2, 1), (32, 3, 2, 1)), 256),
    # Mnih et al. 2015, extended data table 1.
    "nature": Architecture(((32, 8, 4, 0), (64, 4, 2, 0), (64, 3, 1, 0)), 512),
    # The CustomCNN of the course notes: 3 x 3 at full resolution, which is what it spends its time on.
    "notes": Architecture(((32, 3, 2, 1),) * 4, 256),
}
"""Encoders for policy-gradient and imitation methods, by name."""


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
    """Convolutions and a linear layer: bytes (B, C, H, W) -> (B, F) float32.

    Args:
        space: of the images, uint8, (C, H, W), (H, W, C) or (H, W).
        generator: draws the initial weights, orthogonal; biases are zero.
        architecture: the layers, and how they end.
        precision: of the layers' products; parameters and features stay float32.
    """

    def __init__(
        self,
        space: spaces.Box,
        generator: Generator,
        architecture: Architecture | None = None,
        precision: Precision = "float32",
    ):
        super().__init__()
        chosen = architecture or narrow()
        given, height, width, self.channels_last = image_layout(space)
        self.num_features, self.layers, self.centre = chosen.num_features, chosen.layers, chosen.centre
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        weights = []
        for channels, kernel, stride, padding in self.layers:
            weights.append(orthogonal_(torch.empty(channels, given, kernel, kernel), 2.0**0.5, generator))
            given = channels
            height, width = ((x + 2 * padding - kernel) // stride + 1 for x in (height, width))
            require(min(height, width) > 0, f"images of shape {space.shape}", "larger ones, or another encoder (fast)")
        gain = 1.0 if chosen.bounded else 2.0**0.5
        weights.append(orthogonal_(torch.empty(self.num_features, given * height * width), gain, generator))
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList([torch.zeros(len(weight)) for weight in weights])
        self.norm = nn.LayerNorm(self.num_features) if chosen.bounded else None

    def inputs(self, obs_BF: Tensor) -> Tensor:
        """A view (B, C, H, W) of observations (B, *obs_shape)."""
        if obs_BF.dim() == 3:
            return obs_BF.unsqueeze(1)
        return obs_BF.permute(0, 3, 1, 2) if self.channels_last else obs_BF

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, F), between -1 and 1 where the end is bounded, else not negative."""
        if not torch.is_grad_enabled() and len(image_BCHW) > CHUNK:
            return torch.cat([self._run(part) for part in image_BCHW.split(CHUNK)])
        return self._run(image_BCHW)

    def _run(self, image_BCHW: Tensor) -> Tensor:
        # With the channels of a pixel side by side in memory convolutions are faster, from the first to the last.
        x = image_BCHW.to(self.dtype, memory_format=torch.channels_last).div_(255.0)
        if self.centre:
            x.sub_(self.centre)
        layers = [(weight.to(self.dtype), bias.to(self.dtype)) for weight, bias in zip(self.weights, self.biases)]
        for (weight, bias), (_, _, stride, padding) in zip(layers, self.layers):
            x = F.conv2d(x, weight, bias, stride, padding).relu()
        out_BF = F.linear(x.flatten(1), *layers[-1]).to(self.biases[-1].dtype)
        return out_BF.relu() if self.norm is None else self.norm(out_BF).tanh()

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


def make_encoder(
    space: spaces.Box,
    generator: Generator,
    architecture: Architecture | None = None,
    precision: Precision = "float32",
) -> ConvEncoder | FlatEncoder:
    """The encoder that suits a space: convolutions for images (``narrow()`` by default), nothing for vectors.

    UsageError for images of a shape that it cannot read.
    """
    return ConvEncoder(space, generator, architecture, precision) if is_image(space) else FlatEncoder(space)
