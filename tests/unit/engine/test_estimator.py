"""Estimators: made from a learner's settings, taken by scikit-learn for its own, and the same face without it."""

import dataclasses
import inspect
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import blobs
import numpy as np
import pytest
import torch
from logistic_regression import LogisticRegression
from numpy.typing import NDArray
from torch import Tensor

from palestra.engine.estimator import estimator
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import UsageError, require
from palestra.measure import Metrics
from palestra.ops.scores import RMSE, Score

pytest.importorskip("sklearn")
from naive_bayes import NaiveBayes
from sklearn import metrics
from sklearn.base import clone, is_classifier, is_clusterer, is_regressor
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

NOT_RUN = {"check_array_api_input", "check_classifier_data_not_an_array", "check_regressor_data_not_an_array"}
"""Of scikit-learn's checks, those that need SCIPY_ARRAY_API or pandas; they skip themselves."""


@dataclasses.dataclass(frozen=True)
class LeastSquaresConfig(AlgorithmConfig):
    """Settings of least squares."""

    penalty: float = 1e-3
    """Of large weights."""


class LeastSquares(Predictor, Learner):
    """A regressor: ridge regression in closed form."""

    name, config_type, kind, dtype = "least-squares", LeastSquaresConfig, "regressor", torch.float64
    scores = (RMSE,)
    saves = ("weights", "mean")

    def __init__(self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.weights, self.mean = torch.zeros(self.train.inputs.shape[1]).double(), torch.zeros(2).double()

    def step(self) -> Metrics:
        x, y = self.train
        assert y is not None
        self.mean = torch.cat((x.mean(0), y.mean()[None]))
        x, y = x - self.mean[:-1], y - self.mean[-1]
        self.weights = torch.linalg.solve(x.T @ x + self.config.penalty * torch.eye(x.shape[1]).double(), x.T @ y)
        self.clock, self.finished = len(x), True
        return {}

    def outputs(self, inputs: Tensor) -> Tensor:
        return (inputs - self.mean[:-1]) @ self.weights + self.mean[-1]


class Centres(Predictor, Learner):
    """A clusterer: Lloyd's algorithm from the first rows, one pass a step."""

    name, kind, dtype = "centres", "clusterer", torch.float64
    scores = (Score("eval/inertia", "down", lambda outputs, inputs: outputs.amin(1).double(), torch.sum),)
    saves = ("centres",)

    def __init__(self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.centres = self.train.inputs[:2].clone()

    def step(self) -> Metrics:
        x, _ = self.train
        nearest = self.outputs(x).argmin(1)
        self.centres = torch.stack(
            [x[nearest == k].mean(0) if (nearest == k).any() else c for k, c in enumerate(self.centres)]
        )
        self.clock += len(x)
        return {}

    def outputs(self, inputs: Tensor) -> Tensor:
        return (inputs[:, None] - self.centres).square().sum(-1)


def clouds(split: str = "train") -> tuple[NDArray[Any], NDArray[Any]]:
    inputs, targets = blobs.load()[split]
    assert targets is not None
    return inputs.double().numpy(), np.array(["red", "green", "blue"])[targets.numpy()]


def test_the_constructor_is_the_settings_and_our_own() -> None:
    made = estimator(LogisticRegression)
    assert estimator(LogisticRegression) is made
    fields = {field.name: field.default for field in dataclasses.fields(LogisticRegression.config_type)}
    parameters = inspect.signature(made).parameters
    assert {name: parameter.default for name, parameter in parameters.items()} == {
        **fields, "seed": 0, "budget": LogisticRegression.default_budget, "device": "auto",
    }  # fmt: skip
    assert parameters["learning_rate"].annotation is float
    assert made.__name__ == "LogisticRegressionEstimator"
    assert "    learning_rate: Step size." in made.__doc__
    assert made(learning_rate=0.1).get_params()["learning_rate"] == 0.1
    assert vars(made(seed=3)).keys() == parameters.keys()  # it only stores
    with pytest.raises(TypeError, match="learning_rat"):
        made(learning_rat=0.1)


def test_a_setting_of_a_name_that_is_ours_is_refused() -> None:
    class Seeded(LogisticRegression):
        config_type = dataclasses.make_dataclass("SeededConfig", [("seed", int, 0)], frozen=True)

    with pytest.raises(TypeError, match="SeededConfig has a setting seed"):
        estimator(Seeded)


def test_what_is_learned_ends_in_an_underscore_and_is_the_learner_that_was_trained() -> None:
    x, y = clouds()
    fitted = estimator(LogisticRegression)(budget=2_000, seed=1).fit(x, y)
    assert {name for name in vars(fitted) if not name.endswith("_")} == inspect.signature(
        type(fitted)
    ).parameters.keys()
    assert (fitted.classes_.tolist(), fitted.n_features_in_) == (["blue", "green", "red"], 2)
    by_hand = LogisticRegression(fitted.learner_.source, seed=1).learn(2_000)
    assert torch.equal(fitted.learner_.weights, by_hand.weights)
    assert set(fitted.predict(x)) == {"red", "green", "blue"}
    probabilities = fitted.predict_proba(x)
    assert probabilities.sum(1) == pytest.approx(1)
    assert (fitted.classes_[probabilities.argmax(1)] == fitted.predict(x)).all()
    again = fitted.fit(x, y).learner_
    assert torch.equal(again.weights, by_hand.weights)


def test_around_a_model_of_scikit_learn_it_is_that_model() -> None:
    (x, y), (other, labels) = clouds(), clouds("test")
    ours, theirs = estimator(NaiveBayes)().fit(x, y), GaussianNB().fit(x, y)
    np.testing.assert_array_equal(ours.predict(other), theirs.predict(other))
    np.testing.assert_allclose(ours.predict_proba(other), theirs.predict_proba(other), rtol=1e-12)
    weights = np.linspace(0.1, 1, len(other))
    assert ours.score(other, labels, weights) == pytest.approx(theirs.score(other, labels, weights))


def test_scores_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = x @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=60)
    ours, theirs = estimator(LeastSquares)(penalty=0.5).fit(x, y), Ridge(0.5).fit(x, y)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-9)
    assert ours.score(x, y) == pytest.approx(metrics.r2_score(y, theirs.predict(x)))
    points, _ = clouds()
    groups = estimator(Centres)(budget=4_000).fit(points)
    near = KMeans(2, init=points[:2], n_init=1).fit(points)
    assert groups.score(points) == pytest.approx(near.score(points), rel=1e-3)
    assert (groups.labels_ == groups.predict(points)).all()
    assert groups.fit_predict(points).shape == (200,)


