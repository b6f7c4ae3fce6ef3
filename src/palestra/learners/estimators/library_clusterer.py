"""Clusterers of scikit-learn: k-means in mini-batches or by bisection, mean shift, DBSCAN, agglomeration, and others.

    inertia = sum of |x - m_g(x)|^2,  m_g the mean of the training rows in group g, g(x) the group of x

They do the work themselves (Sculley 2010; Comaniciu & Meer 2002; Ester et al. 1996; Ward 1963), without labels. What
only groups the rows that it was given puts another row where the nearest of those is. Rows that it puts into no group,
as DBSCAN does with noise, are a last group by themselves.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.datasets.dataset import Dataset, Split
from palestra.engine.exhibit import Exhibit
from palestra.errors import require
from palestra.learners.estimators.catalogue import imported
from palestra.learners.estimators.library_learner import LibraryConfig, LibraryLearner
from palestra.learners.estimators.rounds import parted
from palestra.learners.structure.looked_at import code_map, some
from palestra.measure import Evaluation, Measure, Metrics
from palestra.ops.lloyd import INERTIA
from palestra.ops.silhouette import mean_silhouette

LOOKED_AT = 2_000
"""Rows that are drawn, and whose silhouettes are looked at."""


@dataclass(frozen=True)
class LibraryClustererConfig(LibraryConfig):
    """Settings of a clusterer of another library."""

    estimator: str = "KMeans"
    """Which: by scikit-learn's name, or a pipeline of steps as JSON: ["StandardScaler", "DBSCAN"]."""


class LibraryClusterer(LibraryLearner):
    """Fits a clusterer of scikit-learn."""

    name = "library-clusterer"
    config_type = LibraryClustererConfig
    config: LibraryClustererConfig
    kind = "clusterer"
    takes = ("clusterer",)
    scores = (INERTIA,)
    derives = ("means",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        of_rows = hasattr(self.last, "predict") or not hasattr(self.last, "transform")
        require(of_rows, f"{self.config.estimator}, which groups columns,", "one that groups rows")
        self.means: tuple[Any, int, NDArray[np.float64]] | None = None
        """Of whom, after how many rounds: (G, F) the means of the groups; None before they were asked for."""

    def looked_at(self, rounds: range) -> Metrics:
        """How many groups there are."""
        return {"train/groups": float(len(self.mean_GF))}

    @property
    def mean_GF(self) -> NDArray[np.float64]:
        """The mean of the training rows of each group; of all of them where a group has none."""
        estimator = self.model.estimator
        if self.means is None or self.means[0] is not estimator or self.means[1] != self.clock:
            rows, _ = self.fitted_to()
            group_B = self._own(estimator, rows)
            count_G = np.bincount(group_B, minlength=len(getattr(self.last, "cluster_centers_", ())))
            mean_GF = np.tile(rows.mean(0), (len(count_G), 1))
            for group in np.flatnonzero(count_G):
                mean_GF[group] = rows[group_B == group].mean(0)
            self.means = (estimator, self.clock, mean_GF)
        return self.means[2]

    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """(B, G): squared distances from the mean of a row's group, and infinity for the groups that it is not in."""
        mean_GF, group_B = self.mean_GF, self._grouped(estimator, inputs)
        out_BG = np.full((len(inputs), len(mean_GF)), np.inf)
        out_BG[np.arange(len(inputs)), group_B] = np.square(inputs - mean_GF[group_B]).sum(1)  # Ward 1963
        return torch.from_numpy(out_BG)

    def measured(self, measure: Measure) -> Evaluation:
        """The inertia of rows, and ``eval/silhouette``, the mean silhouette of some of them, where there are groups."""
        inputs = self._chosen(measure).inputs
        found = self._evaluated(inputs, inputs)
        few = self._chosen(replace(measure, count=min(measure.count or LOOKED_AT, LOOKED_AT))).inputs
        told = mean_silhouette(self._flat(few), self._outputs(few).argmin(1))
        return found if told is None else replace(found, metrics={**found.metrics, "eval/silhouette": told})

    def exhibits(self) -> list[Exhibit]:
        """Rows in the colours of their groups, where they have two numbers or more."""
        rows = some(self.train, LOOKED_AT).inputs
        if not self.model.fitted or rows[0].numel() < 2:
            return []
        group_B = self._outputs(rows).argmin(1)
        names = tuple(f"group {group}" for group in range(len(self.mean_GF)))
        said = f"rows in the colours of {len(names)} groups"
        return [code_map(said, self._flat(rows), Split(rows, group_B), names)]

    def _own(self, estimator: Any, rows: NDArray[Any]) -> NDArray[np.int64]:
        """(N,) the groups of the rows that it was fitted to."""
        _, last = parted(estimator)
        with self.asked():
            return _numbered(estimator.predict(rows) if hasattr(last, "predict") else last.labels_, last)

    def _grouped(self, estimator: Any, inputs: NDArray[Any]) -> NDArray[np.int64]:
        """(B,) the groups of any rows."""
        head, last = parted(estimator)
        if hasattr(last, "predict"):
            return _numbered(estimator.predict(inputs), last)
        known, asked = self.fitted_to()[0], inputs
        if head is not None:
            known, asked = head.transform(known), head.transform(asked)
        nearest_B: NDArray[np.int64] = imported("sklearn.metrics", "a clusterer").pairwise_distances_argmin(
            asked, known
        )
        return _numbered(last.labels_, last)[nearest_B]


def _numbered(label_B: Any, last: Any) -> NDArray[np.int64]:
    """Groups from 0; rows in none, which scikit-learn numbers below 0, are one after the last."""
    group_B = np.asarray(label_B, np.int64)
    groups = int(np.asarray(last.labels_).max(initial=-1)) + 1
    return np.where(group_B < 0, groups, group_B)
