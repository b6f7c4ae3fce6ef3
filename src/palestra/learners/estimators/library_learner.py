"""Any estimator of scikit-learn or XGBoost as a learner: what is common to those that say classes and numbers."""

import copy
import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.datasets.dataset import Dataset, Split
from palestra.datasets.order import permutation
from palestra.datasets.tables.source import ENCODINGS
from palestra.engine import seeding
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.arguments import check_arguments
from palestra.errors import UsageError, require
from palestra.learners.estimators.catalogue import BOOSTERS, imported, kind_of, make_estimator
from palestra.learners.estimators.importance import importance
from palestra.learners.estimators.out_of_bag import OutOfBag
from palestra.learners.estimators.rounds import FORESTS, Rows, most_rounds, parted, way_of
from palestra.learners.estimators.stored import Stored
from palestra.measure import Metrics, better
from palestra.pictures.importance import Importance

LOOKED_AT = 400
"""Rows that it was fitted to and is judged on after a step, as far as there are so many."""


@dataclass(frozen=True)
class LibraryConfig(AlgorithmConfig):
    """Settings of an estimator of another library."""

    others: ClassVar[str] = "arguments"

    estimator: str = "RandomForestClassifier"
    """Which: by scikit-learn's name, XGBClassifier or XGBRegressor, or a pipeline of steps as JSON, such as
    ["StandardScaler", "SVC"]."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Of its constructor, each also by its own name: n_estimators=200; of a step of a pipeline as svc__C=10."""
    rounds_per_step: int = 10
    """Trees, boosting rounds or epochs between reports, and between moments at which it can be saved."""
    early_stopping_rounds: int = 0
    """Rounds without a smaller loss on the validation split after which it ends, and is what it was at its best; 0 to
    go on to the end."""

    def __post_init__(self) -> None:
        check_arguments(self.estimator, self.arguments)
        # As they come back from a file, so that settings that were saved are the same settings.
        object.__setattr__(self, "arguments", json.loads(json.dumps(self.arguments)))
        require(self.rounds_per_step >= 1, f"rounds_per_step={self.rounds_per_step}", "1 or more")
        given = f"early_stopping_rounds={self.early_stopping_rounds}"
        require(self.early_stopping_rounds >= 0, given, "0 or more")


