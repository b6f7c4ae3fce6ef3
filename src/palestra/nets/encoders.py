"""Encoders: from an observation as the environment gives it to a vector that a policy or critic takes.

There is one way through every encoder, whatever the world shows, and every deep agent goes it:

    self.encoder = make_encoder(space, generator, c.encoder, c.encoder_precision)   # num_features for the networks
    batch = self.encoder.to_batch(obs)               # as a batch keeps it: bytes stay bytes, vectors lie flat
    features = self.encoder.encode(batch)            # to act, to value, for targets
    batch = self.encoder.shifted(batch, 4, generator)     # where images are moved about before they are learned from
    features = self.encoder.encode_to_learn(batch)   # recorded, for a loss that an optimizer of the encoder descends

Vectors and one-hot states come through unchanged, images go through convolutions, and of a ``Packed`` observation each
image through convolutions of its own and the vectors beside them. ``learns`` says whether there are weights.
"""

from abc import ABC, abstractmethod
from math import prod
from typing import ClassVar, Literal, NamedTuple

import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.envs.picture import image_layout
from palestra.envs.spaces import Packed, is_image
from palestra.nets.initialisation import orthogonal_
from palestra.nets.precision import Precision, product_dtype
from palestra.nets.recorded import Recorded
from palestra.ops.augment import random_shift
from palestra.ops.features import flat_features

LAYERS = ((8, 4, 0), (3, 2, 1), (3, 1, 1))
"""(kernel, stride, padding) of DrQ's. At full resolution a layer costs the most; the first goes in leaps."""

Layers = tuple[tuple[int, int, int, int], ...]
"""(channels, kernel, stride, padding) of each convolution."""

CLOSE: Layers = ((32, 3, 2, 1), (64, 3, 2, 1), (64, 3, 1, 1))
"""In the place of layers that are too large for an image: they leave something of any."""

CHUNK = 256
"""Images that are encoded together when no gradient is asked for: more would leave the processor's cache."""

EncoderName = Literal["fast", "nature", "notes", "mnih-2013", "mnih-2013-42", "flat"]
"""Names in ``ARCHITECTURES``, or flat for no convolutions: pixels one by one."""


class Architecture(NamedTuple):
    """What a ConvEncoder consists of."""

    layers: Layers
    """Convolutions; ReLU follows each. Where they leave nothing of an image, ``CLOSE`` takes their place."""
    num_features: int
    """Outputs of the linear layer after them."""
    bounded: bool = False
    """Layer normalisation and tanh at the end, or ReLU."""
    centre: float = 0.0
    """Brightness, from 0 to 1, that becomes zero."""
    normed: bool = False
    """Layer normalisation before each ReLU: over channels and pixels of an image, with a gain and a bias a channel."""


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
    # Mnih et al. 2013, section 4.1: a third of the later one's products, and for pictures of 42 x 42 a third of that.
    "mnih-2013": Architecture(((16, 8, 4, 0), (32, 4, 2, 0)), 256),
    "mnih-2013-42": Architecture(((16, 6, 3, 0), (32, 4, 2, 0)), 256),
}
"""Encoders for policy-gradient and imitation methods, by name."""


