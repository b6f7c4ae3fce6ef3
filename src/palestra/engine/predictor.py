"""What a learner can be asked that fits data: to predict, and how well it predicts."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.datasets.dataset import Dataset, Split
from palestra.datasets.order import permutation
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require, unknown_name
from palestra.measure import Direction, Evaluation, Measure
from palestra.nets.summary import Row
from palestra.ops.scores import Score


@dataclass(frozen=True)
class BatchConfig(AlgorithmConfig):
    """Settings of whatever learns batch by batch."""

    batch_size: int = 32
    """Rows of a batch."""
    batches_per_step: int = 16
    """Batches between reports, and between moments at which it can be saved; a step ends with its epoch."""

    def __post_init__(self) -> None:
        for name in ("batch_size", "batches_per_step"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")


class Predictor:
    """Predicts rows of a data set. ``class LogisticRegression(Predictor, Learner)``: a learning rule that fits one.

    It adds no level above a learner, holds no state, and asks for one method, ``outputs``.
    """

    learns_from: ClassVar[Any] = Dataset
    clock_unit: ClassVar[str] = "samples"
    kind: ClassVar[Literal["classifier", "regressor", "clusterer", "transformer", "recommender"]]
    """What it predicts: a class from 0, a number, a group, or an item that goes with a row; or it says a row again, by
    way of a code."""
    scores: tuple[Score, ...]
    """How its predictions are judged, as its class says; the first is its headline, and says which way is better."""
    headline: ClassVar[str]
    direction: ClassVar[Direction]
    dtype: ClassVar[torch.dtype] = torch.float32
    """What floating numbers of the data become."""
    default_budget: ClassVar[int] = 10_000
    """On its clock, where an estimator is not told otherwise."""
    binary: ClassVar[bool] = False
    """Whether a classifier tells two classes apart and no more: what is normal and what is not, say."""
    indexed: ClassVar[bool] = False
    """Whether its rows are numbers of things, such as of users and of films, and no amounts."""
    together: ClassVar[int] = 4_096
    """Rows that are predicted at once."""
    derives: ClassVar[tuple[str, ...]] = ("splits",)

    source: Any
    device: torch.device

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        if "scores" in vars(cls):
            cls.headline, cls.direction = cls.scores[0].name, cls.scores[0].direction

    @property
    def dataset(self) -> Dataset:
        """Which data."""
        assert isinstance(self.source, Dataset)
        return self.source

    @cached_property
    def splits(self) -> dict[str, Split]:
        """The data, loaded once, where it computes."""
        return {name: self._placed(split) for name, split in self.dataset.load().items()}

    @property
    def train(self) -> Split:
        """What it fits. UsageError where it needs a class or a number for every row, and the data has none."""
        split = self._split("train")
        labelled = split.targets is not None or self.binary or self.kind not in ("classifier", "regressor")
        expected = "a target for every row; of a table of your own --set dataset.kwargs.target=COLUMN"
        require(labelled, f"{self.dataset.id!r}, which has no targets, for a {self.kind}", expected)
        return split

    @cached_property
    def num_classes(self) -> int:
        """Of a classifier: classes 0, 1, ... up to the last one of any split, so that rows can be judged whose class it
        never saw.
        """
        labels = [split.targets for split in self.splits.values() if split.targets is not None]
        return max(int(each.max()) for each in labels if len(each)) + 1

    @classmethod
    def layers(cls, dataset: Dataset, config: Any) -> tuple[Row, ...]:
        """The blocks of the network that it would make, where that can be said without the data; nothing by itself."""
        return ()

    def outputs(self, inputs: Tensor) -> Tensor:
        """What it makes of rows (B, ...): (B, K) log-probabilities up to a constant of a classifier, (B, ...) values of
        a regressor, (B, K) distances of a clusterer, (B, I) how well items go with them of a recommender, the rows
        again of a transformer.
        """
        raise TypeError(f"{type(self).__name__} says nothing of rows; expected a class with a method outputs")

    def predict(self, inputs: Any) -> Any:
        """The class, value, group or item of every row, or the row again, as NumPy.

        Args:
            inputs: (n, ...) rows like those that it was fitted to.

        Raises UsageError for rows of another shape.
        """
        outputs = self.predicted(inputs)
        if self.kind in ("regressor", "transformer"):
            return outputs.cpu().numpy()
        return (outputs.argmin(-1) if self.kind == "clusterer" else outputs.argmax(-1)).cpu().numpy()

    def predicted(self, inputs: Any) -> Tensor:
        """The ``outputs`` of rows (n, ...) that come from outside."""
        rows = np.asarray(inputs)
        shape = tuple(self.train.inputs.shape[1:])
        expected = f"rows ({', '.join(map(str, ('n', *shape)))})"
        require(rows.ndim > 0 and rows.shape[1:] == shape, f"inputs of shape {rows.shape}", expected)
        known = self.train.inputs.dtype
        whole = known.is_floating_point or rows.dtype.kind != "f"  # shares of 255 would all come to 0
        require(whole, f"inputs of {rows.dtype}", f"{str(known).removeprefix('torch.')}, as it was fitted to")
        self.check_rows(rows)
        return self._outputs(torch.from_numpy(np.ascontiguousarray(rows)).to(self.device, self.train.inputs.dtype))

    def check_rows(self, rows: NDArray[Any]) -> None:
        """UsageError for rows of the right shape, from outside, that it knows nothing of; there are none by itself."""

    def measured(self, measure: Measure) -> Evaluation:
        """Its scores on a split, the ``validation`` split where none is named, without drawing from its generators."""
        inputs, targets = self._chosen(measure)
        return self._evaluated(inputs, inputs if targets is None else targets)

    def check_measurable(self, measure: Measure) -> None:
        """UsageError where the data has no such split."""
        self._split(measure.split or "validation")

    def _chosen(self, measure: Measure) -> Split:
        """The rows that are measured on."""
        split = self._split(measure.split or "validation")
        count, size = measure.count or len(split.inputs), len(split.inputs)
        if count >= size:
            return split
        chosen = permutation(measure.seed, 0, size)[:count].to(split.inputs.device)
        return Split(split.inputs[chosen], None if split.targets is None else split.targets[chosen])

    def _evaluated(self, inputs: Tensor, wanted: Tensor) -> Evaluation:
        """Its scores on rows, whose outputs should be as ``wanted`` says."""
        rows = self._judged(inputs, wanted)
        metrics = {score.name: float(score.total(each)) for score, each in zip(self.scores, rows)}
        return Evaluation(metrics[self.headline], rows[0], metrics)

    def _flat(self, inputs: Tensor) -> Tensor:
        """(B, F) rows of any shape as vectors, in its numbers and where it computes."""
        return inputs.flatten(1).to(self.device, self.dtype)

    def _outputs(self, inputs: Tensor) -> Tensor:
        with torch.inference_mode():
            return torch.cat([self.outputs(chunk) for chunk in inputs.split(self.together)])

    def _judged(self, inputs: Tensor, targets: Tensor) -> list[Tensor]:
        """(B,) of each score. Outputs, which may be much larger than what they come from, are never all there."""
        with torch.inference_mode():
            parts = []
            for chunk, wanted in zip(inputs.split(self.together), targets.split(self.together)):
                outputs = self.outputs(chunk)
                parts.append([score.rows(outputs, wanted).cpu() for score in self.scores])
            return [torch.cat(each) for each in zip(*parts)]

    def _split(self, name: str) -> Split:
        if name not in self.splits:
            raise unknown_name(f"split of {self.dataset.id!r}", name, self.splits)
        return self.splits[name]

    def _placed(self, split: Split) -> Split:
        def placed(column: Tensor) -> Tensor:
            return column.to(self.device, self.dtype if column.is_floating_point() else column.dtype)

        return Split(placed(split.inputs), None if split.targets is None else placed(split.targets))
