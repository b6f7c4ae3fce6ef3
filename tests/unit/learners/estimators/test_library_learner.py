"""Estimators as learners: what their own fit gives, in rounds, resumed to the bit, refused in one line."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from states import hash_of, saved

import palestra
from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.engine import seeding
from palestra.errors import UsageError
from palestra.learners.estimators.library_classifier import LibraryClassifier, LibraryClassifierConfig
from palestra.learners.estimators.library_learner import LibraryConfig
from palestra.learners.estimators.library_regressor import LibraryRegressor, LibraryRegressorConfig
from palestra.pictures.importance import Importance
from palestra.recipes.recipe import Recipe
from palestra.trials.plan import resolve

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 5))
Y = (X[:, 0] + 0.5 * X[:, 1] ** 2 + 0.4 * RNG.normal(size=240) > 0.3).astype(np.int64) + (X[:, 2] > 1)


def points(y: Any = Y, validation: bool = True) -> InMemory:
    x, y = torch.from_numpy(X), torch.from_numpy(np.asarray(y))
    rest = {"validation": Split(x[160:], y[160:])} if validation else {}
    return InMemory({"train": Split(x[:160], y[:160]), **rest})


def make(estimator: str, source: Any = None, seed: int = 0, rounds: int = 2, **settings: Any) -> LibraryClassifier:
    if "XGB" in estimator:
        pytest.importorskip("xgboost")
    stop = settings.pop("early_stopping_rounds", 0)
    config = LibraryClassifierConfig(estimator, settings, rounds, stop)
    return LibraryClassifier(points() if source is None else source, config, seed=seed)


def regressor(estimator: str, source: Any = "diabetes", rounds: int = 2, **settings: Any) -> LibraryRegressor:
    return LibraryRegressor(source, LibraryRegressorConfig(estimator, settings, rounds), seed=0)


def stepped(learner: Any, steps: int) -> Any:
    for _ in range(steps):
        if not learner.finished:
            learner.step()
    return learner


EXACT = {
    "RandomForestClassifier": {"n_estimators": 9},
    "ExtraTreesClassifier": {"n_estimators": 9},
    "GradientBoostingClassifier": {"n_estimators": 9, "subsample": 0.7},
    "HistGradientBoostingClassifier": {"max_iter": 9, "max_features": 0.5, "min_samples_leaf": 5},
    "BaggingClassifier": {"n_estimators": 9},
    "SGDClassifier": {"loss": "log_loss"},
    "Perceptron": {},
    "MLPClassifier": {"hidden_layer_sizes": [8]},
    "GaussianNB": {},
    "SVC": {},
    "XGBClassifier": {"n_estimators": 9, "subsample": 0.6, "colsample_bytree": 0.6, "max_depth": 3},
    '["StandardScaler", "RandomForestClassifier"]': {},
    '["StandardScaler", "PCA", "XGBClassifier"]': {"xgbclassifier__subsample": 0.7},
}


@pytest.mark.parametrize("stop", [0, 4])
@pytest.mark.parametrize("estimator", EXACT)
def test_stopped_and_resumed_it_is_bit_for_bit_what_it_had_been(estimator: str, stop: int) -> None:
    if stop and estimator in ("GaussianNB", "SVC"):
        return  # of one round
    settings = {**EXACT[estimator], "early_stopping_rounds": stop}
    whole = stepped(make(estimator, **settings), 5)
    resumed = make(estimator, **settings)
    assert resumed.load_state_dict(saved(stepped(make(estimator, **settings), 2))) == []
    if estimator not in ("GaussianNB", "SVC"):
        assert resumed.clock == 4
        assert hash_of(resumed) != hash_of(whole)
    stepped(resumed, 3)
    assert (resumed.clock, resumed.finished) == (whole.clock, whole.finished)
    assert hash_of(resumed) == hash_of(whole)


def test_all_its_rounds_are_scikit_learns_forest() -> None:
    learner = make("RandomForestClassifier", rounds=7, n_estimators=20).learn(100)
    seed = seeding.derive(0, "estimator", "random_state") % 2**31
    forest = RandomForestClassifier(20, random_state=seed, oob_score=True).fit(X[:160], Y[:160])
    np.testing.assert_array_equal(learner.predict(X), forest.predict(X))
    np.testing.assert_allclose(learner.predicted(X).exp().numpy(), forest.predict_proba(X), atol=1e-15)
    assert (learner.clock, learner.finished) == (20, True)
    learner = make("RandomForestClassifier", rounds=30, n_estimators=60)
    forest = RandomForestClassifier(60, random_state=seed, oob_score=True).fit(X[:160], Y[:160])
    learner.step()
    assert learner.step()["train/oob_error"] == pytest.approx(1 - forest.oob_score_)


def test_a_pipeline_is_scikit_learns() -> None:
    learner = make('["StandardScaler", ["LogisticRegression", {"C": 0.3}]]').learn(1)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.3)).fit(X[:160], Y[:160])
    np.testing.assert_allclose(learner.predicted(X).exp().numpy(), theirs.predict_proba(X), rtol=1e-9)
    assert learner.finished


def test_the_steps_before_the_last_see_the_training_rows_alone() -> None:
    learner = make('["StandardScaler", "RandomForestClassifier"]')
    learner.step()
    np.testing.assert_allclose(learner.model.estimator[0].mean_, X[:160].mean(0))


def test_the_seed_alone_decides() -> None:
    hashes = [hash_of(stepped(make("RandomForestClassifier", seed=seed), 2)) for seed in (0, 0, 1)]
    assert hashes[0] == hashes[1] != hashes[2]
    given = [hash_of(stepped(make("RandomForestClassifier", seed=seed, random_state=4), 2)) for seed in (0, 1)]
    assert given[0] == given[1]


def test_a_number_of_rounds_that_was_asked_for_is_the_most_and_else_the_budget_decides() -> None:
    assert make("RandomForestClassifier", n_estimators=5).learn(50).clock == 5
    assert make("RandomForestClassifier", n_estimators=100, rounds=60).learn(300).clock == 100
    longer = make("RandomForestClassifier", rounds=60).learn(120)
    assert (longer.clock, longer.finished) == (120, False)
    pipeline = make('["StandardScaler", "RandomForestClassifier"]', randomforestclassifier__n_estimators=3)
    assert pipeline.learn(50).clock == 3


def test_a_forest_reports_its_out_of_bag_error_and_no_other_does() -> None:
    learner = make("RandomForestClassifier", rounds=10)
    errors = [learner.step()["train/oob_error"] for _ in range(5)]
    assert all(0 < error < 0.6 for error in errors)
    assert errors[-1] <= errors[0]
    for other in ("ExtraTreesClassifier", "HistGradientBoostingClassifier", "GaussianNB"):
        assert "train/oob_error" not in make(other).step()
    for name, last in (
        ("RandomForestClassifier", {"train/oob_error"}),
        ("ExtraTreesClassifier", {"train/accuracy", "train/log_loss"}),
    ):
        whole = make(name, rounds=5, n_estimators=10)
        assert [set(whole.step()) for _ in "ab"] == [last & {"train/oob_error"}, last]


def test_early_stopping_ends_and_predicts_by_what_was_best() -> None:
    noisy = np.where(RNG.random(240) < 0.4, 1 - Y.clip(max=1), Y.clip(max=1))
    learner = make("GradientBoostingClassifier", points(noisy), 0, 1, learning_rate=0.5, early_stopping_rounds=6)
    reports = [learner.step()]
    while not learner.finished:
        reports.append(learner.step())
    losses = [report["train/validation_log_loss"] for report in reports]
    best = int(np.argmin(losses))
    assert (learner.best_round, learner.clock, learner.best_loss) == (best + 1, best + 7, min(losses))
    assert learner.evaluate().metrics["eval/log_loss"] == pytest.approx(min(losses))
    fewer = make("GradientBoostingClassifier", points(noisy), 0, 1, learning_rate=0.5).learn(best + 1)
    np.testing.assert_array_equal(learner.predicted(X), fewer.predicted(X))


def test_settings_are_as_they_come_back_from_a_file() -> None:
    assert LibraryConfig("NMF", {"shape": (1, 2)}).arguments == {"shape": [1, 2]}
    with pytest.raises(UsageError, match="rounds_per_step=0; expected 1 or more"):
        LibraryConfig("NMF", {}, 0)


def test_images_are_rows() -> None:
    learner = make("GaussianNB", "digits").learn(1)
    assert learner.evaluate().score > 0.7
    assert learner.predict(learner.splits["test"].inputs.numpy()[:3]).shape == (3,)


def test_what_counted_is_shown_by_the_names_of_the_columns() -> None:
    iris, digits = (make("RandomForestClassifier", name, n_estimators=10).learn(10) for name in ("iris", "digits"))
    (shown,) = iris.exhibits()
    assert isinstance(shown, Importance)
    assert set(shown.names[:2]) == {"petal length", "petal width"}
    assert shown.shares.sum() == pytest.approx(1)
    assert (np.diff(shown.shares) <= 0).all()
    (of_pixels,) = digits.exhibits()
    assert len(of_pixels.names) == 64
    assert {"0 0", "7 7"} <= set(of_pixels.names)
    assert make("GaussianNB").learn(1).exhibits() == []
    piped = make('["StandardScaler", "PCA", "LogisticRegression"]', "iris").learn(1)
    assert piped.exhibits()[0].names[0].startswith("pca")
    assert make("RandomForestClassifier").exhibits() == []


@pytest.mark.parametrize(
    ("estimator", "source", "settings", "said"),
    [
        ("Ridge", None, {}, "Ridge, a regressor, as a classifier; expected a classifier"),
        ("PCA", None, {}, "PCA, a transformer, as a classifier"),
        ("RandomForestClassifier", None, {"n_tree": 5}, "unknown argument of RandomForestClassifier 'n_tree'"),
        ("SVC", None, {"early_stopping_rounds": 5}, "early_stopping_rounds for SVC, which is fitted at once"),
        ("SVC", "sincos", {}, "unknown data set 'sincos'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_before_it_learns(
    estimator: str, source: Any, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        make(estimator, source, **settings).step()


def test_what_an_estimator_refuses_is_one_line() -> None:
    with pytest.raises(
        UsageError, match=r"LogisticRegression on 'in memory': .*one class.*; expected what it takes"
    ) as caught:
        make("LogisticRegression", points(np.zeros(240, np.int64))).step()
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="MultinomialNB on 'in memory': Negative values"):
        make("MultinomialNB").step()
    with pytest.raises(UsageError, match="unknown split of 'in memory' 'validation'"):
        make("RandomForestClassifier", points(validation=False), early_stopping_rounds=3)
    with pytest.raises(UsageError, match="device=cuda for an estimator of another library; expected cpu"):
        LibraryClassifier(points(), device="cuda")
    with pytest.raises(UsageError, match="GaussianNB, which has learned nothing yet"):
        make("GaussianNB").predict(X)
    with pytest.raises(UsageError, match="rounds_per_step=0; expected 1 or more"):
        make("SVC", rounds=0)


def test_a_setting_of_no_part_is_an_argument_of_the_estimator() -> None:
    recipe = Recipe("iris/forest", "", "library-classifier", dataset="iris", budget=10)
    settings: Any = resolve(
        recipe, {"n_estimators": "30", "max_features": "log2", "rounds_per_step": 5}
    ).learner.settings
    assert settings.arguments == {"n_estimators": 30, "max_features": "log2"}
    assert settings.rounds_per_step == 5
    with pytest.raises(UsageError, match="unknown argument of RandomForestClassifier 'n_estimator'; nearest: n_estim"):
        resolve(recipe, {"n_estimator": "30"}).make_learner()


def test_it_is_saved_and_loaded(tmp_path: Any) -> None:
    learner = make("RandomForestClassifier", "iris", n_estimators=6).learn(10)
    loaded: Any = palestra.load(learner.save(tmp_path / "saved"))
    rows = Dataset("iris").load()["test"].inputs.numpy()
    np.testing.assert_array_equal(loaded.predict(rows), learner.predict(rows))
    assert loaded.evaluate(split="test").score == learner.evaluate(split="test").score
    assert regressor("Ridge").learn(1).evaluate().score < 65
