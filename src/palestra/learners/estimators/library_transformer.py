"""Transformers of scikit-learn that say rows again by way of a code: decompositions, factors, scalings.

    code = t(x),  x^ = t^-1(code),  judged by |x - x^|

They do the work themselves, without labels: non-negative factors (Lee & Seung 1999), independent components
(Hyvarinen & Oja 2000), kernels (Schoelkopf et al. 1998), dictionaries (Mairal et al. 2009).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.errors import require
from palestra.learners.estimators.library_learner import LibraryConfig, LibraryLearner
from palestra.learners.structure.looked_at import code_map, images_again, some
from palestra.measure import Evaluation, Measure, Metrics
from palestra.ops.scores import RMSE

LOOKED_AT, SHOWN = 2_000, 12
"""Rows whose codes are drawn, and images that are shown again."""


@dataclass(frozen=True)
class LibraryTransformerConfig(LibraryConfig):
    """Settings of a transformer of another library."""

    estimator: str = "NMF"
    """Which: by scikit-learn's name, or a pipeline of steps as JSON: ["StandardScaler", "FastICA"]."""


class LibraryTransformer(LibraryLearner):
    """Fits a transformer of scikit-learn whose codes can be turned back into rows."""

    name = "library-transformer"
    config_type = LibraryTransformerConfig
    config: LibraryTransformerConfig
    kind = "transformer"
    takes = (None,)
    scores = (RMSE,)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        asked = self.config.estimator
        both = all(hasattr(self.model.estimator, name) for name in ("transform", "inverse_transform"))
        require(both, f"{asked}, whose codes say no rows again,", "a transformer with an inverse_transform")

    def looked_at(self, rounds: range) -> Metrics:
        """How many numbers a code has."""
        return {"train/code": float(self.encode(self.train.inputs[:1]).shape[1])}

    def encode(self, inputs: Tensor) -> Tensor:
        """(B, K) codes of rows as they are in the data."""
        with self.asked():
            code_BK = self.model.estimator.transform(inputs.flatten(1).numpy())
        dense_BK = code_BK.toarray() if hasattr(code_BK, "toarray") else code_BK
        return torch.from_numpy(np.asarray(dense_BK, np.float64)).reshape(len(inputs), -1)

    def decode(self, code_BK: Tensor) -> Tensor:
        """(B, ...) the rows that codes stand for."""
        with self.asked():
            rows_BF = self.model.estimator.inverse_transform(code_BK.numpy())  # Lee & Seung 1999, eq. 1
        return torch.from_numpy(np.asarray(rows_BF, np.float64)).reshape(-1, *self.train.inputs.shape[1:])

    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """The rows again, float64 of the shape that they have in the data."""
        return self.decode(self.encode(torch.from_numpy(inputs)))

    def measured(self, measure: Measure) -> Evaluation:
        """How far rows are from themselves."""
        inputs = self._chosen(measure).inputs
        return self._evaluated(inputs, inputs)

    def exhibits(self) -> list[Exhibit]:
        """Images again, and where codes lie."""
        if not self.model.fitted:
            return []
        split = some(self._split("validation" if "validation" in self.splits else "train"), LOOKED_AT)
        few, code_BK = split.inputs[:SHOWN], self.encode(split.inputs)
        said = f"by {code_BK.shape[1]} numbers"
        drawn = images_again(f"images again, {said}", {"as they are": few, said: self._outputs(few)}, self.train)
        if code_BK.shape[1] > 1:
            drawn.append(code_map(said, code_BK, split, self.dataset.class_names()))
        return drawn
