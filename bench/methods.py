"""Which method is best on which table, and is it really? On the same folds, without the rows kept for the test.

Every row is judged once, by a training that did not see it; two methods are compared row by row, and the interval of
their difference allows for what the trainings of a cross-validation have in common (Nadeau & Bengio 2003). Nothing was
tuned: settings are the libraries' own, but for those that stand in this file for all tables alike.
"""

import argparse
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.dataset import Dataset
from palestra.engine.predictor import Predictor
from palestra.ops.evidence import fold_interval
from palestra.ops.scores import ACCURACY, LOG_LOSS, RMSE, Score
from palestra.pictures.numbers import number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.trials.adhoc import data_recipe, estimator_recipe
from palestra.trials.plan import resolve
from report import publish

FOLDS = 5
EPOCHS = 50
"""Of what learns batch by batch."""
WORST = -math.log(np.finfo(np.float64).eps)
"""Nats of a row whose class was given no share at all, as scikit-learn counts them."""
Losses = NDArray[np.float64]


@dataclass(frozen=True)
class Method:
    """One way to predict: an estimator of a library, or one of our learners."""

    estimator: str = ""
    """By its name, or a pipeline as JSON."""
    learner: str = ""
    recipe: str = ""
    """Of this id, as it is but for its choice of rows."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def made(self, data: str, rows: int) -> Recipe:
        """A recipe for it on a data set of so many training rows."""
        if self.recipe:
            return replace(get_recipe(self.recipe), dataset_kwargs={})  # of the rows that all methods have
        if self.estimator:
            return estimator_recipe(self.estimator, data, None, self.settings)
        return data_recipe(self.learner, data, EPOCHS * rows)


def scaled(name: str, **arguments: Any) -> Method:
    """An estimator behind a scaler."""
    return Method(json.dumps(["StandardScaler", [name, arguments]]))


TREE = {"max_depth": 8, "min_samples_leaf": 5}
OWN_TREE = {"depth": 8, "least_of_leaf": 5}
CLASSIFIERS = {
    "the most frequent class": Method("DummyClassifier"),
    "logistic regression": scaled("LogisticRegression", max_iter=1_000),
    "softmax regression (ours)": Method(learner="softmax-regression", settings={"batch_size": 64}),
    "perceptron of 64 (ours)": Method(learner="mlp", settings={"batch_size": 64, "hidden_sizes": [64]}),
    "ten neighbours": scaled("KNeighborsClassifier", n_neighbors=10),
    "a tree": Method("DecisionTreeClassifier", settings=TREE),
    "a tree (ours)": Method(learner="decision-tree", settings=OWN_TREE),
    "a forest of 200": Method("RandomForestClassifier", settings={"n_estimators": 200}),
    "histogram boosting": Method("HistGradientBoostingClassifier"),
    "XGBoost": Method("XGBClassifier"),
}
REGRESSORS = {
    "the mean": Method("DummyRegressor"),
    "ridge": scaled("RidgeCV"),
    "linear regression (ours)": Method(
        learner="linear-regression", settings={"solver": "closed-form", "weight_decay": 0.02}
    ),
    "ten neighbours": scaled("KNeighborsRegressor", n_neighbors=10),
    "a tree": Method("DecisionTreeRegressor", settings=TREE),
    "a tree (ours)": Method(learner="regression-tree", settings=OWN_TREE),
    "a forest of 200": Method("RandomForestRegressor", settings={"n_estimators": 200}),
    "histogram boosting": Method("HistGradientBoostingRegressor"),
    "XGBoost": Method("XGBRegressor"),
    "XGBoost, as house-prices/boosting": Method(recipe="house-prices/boosting"),
}
TABLES: dict[str, tuple[Score, Mapping[str, Any]]] = {
    "digits": (ACCURACY, {}),
    "breast-cancer": (ACCURACY, {}),
    "titanic": (ACCURACY, {}),
    "penguins": (ACCURACY, {}),
    "credit-default": (LOG_LOSS, {}),
    "house-prices": (RMSE, {"log_skewed": True}),
}
"""Data set to what its methods are judged by, and its arguments. Of 100 credit cards 97 are paid, so accuracy says
little."""


def judged(method: Method, data: str, score: Score, arguments: Mapping[str, Any], seeds: int) -> tuple[Losses, float]:
    """(n,) what each row adds to the score, the mean over some seeds, and the seconds of five trainings."""
    source = {**arguments, "folds": FOLDS, "seed": 0}
    rows = len(Dataset(data, {**source, "fold": 0}).load()["train"].inputs)
    recipe = method.made(data, rows)
    found, spent = [], 0.0
    for seed in range(seeds):
        parts = []
        for fold in range(FOLDS):
            kwargs = {f"dataset.kwargs.{name}": value for name, value in {**source, "fold": fold}.items()}
            plan = resolve(recipe, {**method.settings, **kwargs, "seed": seed})
            learner = plan.make_learner()
            assert isinstance(learner, Predictor)
            begin = time.perf_counter()
            learner.learn(plan.training.budget)
            spent += time.perf_counter() - begin
            inputs, targets = learner.splits["validation"]
            assert targets is not None
            parts.append(score.rows(learner.predicted(inputs.numpy()), targets).clamp(max=WORST).numpy())
        found.append(np.concatenate(parts))
    return np.mean(found, 0), spent / seeds


def shown(score: Score, losses: Losses) -> str:
    """The score and its 95% interval."""
    mean, low, high = fold_interval(losses, FOLDS)
    low, high = max(0.0, low), min(1.0, high) if score is ACCURACY else high
    if score is RMSE:
        mean, low, high = (each**0.5 for each in (mean, low, high))
    return f"{number(mean)} [{number(low)}, {number(high)}]"


def behind(score: Score, best: Losses, other: Losses) -> tuple[float, float, float]:
    """By how much a method is worse than the best, row by row, and the 95% interval of that."""
    return fold_interval(best - other if score.direction == "up" else other - best, FOLDS)


def known(folder: Path | None, data: str, name: str, seeds: int) -> Path | None:
    """Where the losses of a method are kept."""
    return folder and folder / f"{data}-{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{seeds}.npz"


def compared(data: str, seeds: int, folder: Path | None) -> tuple[list[dict[str, Any]], str, bool]:
    """The lines of one data set, the best first, the verdict on the first two, and whether these are told apart."""
    score, arguments = TABLES[data]
    methods = REGRESSORS if score is RMSE else CLASSIFIERS
    found = {}
    for name, method in methods.items():
        kept = known(folder, data, name, seeds)
        if kept is not None and kept.is_file():
            with np.load(kept, allow_pickle=False) as file:
                found[name] = file["losses"], float(file["seconds"])
            continue
        found[name] = judged(method, data, score, arguments, seeds)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, losses=found[name][0], seconds=found[name][1])
        print(data, name, shown(score, found[name][0]), f"{found[name][1]:.1f} s", flush=True)
    sign = -1 if score.direction == "up" else 1
    order = sorted(found, key=lambda name: sign * float(found[name][0].mean()))
    best = found[order[0]][0]
    lines = []
    for name in order:
        losses, seconds = found[name]
        apart = behind(score, best, losses)
        words = "-" if name == order[0] else f"{number(apart[0])} [{number(apart[1])}, {number(apart[2])}]"
        lines.append({
            "data": data, "method": name, "judged by": score.name.removeprefix("eval/"), "score": shown(score, losses),
            "behind the best": words, "surely": "-" if name == order[0] else "yes" if apart[1] > 0 else "no",
            "five trainings, s": seconds,
        })  # fmt: skip
    mean, low, high = behind(score, best, found[order[1]][0])
    sure = low > 0
    said = "is really better than" if sure else "cannot be told from"
    verdict = f"{data}: {order[0]} {said} {order[1]} ({number(mean)} [{number(low)}, {number(high)}] a row)."
    return lines, verdict, sure


def main() -> None:
    """Every data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="*", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each fold, whose rows are averaged")
    parser.add_argument("--keep", type=Path, help="a folder of what was judged already, to go on from and to add to")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    table, verdicts, decided = [], [], 0
    for data in args.data:
        lines, verdict, sure = compared(data, args.seeds, args.keep)
        table += lines
        verdicts.append(verdict)
        decided += sure
    publish(
        "methods",
        "Which method is best on which table, and is it really?",
        {"ours": decided, "peer": len(args.data), "ratio": decided / len(args.data),
         "unit": "tables on which the best is surely better than the next", "seeds": [*range(args.seeds)]},
        table,
        [
            *verdicts,
            f"{FOLDS} folds, the same for all methods of a table; 95% intervals over rows. A method is `surely`"
            " behind where its own lies above 0. Each is of one comparison: of twenty that are level one looks sure.",
            "Differences of house prices are of the squared error, of the logarithm of the price.",
            "Seconds are of one thread beside whatever else the machine did: an order of magnitude, no benchmark.",
            "log_loss is in nats a row: less the logarithm of the share that was given to what came true.",
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