def test_it_searches_validates_and_stands_in_a_pipeline() -> None:
    x, y = clouds()
    kind = estimator(LogisticRegression)
    assert cross_val_score(kind(budget=2_000), x, y, cv=3).min() > 0.7
    search = GridSearchCV(kind(budget=1_000), {"learning_rate": [1e-5, 0.5], "batch_size": [16]}, cv=3).fit(x, y)
    assert search.best_params_ == {"learning_rate": 0.5, "batch_size": 16}
    piped = make_pipeline(StandardScaler(), kind(budget=2_000)).fit(100 * x + 7, y)
    assert piped.score(100 * x + 7, y) > 0.8
    assert cross_val_score(estimator(NaiveBayes)(), x, y).tolist() == cross_val_score(GaussianNB(), x, y).tolist()
    copy = clone(search.best_estimator_)
    assert type(copy) is kind
    assert copy.get_params() == search.best_estimator_.get_params()
    assert not hasattr(copy, "learner_")


def test_it_is_of_its_kind() -> None:
    assert is_classifier(estimator(NaiveBayes)())
    assert is_regressor(estimator(LeastSquares)())
    assert is_clusterer(estimator(Centres)())
    assert not hasattr(estimator(LeastSquares), "predict_proba")


def test_it_can_be_sent_to_another_process() -> None:
    x, y = clouds()
    fitted = estimator(LogisticRegression)(budget=500).fit(x, y)
    sent = pickle.loads(pickle.dumps(fitted))
    assert type(sent) is type(fitted)
    assert (sent.predict(x) == fitted.predict(x)).all()


def test_data_in_memory_is_nothing_to_save(tmp_path: Path) -> None:
    x, y = clouds()
    with pytest.raises(UsageError, match="register a data set to save what learns from it"):
        estimator(NaiveBayes)().fit(x, y).learner_.save(tmp_path / "saved")


