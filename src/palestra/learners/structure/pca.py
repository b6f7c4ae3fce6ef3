"""Principal component analysis (Pearson 1901): rows by few numbers, those along the directions in which they differ
most.

    S = mean of (x - m)(x - m)',  m = mean of x
    S u_k = lambda_k u_k,  lambda_1 >= lambda_2 >= ...
    code of x = (u_1 (x - m), ..., u_K (x - m)),  x^ = m + sum_k code_k u_k

No other directions of as many leave less of the squared distance |x - x^|^2, of which the share kept is
sum_k lambda_k / trace S. It is fitted at once. Of each direction, either way along it is as good; the one is taken in
which its largest number is positive.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.learners.structure.looked_at import code_map, images_again, some
from palestra.measure import Evaluation, Measure, Metrics
from palestra.ops.principal import Plane, principal_plane
from palestra.ops.scores import RMSE
from palestra.pictures.panels import Lines, Panels

LOOKED_AT, SHOWN = 2_000, 12
"""Rows whose codes are drawn, and images that are shown again."""


@dataclass(frozen=True)
class PCAConfig(AlgorithmConfig):
    """Settings of principal component analysis."""

    components: int = 2
    """Numbers that a row is told by."""

    def __post_init__(self) -> None:
        require(self.components >= 1, f"components={self.components}", "1 or more")


class PCA(Predictor, Learner):
    """Principal component analysis of rows, or of images as rows of pixels, in float64."""

    name = "pca"
    config_type = PCAConfig
    config: PCAConfig
    kind = "transformer"
    scores = (RMSE,)
    dtype = torch.float64
    saves = ("mean_F", "axis_KF", "variance_L")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        rows, features = len(self.train.inputs), self.train.inputs[0].numel()
        given = f"{self.config.components} components of n_samples={rows}, n_features={features}"
        require(self.config.components <= min(rows, features), given, "no more than either")
        self.mean_F = torch.zeros(features, dtype=self.dtype, device=self.device)
        self.axis_KF = self.mean_F.new_zeros(self.config.components, features)
        self.variance_L = self.mean_F.new_zeros(min(rows, features))
        """Of rows along every direction that they have, the widest first; mean squares."""

    @property
    def plane(self) -> Plane:
        """Where rows are told to lie."""
        return Plane(self.mean_F, self.axis_KF, self.variance_L[: self.config.components])

    def step(self) -> Metrics:
        """All of it."""
        rows_BF = self._flat(self.train.inputs)
        whole = principal_plane(rows_BF, len(self.variance_L))  # Pearson 1901
        self.mean_F, self.variance_L = whole.mean_F, whole.variance_K
        self.axis_KF = whole.axis_KF[: self.config.components].clone()
        self.clock, self.finished = len(rows_BF), True
        return {"train/explained_variance": float(self.explained_L[self.config.components - 1])}

    @property
    def explained_L(self) -> Tensor:
        """(L,) shares of the variance that so many directions keep: of one, of two, ...; 1 where rows do not differ."""
        total = self.variance_L.sum()
        return self.variance_L.cumsum(0) / total if total > 0 else torch.ones_like(self.variance_L)

    def encode(self, inputs: Tensor) -> Tensor:
        """(B, K) codes of rows as they are in the data."""
        return self.plane.code(self._flat(inputs))

    def decode(self, code_BK: Tensor) -> Tensor:
        """(B, ...) the rows that codes stand for."""
        rows_BF = self.plane.decoded(code_BK.to(self.mean_F))
        return rows_BF.reshape(code_BK.shape[0], *self.train.inputs.shape[1:])

    def outputs(self, inputs: Tensor) -> Tensor:
        """The rows again, float64 of the same shape."""
        return self.decode(self.encode(inputs))

    def measured(self, measure: Measure) -> Evaluation:
        """How far rows are from themselves, and ``eval/explained_variance``: the share that is kept of their squared
        distances from the mean of what it was fitted to.
        """
        inputs = self._chosen(measure).inputs
        found = self._evaluated(inputs, inputs)
        spread = float((self._flat(inputs) - self.mean_F).square().mean())
        kept = 1 - found.score**2 / spread if spread > 0 else 1.0
        return replace(found, metrics={**found.metrics, "eval/explained_variance": kept})

    def exhibits(self) -> list[Exhibit]:
        """Images again, where codes lie, and what each further direction would keep."""
        split = some(self._split("validation" if "validation" in self.splits else "train"), LOOKED_AT)
        few, count = split.inputs[:SHOWN], self.config.components
        lines = {"as they are": few, f"by {count} numbers": self._outputs(few)}
        kept = f"{100 * float(self.explained_L[count - 1]):.1f} % of the variance in {count} numbers"
        drawn = images_again(f"images again: {kept}", lines, self.train)
        if count > 1:
            code_B2, names = self.encode(split.inputs)[:, :2], self.dataset.class_names()
            drawn.append(code_map(f"by the two widest directions; {kept}", code_B2, split, names))
        return [*drawn, self._spectrum(kept)]

    def _spectrum(self, said: str) -> Panels:
        """Of every direction its share, and of so many together theirs."""
        x = np.arange(1, len(self.variance_L) + 1)
        together = self.explained_L.cpu().numpy()
        each = np.diff(together, prepend=0.0)
        panels = [
            Lines("share of each direction", "direction", {"each": (x, each)}, logarithmic=True),
            Lines("share of so many", "directions", {"together": (x, together)}, bounds=(0.0, 1.05)),
        ]
        return Panels("how much variance directions explain", said, panels, 2)
