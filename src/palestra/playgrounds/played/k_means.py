"""K-means, played: one pass a step, from a start that is drawn or dragged."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from palestra.datasets.dataset import InMemory, Split
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.structure.k_means import KMeans, KMeansConfig
from palestra.ops.lloyd import inertia_of, nearest_centre
from palestra.playgrounds.arguments import integer, only, place
from palestra.playgrounds.clouds import GROUPS
from palestra.playgrounds.offer import Text
from palestra.playgrounds.offers.k_means import MOST_POINTS, REACH, KMeansAsked
from palestra.playgrounds.playground import Playground

COUNT = 240
"""Points of what is not one's own."""
SHOWN = 100
"""Last places of a centre that are drawn."""


class KMeansPlayground(Playground[KMeansAsked]):
    """Points, and centres on their way."""

    saves = ("learner", "inertias")

    def __init__(self, asked: KMeansAsked):
        super().__init__(asked)
        self.points = _points(asked)
        self.learner = _learner(asked, self.points)
        self.inertias: list[float] = [self._inertia()]
        """Before the first pass, and after each."""

    @property
    def finished(self) -> bool:
        """Whether the centres have settled."""
        return self.learner.finished

    def step(self) -> None:
        """One pass over all points."""
        self.learner.step()
        self.inertias.append(self._inertia())

    def edit(self, edit: Mapping[str, Any]) -> None:
        """``centre`` and ``to`` drag a centre; ``point`` puts one down; ``clear`` takes all points away but a few.

        Passes begin anew from where the centres are.
        """
        only(edit, "centre", "to", "point", "clear")
        centre_GF = self.learner.centre_GF.clone()
        asked, points = self.asked, self.points
        if "centre" in edit:
            which = integer(edit, "centre", 0, asked.groups - 1)
            centre_GF[which] = torch.tensor(place(edit, "to", -REACH, REACH), dtype=torch.float64)
        elif "point" in edit:
            require(len(points) < MOST_POINTS, f"one more point than {len(points)}", f"at most {MOST_POINTS:,}")
            new = torch.tensor([place(edit, "point", -REACH, REACH)], dtype=torch.float64)
            points = torch.cat((points, new))
        else:
            require(edit.get("clear") is True, f"an edit of {', '.join(edit) or 'nothing'}", "centre, point, or clear")
            points = centre_GF.clone()  # a point on each centre: there cannot be fewer
        if points is not self.points:
            own = tuple((round(x, 4), round(y, 4)) for x, y in points.clamp(-REACH, REACH).tolist())
            asked = self.asking(data="own", points=own)
            points = _points(asked)
        learner = _learner(asked, points)
        learner.trail_LGF = centre_GF[None]
        self.asked, self.points, self.learner = asked, points, learner
        self.inertias = [self._inertia()]

    def ground(self) -> dict[str, Any]:
        """The points."""
        return {"points": self.points, "reach": REACH}

    def frame(self) -> dict[str, Any]:
        """Whose each point is, and the ways of the centres."""
        return {
            "group": nearest_centre(self.points, self.learner.centre_GF),
            "centres": self.learner.centre_GF,
            "ways": self._trail()[-SHOWN:],
            "inertias": self.inertias[-SHOWN:],
        }

    def _trail(self) -> Tensor:
        best = self.learner.best_LGF
        return best if len(best) else self.learner.trail_LGF

    def _inertia(self) -> float:
        centre_GF = self.learner.centre_GF
        return float(inertia_of(self.points, centre_GF, nearest_centre(self.points, centre_GF)))

    def see(self) -> Text:
        """How far the centres are."""
        passes, inertia = len(self.inertias) - 1, self.inertias[-1]
        if self.finished:
            return Text(
                f"Settled after {passes} passes: every centre is in the middle of its points, with squared distances of"
                f" {inertia:.2f} in sum. It may not be the least there is: drag a centre and see.",
                f"{passes} 遍后停住：每个中心都在自己那些点的中间，距离平方和 {inertia:.2f}。"
                "这未必是最小的：拖动一个中心试试。",
            )
        if not passes:
            return Text(
                "Each point has the colour and shape of its nearest centre. A pass moves every centre to their middle.",
                "每个点的颜色和形状随最近的中心。走一遍，中心就移到它们的中间。",
            )
        return Text(
            f"Pass {passes}: the sum of the squared distances has fallen from {self.inertias[0]:.2f} to {inertia:.2f}."
            " No pass can make it larger.",
            f"第 {passes} 遍：距离平方和从 {self.inertias[0]:.2f} 降到 {inertia:.2f}，任何一遍都不会让它变大。",
        )


def _points(asked: KMeansAsked) -> Tensor:
    if asked.data == "own":
        return torch.tensor(asked.points, dtype=torch.float64)
    points, _ = GROUPS[asked.data](COUNT, generator(asked.seed, "points"))
    return points.clamp(-REACH, REACH)


def _learner(asked: KMeansAsked, points: Tensor) -> KMeans:
    config = KMeansConfig(groups=asked.groups, start=asked.start, restarts=1)
    return KMeans(InMemory({"train": Split(points, None)}), config, seed=asked.seed, device="cpu")
