"""Recipes for two clouds of points, beside each other or one within the other: a boundary is filmed as it moves."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_ROWS = 500
"""To train on."""
_EPOCHS = 60
_PASSES = 1_000
"""Of k-means from all its starts together, at most; it stops by itself."""
BESIDE, WITHIN = 0.8944, 0.8377
"""What no classifier can surpass but by luck: 1 minus the Bayes error."""


def _blobs(
    method: str, summary: str, learner: str, shape: str, settings: dict[str, Any], claim: Claim | None
) -> Recipe:
    """Evaluated once, at the end: the film shows what was between."""
    return Recipe(
        f"blobs/{method}", summary, learner, dataset="toy/two-blobs", dataset_kwargs={"shape": shape},
        budget=_EPOCHS * _ROWS, eval_every=_EPOCHS * _ROWS, eval_count=0, settings=settings, claim=claim,
        paradigm="supervised",
    )  # fmt: skip


def _near(best: float) -> Claim:
    source = (
        f"{best} is 1 minus the Bayes error; 0.02 less for the luck of 500 rows to learn from and 10,000 for the test"
    )
    return Claim(round(best - 0.02, 4), source, "eval/accuracy", count=0, split="test")


_SOFTMAX: dict[str, Any] = {"batch_size": 25, "batches_per_step": 2, "learning_rate": 0.05}
_MLP: dict[str, Any] = {**_SOFTMAX, "hidden_sizes": [16]}
RECIPES = (
    _blobs("softmax", "a straight line between two clouds", "softmax-regression", "beside", _SOFTMAX, _near(BESIDE)),
    _blobs("mlp", "sixteen hidden units find the same line", "mlp", "beside", _MLP, _near(BESIDE)),
    _blobs(
        "softmax-within",
        "one cloud in another, where no line is any good",
        "softmax-regression",
        "within",
        _SOFTMAX,
        None,
    ),
    _blobs(
        "mlp-within", "sixteen hidden units close a line around the inner cloud", "mlp", "within", _MLP, _near(WITHIN)
    ),
    Recipe(
        "blobs/k-means",
        "two centres find two clouds that nobody has named",
        "k-means",
        dataset="toy/two-blobs",
        dataset_kwargs={"shape": "beside"},
        budget=_PASSES * _ROWS,
        eval_every=_PASSES * _ROWS,
        eval_count=0,
        settings={"groups": 2},
        paradigm="unsupervised",
        claim=Claim(
            15_170.3,
            "scikit-learn's KMeans comes to 15,170.28 on the same points, whatever its seed",
            "eval/inertia",
            count=0,
            direction="down",
            split="test",
        ),
    ),
)
