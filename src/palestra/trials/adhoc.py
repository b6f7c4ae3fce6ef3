"""Recipes that stand in no file: any algorithm on any data set, and any estimator of another library."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from palestra.errors import require
from palestra.learners.estimators.catalogue import called, kind_of, make_estimator
from palestra.learners.estimators.library_learner import LibraryConfig
from palestra.learners.estimators.rounds import parted, way_of
from palestra.learners.registry import learner_type
from palestra.recipes.recipe import Recipe
from palestra.trials.plan import resolve

TABLES = (".csv", ".tsv")
"""Endings of files that are a data set by themselves."""
OWN = "own/table"
"""The data set that such a file is."""
TASKS = {"classifier": "classification", "regressor": "regression"}
"""What an estimator of a kind does with the target of such a file, be its classes numbers."""
LEARNERS = {
    "classifier": "library-classifier", "regressor": "library-regressor", "clusterer": "library-clusterer",
    "outlier_detector": "library-detector", "density_estimator": "library-detector", None: "library-transformer",
}  # fmt: skip
"""What holds an estimator of a kind."""


def data_recipe(algo: str, data: str, budget: int) -> Recipe:
    """A recipe for any algorithm on any data set, with the algorithm's defaults.

    Args:
        algo: as it is registered.
        data: name of a data set, or the path of a table of one's own.
        budget: where it stops, on the learner's clock.
    """
    kind = learner_type(algo).learner  # UsageError with the nearest names, before anything else is said
    dataset, kwargs, task = _source(data)
    return Recipe(
        f"{task}/{algo}", f"{algo} on {data}", algo, budget=budget, dataset=dataset, dataset_kwargs=kwargs,
        eval_count=0, paradigm=_paradigm(kind),
    )  # fmt: skip


def estimator_recipe(estimator: str, data: str, budget: int | None, overrides: Mapping[str, Any]) -> Recipe:
    """A recipe for an estimator of scikit-learn or XGBoost on any data set.

    Args:
        estimator: its name, or a pipeline as JSON.
        data: name of a data set, or the path of a table of one's own.
        budget: rounds; as many as the estimator has by itself if None.
        overrides: settings that go with it, the estimator's arguments among them; they are not in the recipe.
    """
    asked = replace(
        data_recipe("library-classifier", data, 1 if budget is None else budget), settings={"estimator": estimator}
    )
    plan = resolve(asked, overrides)
    settings = plan.learner.settings
    assert isinstance(settings, LibraryConfig)
    made = make_estimator(settings.estimator, settings.arguments)
    kind = kind_of(made)
    require(kind in LEARNERS, f"--estimator {estimator}, {called(kind)}", "one that learns from rows of a table")
    if asked.dataset == OWN and kind in TASKS:
        given = f"--data {data} without a target"
        require("target" in plan.source.kwargs, given, "the column to predict: --set dataset.kwargs.target=COLUMN")
        asked = replace(asked, dataset_kwargs={"task": TASKS[kind], **asked.dataset_kwargs})
    _, last = parted(made)
    steps = [step for _, step in getattr(made, "steps", [("", made)])]
    method = "-".join(type(step).__name__.lower() for step in steps)
    return replace(
        asked, id=f"{asked.task}/{method}", summary=f"{estimator} on {data}", learner=LEARNERS[kind],
        budget=way_of(last).usual if budget is None else budget,
        paradigm="supervised" if kind in TASKS else "unsupervised",
    )  # fmt: skip


def _paradigm(kind: Any) -> Literal["supervised", "unsupervised"]:
    """What a learner on data learns from: labels, unless it groups, codes, recommends, rates or finds what is rare."""
    labelled = getattr(kind, "kind", "classifier") in TASKS and not getattr(kind, "binary", False)
    return "supervised" if labelled and not getattr(kind, "indexed", False) else "unsupervised"


def _source(data: str) -> tuple[str, dict[str, Any], str]:
    """Name and arguments of a data set, and what the task is called."""
    path = Path(data)
    if path.suffix.lower() in TABLES:
        return OWN, {"path": data}, re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "table"
    return data, {}, data.replace("/", "-").lower()
