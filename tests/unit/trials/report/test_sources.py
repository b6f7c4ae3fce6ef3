"""From what is asked for to a case: files, data sets, recipes, and what cannot be reported on."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError
from palestra.trials.report.asked import Asked
from palestra.trials.report.fits import maker
from palestra.trials.report.sources import case_of, case_of_arrays, cost_of, known_level


@pytest.fixture
def path(tmp_path: Path) -> str:
    rows = [f"{i % 9},{'abc'[i % 3]},{i % 2},{i % 9 + 0.5 * (i % 3)}" for i in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["size,kind,label,price", *rows]))
    return str(tmp_path / "a.csv")


def test_words_reach_an_estimator_that_knows_none(path: str) -> None:
    case = case_of(Asked(estimator="DecisionTreeClassifier", data=path, target="label", settings={"max_depth": "3"}))
    assert case.prefix == "decisiontreeclassifier__"
    model = maker(case)().fit(case.development.inputs, case.development.target)
    assert model.n_features_in_ == 3
    assert model[-1].n_features_in_ == 5  # three words, and two numbers
    assert model[-1].get_params()["max_depth"] == 3


def test_a_pipeline_that_knows_words_is_left_as_it_is(path: str) -> None:
    case = case_of(Asked(estimator='["table", "Ridge"]', data=path, target="price"))
    assert case.prefix == ""
    model = maker(case)().fit(case.development.inputs, case.development.target)
    assert model[-1].n_features_in_ == 5


def test_a_data_set_and_a_recipe() -> None:
    case = case_of(Asked(estimator="Ridge", data="diabetes"))
    assert (len(case.development), case.test is not None, case.features[2]) == (354, True, "bmi")
    assert case.encoded
    recipe = case_of(Asked(estimator="diabetes/ridge"))
    assert recipe.called == "diabetes/ridge"
    assert type(maker(recipe)()).__name__ == "LinearRegressionEstimator"
    pictures = case_of(Asked(estimator="SVC", data="digits"))
    assert pictures.development.inputs.shape[1:] == (64,)
    assert pictures.picture == (8, 8)
    assert len(pictures.classes) == 10


def test_rows_are_drawn_where_there_are_too_many() -> None:
    case = case_of(Asked(estimator="LogisticRegression", data="toy/two-blobs"))
    assert len(case.development) == 1000
    many = case_of_arrays(LinearRegression(), np.zeros((10, 2)), np.arange(10))
    assert many.notes == ()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"estimator": "KMeans"}, "--estimator KMeans, a clusterer; expected a classifier or a regressor"),
        ({"estimator": "StandardScaler"}, "a transformer; expected a classifier or a regressor"),
        ({"estimator": "Logistic"}, "unknown estimator 'Logistic'"),
        ({"estimator": "Ridge", "target": "kind"}, "kind holds words (a, b, c); expected numbers for Ridge"),
        ({"target": ""}, "without --target"),
        ({"folds": 61}, "--folds 61 of 60 rows; expected 2 to 60"),
        ({"reference": 1.5}, "--reference 1.5; expected a share of rows from 0 to 1"),
        ({"cost": "missed"}, "--cost missed; expected costs"),
        ({"settings": {"depth": "3"}}, "unknown argument of LogisticRegression 'depth'"),
        ({"estimator": "cartpole/ppo", "data": ""}, "cartpole/ppo learns no labels"),
        ({"data": "no.csv"}, "no.csv cannot be read"),
        ({"data": ""}, "no data; expected --data NAME or a CSV"),
    ],
)
def test_one_line_each(path: str, asked: dict, said: str) -> None:
    with pytest.raises(UsageError) as error:
        case_of(Asked(**{"estimator": "LogisticRegression", "data": path, "target": "label", **asked}))
    assert said in str(error.value)


def test_a_gap_is_named_and_a_class_alone_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,0\n,1\n3,0\n4,1\n5,0\n")
    asked = Asked(estimator="LogisticRegression", data=str(tmp_path / "a.csv"), target="y")
    with pytest.raises(UsageError, match=r"a\.csv, row 2, column x: no value, and LogisticRegression takes none"):
        case_of(asked)
    (tmp_path / "b.csv").write_text("x,y\n" + "1,yes\n" * 6)
    with pytest.raises(UsageError, match="y is yes in every row; expected two classes or more"):
        case_of(Asked(estimator="LogisticRegression", data=str(tmp_path / "b.csv"), target="y"))
    (tmp_path / "c.csv").write_text("x,y\n" + "1,yes\n" * 6 + "2,no\n")
    with pytest.raises(UsageError, match="y is yes in every row but one; expected two rows or more of other classes"):
        case_of(Asked(estimator="LogisticRegression", data=str(tmp_path / "c.csv"), target="y"))


def test_costs() -> None:
    assert cost_of("missed=10, false_alarm=2") == (10, 2)
    assert cost_of("") == (1, 1)


def test_labels_of_the_test_that_nobody_knew() -> None:
    later = np.eye(4)[:2], list("bz")
    case = case_of_arrays(LogisticRegression(), np.eye(4), list("abab"), test=later, folds=2)
    assert case.test is not None
    assert case.test.target.tolist() == [1, -1]


def test_the_true_noise_where_the_data_are_made() -> None:
    assert case_of(Asked(estimator="Ridge", data="toy/polynomial")).reference == 0.1
    blobs = case_of(Asked(estimator="LogisticRegression", data="toy/two-blobs"))
    assert blobs.reference == pytest.approx(0.1056, abs=1e-3)  # 1 - Phi(1.25)
    assert case_of(Asked(estimator="Ridge", data="toy/polynomial", reference=0.3)).reference == 0.3
    assert known_level(Dataset("diabetes")) is None
