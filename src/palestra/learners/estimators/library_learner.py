"""Any estimator of scikit-learn or XGBoost as a learner: what is common to all of them, with labels and without."""

import json
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.datasets.tables.source import ENCODINGS
from palestra.engine import seeding
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.arguments import check_arguments
from palestra.errors import UsageError, require
from palestra.learners.estimators.catalogue import BOOSTERS, called, imported, kind_of, make_estimator
from palestra.learners.estimators.importance import importance
from palestra.learners.estimators.rounds import Rows, Way, most_rounds, parted, way_of
from palestra.learners.estimators.stored import Stored
from palestra.measure import Metrics
from palestra.pictures.importance import Importance


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

    def __post_init__(self) -> None:
        check_arguments(self.estimator, self.arguments)
        # As they come back from a file, so that settings that were saved are the same settings.
        object.__setattr__(self, "arguments", json.loads(json.dumps(self.arguments)))
        require(self.rounds_per_step >= 1, f"rounds_per_step={self.rounds_per_step}", "1 or more")


class LibraryLearner(Predictor, Learner):
    """Fits an estimator of scikit-learn or XGBoost in rounds, or at once."""

    config_type = LibraryConfig
    config: LibraryConfig
    takes: ClassVar[tuple[str | None, ...]]
    """What scikit-learn calls the estimators that it holds; None is what it has no name for, a transformer."""
    clock_unit = "rounds"
    dtype = torch.float64
    default_budget = 100
    saves: ClassVar[tuple[str, ...]] = ("model",)
    derives = ("rows",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        require(device in ("auto", "cpu"), f"device={device} for an estimator of another library", "cpu")
        super().__init__(source, config, seed=seed, device="cpu")
        asked = self.config.estimator
        made = make_estimator(asked, self.config.arguments)
        kind, expected = kind_of(made), [called(each) for each in self.takes]
        require(kind in self.takes, f"{asked}, {called(kind)}, as {expected[0]}", " or ".join(expected))
        _, last = parted(made)
        _seed(made, seed)
        if type(last).__name__ in BOOSTERS:
            last.set_params(n_jobs=torch.get_num_threads())
        self.model = Stored(made)
        """What learns."""
        named = any(name.split("__")[-1] == self.way.counted for name in self.config.arguments)
        self._most = most_rounds(last, named)

    @property
    def last(self) -> Any:
        """The estimator, of a pipeline the last step."""
        return parted(self.model.estimator)[1]

    @property
    def way(self) -> Way:
        """How it is fitted."""
        return way_of(self.last)

    @cached_property
    def rows(self) -> Rows:
        """What it is fitted to, as it comes out of the steps of a pipeline before the last, which are fitted here."""
        rows, wanted = self.fitted_to()
        head, _ = parted(self.model.estimator)
        if head is not None:
            head = imported("sklearn.base", "a pipeline").clone(head)
            with self.asked():
                rows = head.fit_transform(rows, wanted)
            self.model.estimator.steps[:-1] = head.steps
        return rows, wanted

    def fitted_to(self) -> Rows:
        """(N, F) rows as they are in the data, and (N,) what is to be predicted of them; None without labels."""
        return self.train.inputs.flatten(1).numpy(), None

    def step(self) -> Metrics:
        """Some rounds; all of it where it has none."""
        rows, most = self.rows, self._most
        end = self.clock + self.config.rounds_per_step
        rounds = range(self.clock, end if most is None else min(end, most))
        with self.asked():
            self.clock = self.way.fit(self.last, rows, rounds, self.seed)
        self.model.fitted = True
        self.finished = self.clock < end or self.clock == most
        return self.looked_at(rounds)

    @abstractmethod
    def looked_at(self, rounds: range) -> Metrics:
        """What there is to be seen after some rounds."""

    @abstractmethod
    def said(self, estimator: Any, inputs: Any) -> Tensor:
        """The ``outputs`` that an estimator gives of rows (B, F) of NumPy."""

    @property
    def answers(self) -> Stored:
        """What predicts."""
        return self.model

    def outputs(self, inputs: Tensor) -> Tensor:
        """As ``Predictor`` says."""
        return self.said_by(self.answers, inputs)

    def said_by(self, stored: Stored, inputs: Tensor) -> Tensor:
        """The ``outputs`` of one that is, or was once, its estimator."""
        require(stored.fitted, f"{self.config.estimator}, which has learned nothing yet,", "a step before it is asked")
        with self.asked():
            return self.said(stored.estimator, inputs.flatten(1).numpy())

    def exhibits(self) -> list[Exhibit]:
        """How much each column counted, where it can be said."""
        stored = self.answers
        found = importance(stored.estimator) if stored.fitted else None
        names = self._columns(stored.estimator)
        if found is None or len(names) != len(found[1]):
            return []
        said, share_F = found
        largest = np.argsort(-share_F, kind="stable")
        return [Importance("what it went by", said, [names[i] for i in largest], share_F[largest])]

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
    def asked(self) -> Iterator[None]:
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
