"""Augmentation: random changes of a batch of images that leave what they show the same.

How an image is changed is a pure function of the seed and of its position, the number of samples given before it over
all epochs; where mirroring alternates, of its row and the epoch. So nothing is drawn and kept: a resumed training, one
in batches of another size, and one whose batches come from several workers change every image alike.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from palestra.errors import require

_BITS = 24


@dataclass(frozen=True)
class Augmentation:
    """Mirror half of the images, and move each by some pixels."""

    flip: bool = True
    """Mirror left and right, every other image on average. Not for digits and letters."""
    pad: int = 4
    """Pixels of black around an image, out of which one of its size is cut somewhere; 0 leaves it where it is."""
    alternating: bool = False
    """Mirror half of the images in the first epoch, the others in the next, and so on, rather than by chance: two
    epochs show every image both ways (Jordan 2024, section 3.6)."""

    def __post_init__(self) -> None:
        require(self.pad >= 0, f"pad={self.pad}", "0 or more pixels")
        require(self.flip or not self.alternating, "alternating without flip", "both")

    def __call__(self, images: Tensor, seed: int, position: int, row_B: Tensor | None = None, epoch: int = 0) -> Tensor:
        """The images changed, of the same shape and type.

        Args:
            images: (B, H, W) or (B, H, W, C), of any type.
            seed: of all changes.
            position: of the first one; that of the others follows.
            row_B: which of the images of the data set they are; only where mirroring alternates.
            epoch: whole passes over these before.
        """
        require(images.dim() in (3, 4), f"images of shape {tuple(images.shape)}", "(B, H, W) or (B, H, W, C)")
        draws = mixed(seed, position, len(images))
        if self.flip:
            mirrored = self._mirrored(draws, seed, row_B, epoch).to(images.device)
            images = torch.where(mirrored.view(-1, *[1] * (images.dim() - 1)), images.flip(2), images)
        if not self.pad:
            return images
        down, across = (self._places(draws >> np.uint64(shift)).to(images.device) for shift in (1, 1 + _BITS))
        height, width = images.shape[1:3]
        padded = F.pad(images, (*([0, 0] if images.dim() == 4 else []), *[self.pad] * 4))
        # Every place as a view, of which one for each image is copied.
        places = padded.unfold(1, height, 1).unfold(2, width, 1)
        cut = places[torch.arange(len(images), device=images.device), down, across]
        return cut.movedim(1, -1).contiguous() if images.dim() == 4 else cut

    def _mirrored(self, draws: NDArray[np.uint64], seed: int, row_B: Tensor | None, epoch: int) -> Tensor:
        """(B,) bool."""
        if self.alternating:
            assert row_B is not None  # the loader says it
            draws = mixed_rows(seed, row_B) ^ np.uint64(epoch)
        return torch.from_numpy((draws & np.uint64(1)).astype(bool))

    def _places(self, draws: NDArray[np.uint64]) -> Tensor:
        """(B,) int64 in 0 to 2 pad, each as likely (to one in a million) as the next."""
        share = draws & np.uint64((1 << _BITS) - 1)
        return torch.from_numpy(((share * np.uint64(2 * self.pad + 1)) >> np.uint64(_BITS)).astype(np.int64))


def mixed(seed: int, position: int, count: int) -> NDArray[np.uint64]:
    """(count,) 64 random bits for each position from one on, by SplitMix64 (Steele, Lea & Flood 2014)."""
    at = np.arange(position, position + count, dtype=np.uint64)
    return _mix(at + _mix(np.full(1, seed, np.uint64)))


def mixed_rows(seed: int, row_B: Tensor) -> NDArray[np.uint64]:
    """(B,) 64 random bits for each row, which are not those of the position with its number."""
    key = _mix(_mix(np.full(1, seed, np.uint64)))
    return _mix(row_B.cpu().numpy().astype(np.uint64) + key)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = (values + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
