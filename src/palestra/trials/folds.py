"""Cross-validation: a recipe trained once for each part of its data, and judged on the part that it did not see.

Every row that is not kept for the test is judged exactly once, by a training that it had no part in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from torch import cat

from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.errors import require
from palestra.measure import Measure
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import get_recipe
from palestra.trials.plan import resolve


@dataclass(frozen=True)
class Folds:
    """What the trainings of one cross-validation came to."""

    metric: str
    """What is compared: the learner's headline."""
    scores: tuple[float, ...]
    """It, on each fold."""
    whole: float
    """It, of all rows together, each as the training judged it that had not seen it."""
    rows: int
    """How many those are."""

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
    recipe = get_recipe(recipe) if isinstance(recipe, str) else recipe
    require(bool(recipe.dataset), f"folds of {recipe.id}, which learns in a world", "a recipe on a data set")
    learners: list[Learner] = []
    parts = []
    for fold in range(folds):
        which = {"dataset.kwargs.folds": folds, "dataset.kwargs.fold": fold}
        plan = resolve(recipe, {**(overrides or {}), **which})
        learners.append(plan.make_learner().learn(plan.training.budget))
        parts.append(learners[-1].measured(Measure(0)))
    judged = cat([part.samples for part in parts])
    assert isinstance(learners[0], Predictor)  # whatever learns from data is one
    total = float(learners[0].scores[0].total(judged))
    return Folds(learners[0].headline, tuple(part.score for part in parts), total, len(judged))
