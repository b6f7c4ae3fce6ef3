"""Cross-validation: a recipe trained once for each part of its data, and judged on the part that it did not see.

Every row that is not kept for the test is judged exactly once, by a training that it had no part in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Any

from torch import Tensor, cat

from palestra.datasets.dataset import Dataset
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.errors import UsageError, require
from palestra.measure import Measure
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import Plan, resolve


@dataclass(frozen=True)
class Folds:
    """What the trainings of one cross-validation came to."""

    metric: str
    """What is compared: the learner's headline."""
    scores: tuple[float, ...]
    """It, on each fold."""
    whole: float
    """It, of all rows together, each as the training judged it that had not seen it."""
    judged: Tensor
    """(N,) what its headline is made of, row by row."""

    clock_unit: str
    """Of the clock of each training."""

    @property
    def rows(self) -> int:
        """How many those are."""
        return len(self.judged)

    @property
    def mean(self) -> float:
        """Of the scores."""
        return fmean(self.scores)

    @property
    def deviation(self) -> float:
        """Of the scores, from fold to fold; no error of their mean, since any two trainings share most rows."""
        return stdev(self.scores)


def k_fold(recipe: str | Recipe, overrides: Mapping[str, Any] | None = None, *, folds: int = 5) -> Folds:
    """Train a recipe once for each fold and keep nothing but its scores.

    Args:
        recipe: it, or its id: one on a data set with the arguments ``folds`` and ``fold``, as every table has them.
        overrides: of its settings, as ``palestra.train`` takes them.
        folds: parts, 2 or more.
    """
    return cross_validate(resolve(get_recipe(recipe) if isinstance(recipe, str) else recipe, overrides or {}), folds)


def cross_validate(plan: Plan, folds: int) -> Folds:
    """The same of a plan. UsageError for one in a world, and for data that has no folds."""
    parts = []
    for learner in learners_of(plan, folds):
        parts.append(learner.learn(plan.training.budget).measured(Measure(0)))
    judged = cat([part.samples for part in parts])
    assert isinstance(learner, Predictor)  # whatever learns from data is one
    total = float(learner.scores[0].total(judged))
    scores = tuple(part.score for part in parts)
    return Folds(learner.headline, scores, total, judged, learner.clock_unit)


def learners_of(plan: Plan, folds: int) -> Iterator[Learner]:
    """One for each fold, which has learned nothing yet; UsageError for a plan in a world, or without folds."""
    require(folds >= 2, f"{folds} folds", "2 or more")
    source = plan.source
    if not isinstance(source, Dataset):
        raise UsageError(f"{folds} folds of {source.id}, which is a world; expected a training on a data set")
    for fold in range(folds):
        part = replace(source, kwargs={**source.kwargs, "folds": folds, "fold": fold})
        yield replace(plan, source=part).make_learner()


def folds_of(split: str | None) -> int:
    """The number in the name of a split that is a cross-validation, ``5-fold``; 0 for any other."""
    named = re.fullmatch(r"(\d+)-fold", split or "")
    return int(named[1]) if named else 0
