"""How a classifier divides the plane while it learns, kept for a picture and a film.

It is looked at before the first step, and whenever the learner has seen a seventh more than at the last look: a
boundary moves most at first. What is kept is part of the learner's state, so that a film is whole after a resume.
Looks are entries of a list: L of them.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from palestra.datasets.dataset import Split
from palestra.engine.exhibit import Exhibit
from palestra.pictures.boundary import Boundary, BoundaryFilm

SIDE = 64
"""Places of the grid across, and down."""
GROWTH = 8 / 7
MARGIN = 0.08
"""Of the plane around the points."""


class PlaneWatch:
    """Looks at a classifier of points (B, 2).

    Args:
        split: the points that it learns from, and their classes.
    """

    saves: ClassVar[tuple[str, ...]] = ("clock_L", "class_LHW", "share_LHW")
    derives: ClassVar[tuple[str, ...]] = ("split", "place_B2")

    def __init__(self, split: Split):
        self.split = split
        low_2, high_2 = split.inputs.amin(0), split.inputs.amax(0)
        margin_2 = torch.where(high_2 > low_2, MARGIN * (high_2 - low_2), 0.5)
        self.low, self.high = (low_2 - margin_2).tolist(), (high_2 + margin_2).tolist()
        across, down = (torch.linspace(low, high, SIDE, dtype=torch.float64) for low, high in zip(self.low, self.high))
        self.place_B2 = torch.cartesian_prod(down, across).flip(1).to(split.inputs.device)
        self.clock_L = torch.zeros(0, dtype=torch.int64)
        """What had been seen at each look."""
        self.class_LHW = torch.zeros((0, SIDE, SIDE), dtype=torch.uint8)
        """The most probable class at each place, from low to high."""
        self.share_LHW = torch.zeros((0, SIDE, SIDE), dtype=torch.uint8)
        """How probable it was, of 255."""

    @classmethod
    def of(cls, split: Split) -> "PlaneWatch | None":
        """One that looks, where samples are points of the plane."""
        return cls(split) if split.inputs.dim() == 2 and split.inputs.shape[1] == 2 else None

    def look(self, clock: int, outputs: Callable[[Tensor], Tensor]) -> None:
        """Keep how the plane is divided, if it is time."""
        if len(self.clock_L) and clock < GROWTH * max(1, int(self.clock_L[-1])):
            return
        class_HW, share_HW = self._divided(outputs)
        self.clock_L = torch.cat([self.clock_L, torch.tensor([clock])])
        self.class_LHW = torch.cat([self.class_LHW, class_HW[None]])
        self.share_LHW = torch.cat([self.share_LHW, share_HW[None]])

    def exhibits(self, clock: int, outputs: Callable[[Tensor], Tensor], unit: str) -> list[Exhibit]:
        """All that was kept, and how it is now: as a picture, and as a film."""
        (class_HW, share_HW), labels = self._divided(outputs), self.split.targets
        assert labels is not None  # a classifier has labels
        before = self.clock_L < clock
        kind: dict[str, Any] = {
            "unit": unit,
            "clocks": [*self.clock_L[before].tolist(), clock],
            "classes": torch.cat([self.class_LHW[before], class_HW[None]]).numpy(),
            "shares": torch.cat([self.share_LHW[before], share_HW[None]]).numpy() / 255,
            "extent": (self.low[0], self.high[0], self.low[1], self.high[1]),
            "points": self.split.inputs.cpu().numpy(),
            "labels": labels.cpu().numpy(),
        }
        title = "how it divides the plane"
        return [Boundary(title, **kind), BoundaryFilm(title, **kind)]

    def _divided(self, outputs: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            share_B, class_B = outputs(self.place_B2).double().softmax(1).max(1)
        grid = (SIDE, SIDE)
        return class_B.cpu().to(torch.uint8).reshape(grid), (share_B * 255).round().cpu().to(torch.uint8).reshape(grid)