def fitting(layers: Layers, height: int, width: int) -> Layers:
    """The layers, or ``CLOSE`` where they leave nothing of an image of so many pixels."""
    for _, kernel, stride, padding in layers:
        height, width = ((x + 2 * padding - kernel) // stride + 1 for x in (height, width))
        if min(height, width) < 1:
            return CLOSE
    return layers


class Encoder(Recorded, ABC):
    """Observations to features; ``forward`` is ``encode``."""

    num_features: int
    """F, numbers that it makes of an observation."""
    learns: ClassVar[bool] = True
    """Whether it has weights: where it has none, an update takes its features as they are."""

    @abstractmethod
    def to_batch(self, obs: Tensor) -> Tensor:
        """Observations (B, *obs_shape) as a batch keeps them and the other methods take them."""

    @abstractmethod
    def shifted(self, batch: Tensor, pixels: int, generator: Generator) -> Tensor:
        """A batch with its images shifted at random, up to so many pixels each way (``palestra.ops.augment``)."""

    def encode(self, batch: Tensor) -> Tensor:
        """Features (B, F) float32 of a batch."""
        return self(batch) if self.learns else batch  # what has no weights leaves it as it is, in every step

    def see(self, obs: Tensor) -> Tensor:
        """Features (B, F) float32 of observations (B, *obs_shape)."""
        return self.encode(self.to_batch(obs))

    def encode_to_learn(self, batch: Tensor) -> Tensor:
        """The same features, recorded where there are weights, for a loss that an optimizer descends."""
        return self.record(batch) if self.learns else self.encode(batch)


class FlatEncoder(Encoder):
    """No weights: numbers stay as they are, bytes of images become numbers from 0 to 1.

    Args:
        space: of one observation.
    """

    learns, by_hand = False, True

    def __init__(self, space: spaces.Box):
        super().__init__()
        self.space = space
        shapes = [part.space.shape for part in space.layout] if isinstance(space, Packed) else [space.shape]
        self.num_features = sum(prod(shape) for shape in shapes)

    def to_batch(self, obs: Tensor) -> Tensor:
        """(B, *obs_shape) -> (B, F) float32."""
        if isinstance(self.space, Packed):
            return torch.cat([flat_features(part) for part in self.space.unpack(obs).values()], 1)
        return flat_features(obs)

    def shifted(self, batch: Tensor, pixels: int, generator: Generator) -> Tensor:
        """The batch itself: numbers side by side have nowhere to go."""
        return batch

    def forward(self, batch: Tensor) -> Tensor:
        """(B, F) as it is."""
        return batch


class ConvEncoder(Encoder):
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
        self.image_shape = given, height, width
        self.num_features, self.centre, self.bounded = chosen.num_features, chosen.centre, chosen.bounded
        self.layers = fitting(chosen.layers, height, width)
        self.dtype = product_dtype(precision)
        weights = []
        for channels, kernel, stride, padding in self.layers:
            weights.append(orthogonal_(torch.empty(channels, given, kernel, kernel), 2.0**0.5, generator))
            given = channels
            height, width = ((x + 2 * padding - kernel) // stride + 1 for x in (height, width))
        gain = 1.0 if chosen.bounded else 2.0**0.5
        weights.append(orthogonal_(torch.empty(self.num_features, given * height * width), gain, generator))
        self.weights = nn.ParameterList(weights)
        self.biases = nn.ParameterList([torch.zeros(len(weight)) for weight in weights])
        self.norm = nn.LayerNorm(self.num_features) if chosen.bounded or chosen.normed else nn.Identity()
        self.norms = nn.ModuleList(nn.GroupNorm(1, len(weight)) for weight in weights[:-1] if chosen.normed)

    def to_batch(self, obs: Tensor) -> Tensor:
        """A view (B, C, H, W) of observations (B, *obs_shape)."""
        if obs.dim() == 3:
            return obs.unsqueeze(1)
        return obs.permute(0, 3, 1, 2) if self.channels_last else obs

    def shifted(self, batch: Tensor, pixels: int, generator: Generator) -> Tensor:
        """Images (B, C, H, W), each moved on its own, its channels together."""
        return random_shift(batch, pixels, generator) if pixels else batch

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
        for i, ((weight, bias), (_, _, stride, padding)) in enumerate(zip(layers, self.layers)):
            x = F.conv2d(x, weight, bias, stride, padding)
            if len(self.norms):
                gain, shift = (p.to(self.dtype) for p in self.norms[i].parameters())
                x = F.group_norm(x, 1, gain, shift)
            x = x.relu()
        out_BF: Tensor = self.norm(F.linear(x.flatten(1), *layers[-1]).to(self.biases[-1].dtype))
        return out_BF.tanh() if self.bounded else out_BF.relu()


class PackedEncoder(Encoder):
    """A ConvEncoder for each image, and the vectors beside what these make: bytes (B, N) -> (B, F) float32.

    Args:
        space: of the parts.
        generator: draws the initial weights, image by image in the order of the layout.
        architecture: of each ConvEncoder.
        precision: of their products.
    """

    def __init__(
        self,
        space: Packed,
        generator: Generator,
        architecture: Architecture | None = None,
        precision: Precision = "float32",
    ):
        super().__init__()
        images = [part for part in space.layout if is_image(part.space)]
        self.encoders = nn.ModuleList(ConvEncoder(part.space, generator, architecture, precision) for part in images)
        self._sizes = [part.size for part in images]
        self._sizes.append(space.shape[0] - sum(self._sizes))
        self.num_features = sum(encoder.num_features for encoder in self._each()) + self._sizes[-1] // 4
        self._shapes = [part.space.shape for part in images]

    def _each(self) -> list[ConvEncoder]:
        return list(self.encoders)  # type: ignore[arg-type]

    def to_batch(self, obs: Tensor) -> Tensor:
        """(B, N) bytes with the channels of each image first."""
        *images, rest = obs.split(self._sizes, 1)
        if not any(encoder.channels_last for encoder in self._each()):
            return obs
        seen = zip(self._each(), images, self._shapes)
        turned = [encoder.to_batch(image.unflatten(1, shape)).flatten(1) for encoder, image, shape in seen]
        return torch.cat((*turned, rest), 1)

    def shifted(self, batch: Tensor, pixels: int, generator: Generator) -> Tensor:
        """(B, N) with every image moved on its own, vectors as they are."""
        images, rest = self._taken_apart(batch)
        moved = [encoder.shifted(x, pixels, generator).flatten(1) for encoder, x in zip(self._each(), images)]
        return torch.cat((*moved, rest), 1)

    def forward(self, batch: Tensor) -> Tensor:
        """(B, N) -> (B, F): features of the images in their order, then the vectors' numbers."""
        images, rest = self._taken_apart(batch)
        features = [encoder.encode(image) for encoder, image in zip(self._each(), images)]
        if self._sizes[-1]:  # numbers have to lie in memory where a float32 may
            features.append(rest.clone(memory_format=torch.contiguous_format).view(torch.float32))
        return torch.cat(features, 1)

    def _taken_apart(self, batch: Tensor) -> tuple[list[Tensor], Tensor]:
        """Images (B, C, H, W) uint8, and the vectors' bytes."""
        *images, rest = batch.split(self._sizes, 1)
        return [x.unflatten(1, encoder.image_shape) for encoder, x in zip(self._each(), images)], rest


def make_encoder(
    space: spaces.Box,
    generator: Generator,
    architecture: Architecture | EncoderName | None = None,
    precision: Precision = "float32",
) -> Encoder:
    """The encoder that suits a space: convolutions for images and for those among ``Packed`` parts, none for vectors.

    Args:
        space: of one observation, in the vector contract's form.
        generator: draws the initial weights; untouched where there are none.
        architecture: of the convolutions, or its name; flat for none; ``narrow()`` by default.
        precision: of the convolutions' products.

    UsageError for images of a shape that it cannot read.
    """
    if architecture == "flat" or not (is_image(space) or isinstance(space, Packed)):
        return FlatEncoder(space)
    chosen = ARCHITECTURES[architecture] if isinstance(architecture, str) else architecture
    if isinstance(space, Packed):
        return PackedEncoder(space, generator, chosen, precision)
    return ConvEncoder(space, generator, chosen, precision)
