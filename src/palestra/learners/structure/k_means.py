"""K-means (Lloyd 1982): groups of rows, each around a centre, found without labels.

    group of x = argmin_g |x - c_g|^2
    c_g        = mean of the rows of group g
    inertia    = sum over rows of |x - c of its group|^2

A step is one pass over all rows. No pass makes the inertia larger, so it ends, but where depends on the start: centres
that k-means++ drew far apart, or any rows (Arthur & Vassilvitskii 2007). From some starts, one after the other, the
centres of the least inertia are kept. A centre that loses all its rows goes to the row that is farthest from its own.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset, Split
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.seeding import generator
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.learners.structure.looked_at import some
from palestra.measure import Evaluation, Measure, Metrics
from palestra.ops.lloyd import (
    INERTIA,
    Whole,
    as_one_group,
    inertia_of,
    lloyd_pass,
    nearest_centre,
    random_start,
    settled,
    spread_start,
    squared_distances,
)
from palestra.ops.principal import principal_plane
from palestra.ops.silhouette import mean_silhouette
from palestra.pictures.grouping import Grouping, GroupingFilm
from palestra.pictures.panels import Lines, Panels

JUDGED, SHOWN = 1_000, 1_500
"""Rows whose silhouettes are taken, each with every other, and rows that are shown; as far as there are so many."""
ELBOW_ROWS, ELBOW_STARTS = 1_000, 3
"""Rows that are grouped again into fewer and more groups, and from how many starts."""


@dataclass(frozen=True)
class KMeansConfig(AlgorithmConfig):
    """Settings of k-means."""

    groups: int = 8
    """How many centres there are."""
    start: Literal["k-means++", "random"] = "k-means++"
    """Where centres begin: on rows that are drawn far apart, or on any."""
    restarts: int = 10
    """Starts, of which the one is kept that ends with the least inertia."""
    tolerance: float = 1e-4
    """Centres that move by less have settled: the squares of all moves, as a share of the mean variance of columns."""
    passes: int = 300
    """From one start, at most."""

    def __post_init__(self) -> None:
        for name in ("groups", "restarts", "passes"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "1 or more")
        require(self.tolerance >= 0, f"tolerance={self.tolerance}", "0 or more")


class KMeans(Predictor, Learner):
    """K-means over rows, or over images as rows of pixels; it stops by itself, after its last start."""

    name = "k-means"
    config_type = KMeansConfig
    config: KMeansConfig
    kind = "clusterer"
    scores = (INERTIA,)
    dtype = torch.float64
    default_budget = 10**15
    saves = ("generator", "restart", "trail_LGF", "best_LGF", "best_inertia")
    derives = ("rows", "whole")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        given = f"{self.config.groups} groups of {len(self.rows)} samples"
        require(self.config.groups <= len(self.rows), given, "no more groups than samples")
        self.limit = self.config.tolerance * float(self.rows.var(0, correction=0).mean())
        self.generator = generator(seed, "starts")
        self.restart = 0
        """Starts that have come to their end."""
        self.trail_LGF = self._start()
        """Where the centres have been since the present start, and where they are."""
        self.best_LGF = self.trail_LGF[:0]
        """The same of the best that has ended; nothing before the first."""
        self.best_inertia = torch.full((), torch.inf, dtype=self.dtype, device=self.device)

    @cached_property
    def rows(self) -> Tensor:
        """(B, F) what is to be grouped."""
        return self._flat(self.train.inputs)

    @cached_property
    def whole(self) -> Whole:
        """The same as one group."""
        return as_one_group(self.rows)

    @property
    def centre_GF(self) -> Tensor:
        """The centres: of the best that has ended, or the present ones before any has."""
        return self.best_LGF[-1] if len(self.best_LGF) else self.trail_LGF[-1]

    def step(self) -> Metrics:
        """One pass over all rows."""
        before_GF = self.trail_LGF[-1]
        done = lloyd_pass(self.rows, before_GF, self.whole)  # Lloyd 1982
        self.trail_LGF = torch.cat((self.trail_LGF, done.centre_GF[None]))
        self.clock += len(self.rows)
        moved = float((done.centre_GF - before_GF).square().sum())
        metrics = {"train/inertia": float(done.inertia), "train/moved": moved, "train/restart": float(self.restart)}
        if moved <= self.limit or len(self.trail_LGF) > self.config.passes:
            # Where no centre moved, rows are still in the groups that the pass has found.
            self._end(done.group_B if moved == 0 else nearest_centre(self.rows, done.centre_GF))
        return metrics

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, G) squared distances."""
        return squared_distances(self._flat(inputs), self.centre_GF)

    def measured(self, measure: Measure) -> Evaluation:
        """The inertia of rows, and ``eval/silhouette``, the mean silhouette of some of them, where it has one."""
        inputs = self._chosen(measure).inputs
        found = self._evaluated(inputs, inputs)
        few = self._flat(self._chosen(replace(measure, count=min(measure.count or JUDGED, JUDGED))).inputs)
        told = mean_silhouette(few, nearest_centre(few, self.centre_GF))
        return found if told is None else replace(found, metrics={**found.metrics, "eval/silhouette": told})

    def exhibits(self) -> list[Exhibit]:
        """The way of the centres as a sheet and as a film, and what fewer and more groups would come to."""
        return [*self._ways(), self._elbow()]

    def _start(self) -> Tensor:
        draw = spread_start if self.config.start == "k-means++" else random_start
        return draw(self.rows, self.config.groups, self.generator)[None]

    def _end(self, group_B: Tensor) -> None:
        """Keep the present centres, in whose groups rows are, if they are the best so far, and begin anew or stop."""
        inertia = inertia_of(self.rows, self.trail_LGF[-1], group_B)
        if inertia < self.best_inertia:
            self.best_LGF, self.best_inertia = self.trail_LGF.clone(), inertia
        self.restart += 1
        self.finished = self.restart == self.config.restarts
        if not self.finished:
            self.trail_LGF = self._start()

    def _ways(self) -> list[Exhibit]:
        """Of rows of two numbers or more."""
        if self.rows.shape[1] == 1:
            return []
        rows_BF = some(Split(self.rows, None), SHOWN).inputs
        trail_LGF = self.best_LGF if len(self.best_LGF) else self.trail_LGF
        group_LB = torch.stack([nearest_centre(rows_BF, centre_GF) for centre_GF in trail_LGF])
        place_B2, place_LG2, said = rows_BF, trail_LGF, "rows in the colours of the nearest centre"
        if rows_BF.shape[1] > 2 and len(rows_BF) > 1:
            plane = principal_plane(rows_BF, 2)
            place_B2, place_LG2 = plane.code(rows_BF), plane.code(trail_LGF)
            said += f"; of {rows_BF.shape[1]} directions the two in which rows differ most"
        drawn = (place_B2.cpu().numpy(), group_LB.cpu().numpy(), place_LG2.cpu().numpy())
        title = f"{self.config.groups} centres on their way"
        return [Grouping(title, said, *drawn), GroupingFilm(title, said, *drawn)]

    def _elbow(self) -> Panels:
        """Inertia and silhouette of some rows by the number of groups."""
        rows_BF = some(Split(self.rows, None), ELBOW_ROWS).inputs
        counts = range(1, min(max(2 * self.config.groups, 6), len(rows_BF)) + 1)
        inertias, told = [], []
        for groups in counts:
            draw = generator(self.seed, "elbow", groups)
            ends = [settled(rows_BF, spread_start(rows_BF, groups, draw), self.limit) for _ in range(ELBOW_STARTS)]
            costs = [float(inertia_of(rows_BF, end, nearest_centre(rows_BF, end))) for end in ends]
            inertias.append(min(costs))
            told.append(mean_silhouette(rows_BF, nearest_centre(rows_BF, ends[costs.index(min(costs))])))
        x, silhouette = np.array(counts), np.array([np.nan if each is None else each for each in told])
        panels = [
            Lines("inertia a row", "groups", {"inertia": (x, np.array(inertias) / len(rows_BF))}),
            Lines("mean silhouette", "groups", {"silhouette": (x, silhouette)}),
        ]
        said = f"of {len(rows_BF):,} rows, the best of {ELBOW_STARTS} starts each; where inertia bends, look for a peak"
        return Panels("how many groups there are", said, panels, 2)
