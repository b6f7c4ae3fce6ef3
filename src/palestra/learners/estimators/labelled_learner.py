"""Estimators of scikit-learn or XGBoost that learn from labels: what those that say classes and numbers have in common.

They are looked at on rows that they were fitted to, or a forest on those that each of its trees did not draw, and may
stop when the loss on the validation split gets no smaller.
"""

import copy
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.datasets.dataset import Dataset, Split
from palestra.datasets.order import permutation
from palestra.errors import require
from palestra.learners.estimators.library_learner import LibraryConfig, LibraryLearner
from palestra.learners.estimators.out_of_bag import OutOfBag
from palestra.learners.estimators.rounds import FORESTS, Rows
from palestra.learners.estimators.stored import Stored
from palestra.measure import Metrics, better

LOOKED_AT = 400
"""Rows that it was fitted to and is judged on after a step, as far as there are so many."""


@dataclass(frozen=True)
class LabelledConfig(LibraryConfig):
    """Settings of an estimator of another library that learns from labels."""

    early_stopping_rounds: int = 0
    """Rounds without a smaller loss on the validation split after which it ends, and is what it was at its best; 0 to
    go on to the end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        given = f"early_stopping_rounds={self.early_stopping_rounds}"
        require(self.early_stopping_rounds >= 0, given, "0 or more")


class LabelledLearner(LibraryLearner):
    """Fits an estimator of scikit-learn or XGBoost to labels, in rounds or at once."""

    config_type = LabelledConfig
    config: LabelledConfig
    saves = ("best", "best_loss", "best_round", "bag")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.best = Stored(self.model.estimator)
        """With early stopping: what it was when its loss was smallest, and what predicts."""
        self.best_loss: float | None = None
        self.best_round = 0
        self.bag = OutOfBag.of(self.last, len(self.train.inputs), self.num_outputs)
        if self.config.early_stopping_rounds:
            given = f"early_stopping_rounds for {self.config.estimator}, which is fitted at once"
            require(bool(self.way.counted), given, "0")
            self._split("validation")

    def fitted_to(self) -> Rows:
        """(N, F) rows as they are in the data, and (N,) classes or numbers."""
        inputs, targets = self.train
        one = targets is not None and targets.dim() == 1
        require(one, f"targets of {self.dataset.id!r} that are not one a row", "a class or a number each")
        assert targets is not None
        return inputs.flatten(1).numpy(), targets.numpy()

    @property
    def known_B(self) -> NDArray[Any]:
        """(N,) the classes or numbers that it is fitted to."""
        _, targets = self.rows
        assert targets is not None
        return targets

    @property
    def num_outputs(self) -> int:
        """Numbers that a tree says of a row: one for each class that it fits, or one."""
        targets = self.train.targets
        return 1 if self.kind != "classifier" or targets is None else len(targets.unique())

    @abstractmethod
    def out_of_bag(self, asked_B: NDArray[np.bool_], mean_BK: NDArray[np.float64]) -> Metrics:
        """How wrong the trees of a forest are on the rows that they did not see, of those that were asked of."""

    def looked_at(self, rounds: range) -> Metrics:
        """How wrong it is on rows that it knows, and on those that it does not, where there are such."""
        metrics: Metrics = {}
        if self.bag is not None:
            with self.asked():
                self.bag.add(self.last, self.rows[0], rounds.start)
            metrics = self.out_of_bag(*self.bag.mean())
        known = type(self.last).__name__ in FORESTS  # by heart: who is asked out of bag need say no more
        if self.bag is None and (self.finished or not known):
            scored = self._scored(self.model, self._some_rows())
            metrics |= {f"train/{name}": value for name, value in scored.items()}
        if self.config.early_stopping_rounds:
            metrics |= self._keep_best()
        return metrics

    @property
    def answers(self) -> Stored:
        """What predicts: what was best, with early stopping."""
        return self.best if self.best.fitted else self.model

    def _keep_best(self) -> Metrics:
        """Judge it on the validation split, remember it if it is the best so far, and end if it has not been lately."""
        score = self.scores[-1]
        name = score.name.removeprefix("eval/")
        loss = self._scored(self.model, self._split("validation"))[name]
        if better(loss, self.best_loss, score.direction):
            self.best_loss, self.best_round = loss, self.clock
            self.best.estimator, self.best.fitted = copy.deepcopy(self.model.estimator), True
        self.finished = self.finished or self.clock - self.best_round >= self.config.early_stopping_rounds
        return {f"train/validation_{name}": loss, "train/best_round": float(self.best_round)}

    def _scored(self, stored: Stored, split: Split) -> Metrics:
        assert split.targets is not None
        outputs = self.said_by(stored, split.inputs)
        return {
            score.name.removeprefix("eval/"): float(score.total(score.rows(outputs, split.targets)))
            for score in self.scores
        }

    def _some_rows(self) -> Split:
        """Of those that it is fitted to, the same ones every time."""
        inputs, targets = self.train
        assert targets is not None
        if len(inputs) <= LOOKED_AT:
            return self.train
        chosen = permutation(0, 0, len(inputs))[:LOOKED_AT]
        return Split(inputs[chosen], targets[chosen])
