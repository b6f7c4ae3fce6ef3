"""Estimators of scikit-learn out of files of skops: ours predict the same, and nothing that is not trusted is read."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import palestra
from palestra.datasets.dataset import Dataset
from palestra.errors import PalestraError, UsageError
from palestra.imports import scikit_learn
from palestra.imports.scikit_learn import import_estimator
from palestra.learners.registry import learner_type

FLOWERS, SUGAR = "iris", "diabetes"
CLASSIFIERS = {
    "forest": RandomForestClassifier(12, max_depth=3, random_state=0),
    "boosting": HistGradientBoostingClassifier(max_iter=4),
    "vectors in a pipeline": Pipeline([("scaled", StandardScaler()), ("told apart", SVC(C=2.0))]),
    "network": MLPClassifier((5,), max_iter=30, random_state=0),
    "within another": BaggingClassifier(DecisionTreeClassifier(max_depth=2), 4, random_state=0),
    "gaps filled": Pipeline([("filled", SimpleImputer()), ("learned", LogisticRegression(tol=1e-2))]),
}
REGRESSORS = {"line": LinearRegression(), "neighbours": KNeighborsRegressor(3, weights="distance")}


def written(estimator: Any, folder: Path, data: str = FLOWERS, change: Callable[[Any], Any] = lambda y: y) -> Path:
    """Fitted, and its file."""
    inputs, targets = Dataset(data).load()["train"]
    assert targets is not None
    estimator.fit(inputs.double().numpy(), change(targets.numpy()))
    skops.io.dump(estimator, folder / "theirs.skops")
    return folder / "theirs.skops"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", [*CLASSIFIERS, *REGRESSORS])
def test_ours_predicts_as_theirs(name: str, tmp_path: Path) -> None:
    data = FLOWERS if name in CLASSIFIERS else SUGAR
    estimator = {**CLASSIFIERS, **REGRESSORS}[name]
    ours: Any = import_estimator(written(estimator, tmp_path, data), data)
    rows = np.random.default_rng(0).normal(scale=3, size=(200, len(ours.train.inputs[0])))
    wanted = estimator.predict(rows)
    assert len(np.unique(wanted)) > 1
    np.testing.assert_array_equal(ours.predict(rows), wanted)
    ours.save(tmp_path / "ours")
    again: Any = palestra.load(tmp_path / "ours")
    np.testing.assert_array_equal(again.predict(rows), wanted)
    assert again.finished
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    told = {
        part: value
        for part, value in last.get_params(deep=False).items()
        if not hasattr(value, "get_params") and part != "random_state"
    }
    made: Any = learner_type(ours.name)(data, ours.config).model.estimator
    here = (made[-1] if isinstance(made, Pipeline) else made).get_params(deep=False)
    assert {part: here[part] for part in told} == told


def test_names_of_columns_are_taken_off() -> None:
    """Ours are asked with arrays, of which scikit-learn would say each time that they have none."""
    frame = pytest.importorskip("pandas").DataFrame(np.eye(4)[[0, 1, 2, 3, 0, 1]], columns=list("abcd"))
    with pytest.MonkeyPatch.context() as patch:
        estimator = LogisticRegression().fit(frame, [0, 1, 2, 0, 1, 2])
        patch.setattr(scikit_learn, "_read", lambda file: estimator)
        ours = import_estimator("theirs.skops", FLOWERS)
    assert not hasattr(ours.model.estimator, "feature_names_in_")  # type: ignore[attr-defined]


class Foreign:
    """Of no library that is trusted."""


class Canary:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.path),))


def forged(file: Path, change: Callable[[dict[str, Any]], None], more: dict[str, bytes] | None = None) -> Path:
    """The file with another schema, and other members."""
    out = file.with_name("forged.skops")
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        schema = json.loads(source.read("schema.json"))
        change(schema)
        members = {name: source.read(name) for name in source.namelist()} | (more or {})
        for name, member in {**members, "schema.json": json.dumps(schema).encode()}.items():
            target.writestr(name, member)
    return out


def members(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return [name for name in archive.namelist() if name.endswith(".npy")]


def one_line(file: Path, data: str | Dataset = FLOWERS) -> str:
    with pytest.raises(UsageError) as told:
        import_estimator(file, data)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [("ObjectNode", "os", "system"), ("FunctionNode", "builtins", "eval"), ("TypeNode", "subprocess", "Popen"),
     ("PartialNode", "functools", "partial"), ("MethodNode", "shutil", "rmtree")],
)  # fmt: skip
def test_types_that_nobody_trusts_are_refused_by_name(loader: str, module: str, name: str, tmp_path: Path) -> None:
    def change(schema: dict[str, Any]) -> None:
        target = tmp_path / "made"
        argument = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": f'"{target}"',
                    "is_json": True, "__id__": 1}  # fmt: skip
        planted = {"__class__": name, "__module__": module, "__loader__": loader, "__id__": 2, "content": argument}
        if loader == "FunctionNode":
            planted["content"] = {"module_path": module, "function": name}
        schema["content"]["content"]["planted"] = planted

    said = one_line(forged(written(GaussianNB(), tmp_path), change))
    assert name in said or "cannot be read" in said
    assert not (tmp_path / "made").exists()


def test_a_type_of_ones_own_is_named_and_what_is_trusted_listed(tmp_path: Path) -> None:
    estimator = GaussianNB().fit(np.eye(4), [0, 1, 2, 0])
    estimator.planted = Foreign()
    said = one_line(_dumped(estimator, tmp_path))
    assert "with types that are not trusted: " in said
    assert "test_scikit_learn.Foreign; expected what skops trusts (estimators of" in said
    assert "sklearn.tree._tree.Tree" in said


def test_pickle_in_an_array_is_not_read(tmp_path: Path) -> None:
    file, held = written(GaussianNB(), tmp_path), io.BytesIO()
    np.save(held, np.array([Canary(tmp_path / "made")], object), allow_pickle=True)
    name = members(file)[0]
    for bad in (held.getvalue(), pickle.dumps(Canary(tmp_path / "made"))):
        assert "cannot be read" in one_line(forged(file, lambda schema: None, {name: bad}))
    assert not (tmp_path / "made").exists()


def test_damaged_files_are_one_line_each(tmp_path: Path) -> None:
    whole = written(LogisticRegression(tol=1e-2), tmp_path).read_bytes()
    rng, file = np.random.default_rng(0), tmp_path / "damaged.skops"
    for cut in (0, 1, 40, len(whole) // 2, len(whole) - 3):
        file.write_bytes(whole[:cut])
        one_line(file)
    told = []
    for _ in range(60):
        bytes_N = np.frombuffer(whole, np.uint8).copy()
        bytes_N[rng.integers(len(whole), size=3)] = rng.integers(256, size=3)
        file.write_bytes(bytes_N.tobytes())
        try:
            import_estimator(file, FLOWERS)  # what was hit may be no matter, or a number
        except PalestraError as error:
            told.append(str(error))
    assert told
    assert not any("\n" in each for each in told)
    assert "which is no file" in one_line(tmp_path / "none.skops")


@pytest.mark.parametrize("schema", [b"", b"[]", b"{}", b'{"a": 1}', b"[" * 100_000, b'"x"'])
def test_what_is_no_schema_is_one_line(schema: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.skops", "w") as archive:
        archive.writestr("schema.json", schema)
    one_line(tmp_path / "odd.skops")


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(GaussianNB(), tmp_path)
    monkeypatch.setattr(scikit_learn, "LARGEST", 1_000)
    assert "would unpack to" in one_line(file)


def test_what_fits_not_is_said(tmp_path: Path) -> None:
    assert "GaussianNB is not fitted" in one_line(_dumped(GaussianNB(), tmp_path))
    assert "with StandardScaler; expected a classifier or a regressor" in one_line(_dumped(StandardScaler(), tmp_path))
    assert "with list" in one_line(_dumped([1, 2], tmp_path))
    file = written(GaussianNB(), tmp_path)
    assert "fitted to 4 columns, with 'digits' of 64" in one_line(file, "digits")
    words = written(GaussianNB(), tmp_path, change=lambda y: np.array(["a", "b", "c"])[y])
    assert "whose classes are a, b, c; expected those of 'iris', the numbers from 0 to 2" in one_line(words)
    late = written(GaussianNB(), tmp_path, change=lambda y: y + 1)
    assert "whose classes are 1, 2, 3" in one_line(late)
    weighted = written(LogisticRegression(class_weight={0: 1.0, 1: 2.0, 2: 1.0}), tmp_path)
    assert "class_weight={0: 1.0, 1: 2.0, 2: 1.0} of LogisticRegression; expected a value that text" in one_line(
        weighted
    )


def _dumped(what: Any, folder: Path) -> Path:
    skops.io.dump(what, folder / "theirs.skops")
    return folder / "theirs.skops"
