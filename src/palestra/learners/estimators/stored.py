"""An estimator of another library as bytes, and back without running anything: no pickle.

What scikit-learn learned is written by skops, as numbers and the names of types, and is read only where every one of
these is on a list: those that skops itself trusts and those below. XGBoost has a format of its own (UBJSON), which
holds trees and nothing that acts. The same estimator is always the same bytes: addresses in memory, which skops numbers
objects by, and dates are left out.
"""

import io
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from palestra.errors import UsageError, require
from palestra.learners.estimators.catalogue import BOOSTERS, imported
from palestra.learners.estimators.rounds import parted

TRUSTED = frozenset(
    {
        "numpy.dtype", "numpy.mean", "scipy._lib.array_api_compat.numpy._aliases.asarray",
        "scipy.interpolate._bsplines.BSpline", "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration",
        "sklearn.cluster._bisect_k_means._BisectingTree", "sklearn.cluster._kmeans._kmeans_single_lloyd",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel", "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF", "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._scorer._PassthroughScorer", "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold", "sklearn.multiclass._ConstantPredictor",
        "sklearn.neighbors._kd_tree.KDTree", "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer", "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)  # fmt: skip
"""Types of scikit-learn, NumPy and SciPy, beside those that skops trusts, of which what is read may consist."""
TRUST = (
    "what skops trusts (estimators of scikit-learn with their links and losses, arrays, numbers, ufuncs and bit"
    " generators of NumPy, ufuncs of scipy.special, int, float, str, bool, list, set, map and tuple of Python) and"
    f" {', '.join(sorted(TRUSTED))}"
)
"""All of these in one sentence."""
NOT_STORED = {"Birch": "its tree is no array"}
"""Estimators that cannot be written, and why."""
_BRANCHES = (("left_child", "right_child", "feature", None), ("left", "right", "feature_idx", "is_leaf"))
"""Of the records that a tree of scikit-learn is made of, and one of its histogram boosting: to where a node branches,
by which column, and what says that it does not."""
_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The date of every member, the first that an archive can have."""


class Stored:
    """An estimator as a part of a learner: its state is what it has learned, and its settings with it.

    Args:
        estimator: not fitted yet.

    Raises UsageError for one that could not be written once it is.
    """

    def __init__(self, estimator: Any):
        check_storable(estimator)
        self.estimator = estimator
        self.fitted = False
        """Whether it has learned anything yet."""

    def state_dict(self) -> dict[str, Any]:
        """Bytes as arrays, empty before it is fitted, and by which versions they were written."""
        none = np.zeros(0, np.uint8)
        if not self.fitted:
            return {"estimator": none, "booster": none, "versions": {}}
        head, last = parted(self.estimator)
        if type(last).__name__ not in BOOSTERS:
            return {"estimator": _bytes(self.estimator), "booster": none, "versions": _versions("sklearn")}
        booster = np.frombuffer(bytes(last.get_booster().save_raw("ubj")), np.uint8).copy()
        before = none if head is None else _bytes(head)
        return {"estimator": before, "booster": booster, "versions": _versions("sklearn", "xgboost")}

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Become what was written; a line where another version wrote it.

        Raises UsageError for types that are not on the list, ValueError for what is no such state.
        """
        clone = imported("sklearn.base", "an estimator").clone
        self.fitted = bool(state["estimator"].size or state["booster"].size)
        if not self.fitted:
            self.estimator = clone(self.estimator)
        elif not state["booster"].size:
            self.estimator = read(state["estimator"].tobytes())
        else:
            made = clone(self.estimator)
            head, last = parted(made)
            given = last.base_score
            last.load_model(bytearray(state["booster"].tobytes()))
            last.base_score = given  # else where its rounds begin would be said to it, and be no more its own
            if head is not None:
                made.steps[:-1] = read(state["estimator"].tobytes()).steps
            self.estimator = made
        here = _versions(*state["versions"])
        return [
            f"not exact: {name} {then} wrote what {name} {here[name]} is to go on from"
            for name, then in state["versions"].items()
            if here[name] != then
        ]


def check_storable(estimator: Any) -> None:
    """Raise UsageError for an estimator that could not be written once it is fitted, and for one with such a part."""
    _, last = parted(estimator)
    for part in (estimator, *estimator.get_params().values()):
        name = type(part).__name__
        require(name not in NOT_STORED, f"estimator {name}, which cannot be stored: {NOT_STORED.get(name)}", "another")
        within = name in BOOSTERS and part is not last
        require(not within, f"{name} within {type(estimator).__name__}", "it alone, or as the last step of a pipeline")


def _bytes(estimator: Any) -> NDArray[np.uint8]:
    written = imported("skops.io", "storing an estimator").dumps(estimator)
    return np.frombuffer(_canonical(written), np.uint8).copy()


def read(data: bytes, where: str = "an estimator") -> Any:
    """What an archive of skops holds, where all of its types are trusted.

    Raises UsageError for others, by name; whatever skops, NumPy and scikit-learn raise for what is damaged.
    """
    skops = imported("skops.io", "reading an estimator")
    foreign = set(skops.get_untrusted_types(data=data)) - TRUSTED
    if foreign:
        raise UsageError(f"{where} with types that are not trusted: {', '.join(sorted(foreign))}; expected {TRUST}")
    estimator = skops.loads(data, trusted=sorted(TRUSTED))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in (archive.read(name) for name in archive.namelist() if name.endswith(".npy")):
            _check_tree(member, getattr(estimator, "n_features_in_", None))
    return estimator


def _check_tree(member: bytes, columns: int | None) -> None:
    """Raise ValueError for a tree that leads out of its array or out of a row, where scikit-learn would follow it."""
    for left, right, column, leaf in _BRANCHES:
        if left.encode() in member[:512] and column.encode() in member[:512]:
            nodes = np.load(io.BytesIO(member), allow_pickle=False)
            at = np.flatnonzero(nodes[left] != -1 if leaf is None else nodes[leaf] == 0)
            inner = nodes[at]
            sound = all(((inner[side] > at) & (inner[side] < len(nodes))).all() for side in (left, right))
            within = columns is None or ((inner[column] >= 0) & (inner[column] < columns)).all()
            if not (sound and within):
                raise ValueError(
                    f"a tree of {len(nodes)} nodes whose branches lead out of it or of its {columns} columns"
                )


def _canonical(written: bytes) -> bytes:
    """The archive that skops wrote, with objects and files numbered from 0 in the order in which they occur."""
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumbered(node: Any) -> Any:
        if isinstance(node, list):
            return [renumbered(each) for each in node]
        if not isinstance(node, dict):
            return node
        out = dict(node)
        if isinstance(node.get("__id__"), int):
            # Whether two equal texts or numbers are one object is chance.
            key = -1 - len(numbers) if node.get("is_json") else node["__id__"]
            out["__id__"] = numbers.setdefault(key, len(numbers))
        if isinstance(node.get("file"), str):
            suffix = node["file"].rpartition(".")[2]
            out["file"] = files.setdefault(node["file"], f"{len(files)}.{suffix}")
        return {name: renumbered(each) for name, each in out.items()}

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as source, zipfile.ZipFile(out, "w") as target:
        schema = renumbered(json.loads(source.read("schema.json")))
        for name, number in files.items():
            target.writestr(zipfile.ZipInfo(number, _BEGINNING), _without_gaps(source.read(name)))
        target.writestr(zipfile.ZipInfo("schema.json", _BEGINNING), json.dumps(schema))
    return out.getvalue()


def _without_gaps(member: bytes) -> bytes:
    """An array as it was written, with nothing where a record of it has gaps: there stands whatever was in memory."""
    if b"|V" not in member[:512]:
        return member
    array, out = np.load(io.BytesIO(member), allow_pickle=False), io.BytesIO()
    filled = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names or ():
        filled[name] = array[name]
    np.save(out, filled, allow_pickle=False)
    return out.getvalue()


def _versions(*modules: str) -> dict[str, str]:
    return {name: str(imported(name, "an estimator").__version__) for name in modules}