class Halves(Predictor, Learner):
    """A transformer: the first half of every row, and zeros again for the rest."""

    name, kind, dtype = "halves", "transformer", torch.float64
    scores = (RMSE,)
    saves = ("width",)

    def __init__(self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        require(self.train.inputs.shape[1] % 2 == 0, f"{self.train.inputs.shape[1]} columns", "an even number")
        self.width = self.train.inputs.shape[1]

    def step(self) -> Metrics:
        self.clock, self.finished = len(self.train.inputs), True
        return {}

    def encode(self, inputs: Tensor) -> Tensor:
        return inputs[:, : self.width // 2]

    def decode(self, code: Tensor) -> Tensor:
        return torch.cat((code, torch.zeros_like(code)), 1)

    def outputs(self, inputs: Tensor) -> Tensor:
        return self.decode(self.encode(inputs))


def test_a_transformer_has_codes_and_is_fitted_without_labels() -> None:
    x = np.arange(12.0).reshape(3, 4)
    made = estimator(Halves)().fit(x)
    assert made.transform(x).tolist() == x[:, :2].tolist() == made.fit_transform(x).tolist()
    assert made.inverse_transform(x[:, :2]).tolist() == np.hstack((x[:, :2], np.zeros((3, 2)))).tolist()
    assert made.predict(x).tolist() == made.inverse_transform(made.transform(x)).tolist()
    assert made.score(x) == pytest.approx(-np.sqrt(np.mean(x[:, 2:] ** 2) / 2))
    assert made.get_feature_names_out().tolist() == ["halvesestimator0", "halvesestimator1"]
    assert not hasattr(estimator(LeastSquares), "transform")


def test_what_a_learner_refuses_of_the_data_is_an_error_of_both_kinds() -> None:
    with pytest.raises(UsageError, match="3 columns; expected an even number"):
        estimator(Halves)().fit(np.ones((2, 3)))
    with pytest.raises(ValueError, match="3 columns; expected an even number"):
        estimator(Halves)().fit(np.ones((2, 3)))


def test_who_tells_two_classes_apart_and_no_more_says_so() -> None:
    class Two(LogisticRegression):
        binary = True

    assert not get_tags(estimator(Two)()).classifier_tags.multi_class
    assert get_tags(estimator(LogisticRegression)()).classifier_tags.multi_class


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "made",
    [
        estimator(LogisticRegression)(budget=3_000),
        estimator(NaiveBayes)(),
        estimator(LeastSquares)(),
        estimator(Centres)(),
    ],
    ids=lambda made: type(made).__name__,
)
def test_it_passes_the_checks_of_scikit_learn(made: Any) -> None:
    results = check_estimator(made, on_skip=None, on_fail=None)
    assert len(results) > 30
    other = {result["check_name"]: result for result in results if result["status"] != "passed"}
    assert other.keys() <= NOT_RUN, other


WITHOUT = """
import sys
sys.modules["sklearn"] = None
import numpy as np
from logistic_regression import LogisticRegression
from palestra.engine.estimator import INSTALLED, estimator
from palestra.errors import UsageError
from blobs import load

assert not INSTALLED
x, y = (column.numpy() for column in load()["train"])
kind = estimator(LogisticRegression)
made = kind(budget=2000)
for wrong in (lambda: made.predict(x), lambda: made.set_params(learning_rat=1), lambda: made.fit(x[0], y),
              lambda: made.fit(x, y[1:]), lambda: made.fit(x * np.nan, y)):
    try:
        wrong()
    except UsageError as error:
        print(error)
fitted = made.set_params(learning_rate=0.25).fit(x, np.array(["a", "b", "c"])[y])
print(repr(fitted))
print("<b>0.25</b>" in fitted._repr_html_(), "<td>32</td>" in fitted._repr_html_())
print(fitted.score(x, np.array(["a", "b", "c"])[y]) > 0.8, fitted.predict_proba(x).shape, fitted.n_features_in_)
try:
    fitted.predict(x[:, :1])
except UsageError as error:
    print(error)
"""


def test_without_scikit_learn_it_has_the_same_face() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{WITHOUT}"], capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "LogisticRegressionEstimator was not fitted; expected fit(X, y) before it is asked",
        "unknown setting of LogisticRegressionEstimator 'learning_rat'; nearest: learning_rate",
        "X of shape (2,); expected rows (n, d), at least one",
        "y of shape (199,); expected (200,), a target for every row",
        "X with values that are not finite; expected finite numbers",
        "LogisticRegressionEstimator(batch_size=32, batches_per_step=16, learning_rate=0.25, seed=0, budget=2000, "
        "device='auto')",
        "True True",
        "True (200, 3) 2",
        "1 columns; expected the 2 of the fit",
    ]