class LibraryLearner(Predictor, Learner):
    """Fits an estimator of scikit-learn or XGBoost in rounds, or at once."""

    config_type = LibraryConfig
    config: LibraryConfig
    clock_unit = "rounds"
    dtype = torch.float64
    default_budget = 100
    saves = ("model", "best", "best_loss", "best_round", "bag")
    derives = ("rows",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        require(device in ("auto", "cpu"), f"device={device} for an estimator of another library", "cpu")
        super().__init__(source, config, seed=seed, device="cpu")
        config = self.config
        made = make_estimator(config.estimator, config.arguments)
        kind = kind_of(made)
        require(kind == self.kind, f"{config.estimator}, a {kind or 'transformer'}, as a {self.kind}", f"a {self.kind}")
        _, last = parted(made)
        _seed(made, seed)
        if type(last).__name__ in BOOSTERS:
            last.set_params(n_jobs=torch.get_num_threads())
        self.model = Stored(made)
        """What learns."""
        self.best = Stored(made)
        """With early stopping: what it was when its loss was smallest, and what predicts."""
        self.best_loss: float | None = None
        self.best_round = 0
        self.bag = OutOfBag.of(last, len(self.train.inputs), self.num_outputs)
        way = way_of(last)
        named = any(name.split("__")[-1] == way.counted for name in config.arguments)
        self._most = most_rounds(last, named)
        if config.early_stopping_rounds:
            require(bool(way.counted), f"early_stopping_rounds for {config.estimator}, which is fitted at once", "0")
            self._split("validation")

    @cached_property
    def rows(self) -> Rows:
        """What it is fitted to, as it comes out of the steps of a pipeline before the last, which are fitted here."""
        inputs, targets = self.train
        one = targets is not None and targets.dim() == 1
        require(one, f"targets of {self.dataset.id!r} that are not one a row", "a class or a number each")
        assert targets is not None
        rows, wanted = inputs.flatten(1).numpy(), targets.numpy()
        head, _ = parted(self.model.estimator)
        if head is not None:
            head = imported("sklearn.base", "a pipeline").clone(head)
            with self._asked():
                rows = head.fit_transform(rows, wanted)
            self.model.estimator.steps[:-1] = head.steps
        return rows, wanted

    def step(self) -> Metrics:
        """Some rounds; all of it where it has none."""
        rows, most = self.rows, self._most
        end = self.clock + self.config.rounds_per_step
        rounds = range(self.clock, end if most is None else min(end, most))
        _, last = parted(self.model.estimator)
        with self._asked():
            self.clock = way_of(last).fit(last, rows, rounds, self.seed)
        self.model.fitted = True
        self.finished = self.clock < end or self.clock == most
        metrics: Metrics = {}
        if self.bag is not None:
            with _limited():
                self.bag.add(last, rows[0], rounds.start)
            metrics = self.out_of_bag(*self.bag.mean())
        if self.finished or type(last).__name__ not in FORESTS:  # which know their own rows by heart
            scored = self._scored(self.model, self._some_rows())
            metrics |= {f"train/{name}": value for name, value in scored.items()}
        if self.config.early_stopping_rounds:
            metrics |= self._keep_best()
        return metrics

    @property
    def num_outputs(self) -> int:
        """Numbers that a tree says of a row: one for each class that it fits, or one."""
        targets = self.train.targets
        return 1 if self.kind != "classifier" or targets is None else len(targets.unique())

    @abstractmethod
    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """The ``outputs`` that an estimator gives of rows (B, F) of NumPy."""

    @abstractmethod
    def out_of_bag(self, asked_B: NDArray[np.bool_], mean_BK: NDArray[np.float64]) -> Metrics:
        """How wrong the trees of a forest are on the rows that they did not see, of those that were asked of."""

    def outputs(self, inputs: Tensor) -> Tensor:
        """As ``Predictor`` says; by what was best, with early stopping."""
        return self._said(self.best if self.best.fitted else self.model, inputs)

    def exhibits(self) -> list[Exhibit]:
        """How much each column counted, where it can be said."""
        stored = self.best if self.best.fitted else self.model
        found = importance(stored.estimator) if stored.fitted else None
        names = self._columns(stored.estimator)
        if found is None or len(names) != len(found[1]):
            return []
        said, share_F = found
        largest = np.argsort(-share_F, kind="stable")
        return [Importance("what it went by", said, [names[i] for i in largest], share_F[largest])]

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
        outputs = self._said(stored, split.inputs)
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

    def _said(self, stored: Stored, inputs: Tensor) -> Tensor:
        require(stored.fitted, f"{self.config.estimator}, which has learned nothing yet,", "a step before it is asked")
        with _limited():
            return self.said(stored.estimator, inputs.flatten(1).numpy())

    def _columns(self, estimator: Any) -> list[str]:
        """Names of the columns that reach the last step; none where it cannot be said."""
        shape = self.train.inputs.shape[1:]
        names = [" ".join(map(str, place)) for place in np.ndindex(*shape)]
        if self.dataset.id in ENCODINGS:
            names = list(ENCODINGS[self.dataset.id](**self.dataset.kwargs).names)
        head, _ = parted(estimator)
        try:
            return names if head is None else list(head.get_feature_names_out(names))
        except (AttributeError, ValueError):
            return []

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """A library at work: with as many threads as PyTorch, and what it refuses said in one line."""
        try:
            with _limited():
                yield
        except (TypeError, ValueError) as error:
            said = " ".join(str(error).split())
            raise UsageError(
                f"{self.config.estimator} on {self.dataset.id!r}: {said[:400]}; expected what it takes"
            ) from error


def _seed(estimator: Any, seed: int) -> None:
    """Give every part of an estimator that draws and was not given a seed one of its own."""
    for name, value in estimator.get_params().items():
        if name.split("__")[-1] == "random_state" and value is None:
            estimator.set_params(**{name: seeding.derive(seed, "estimator", name) % 2**31})


@contextmanager
def _limited() -> Iterator[None]:
    """As many threads for a library as PyTorch has."""
    with _pools().limit(limits=torch.get_num_threads()):
        yield


@cache
def _pools() -> Any:
    return imported("threadpoolctl", "an estimator").ThreadpoolController()
