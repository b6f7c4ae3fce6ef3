"""The toys that are registered as learners are, and a recipe of each."""

import blobs  # noqa: F401 - registers its data

from palestra.recipes.recipe import Claim, Recipe

TOYS = {
    "logistic-regression": ("logistic_regression", "LogisticRegression"),
    "naive-bayes": ("naive_bayes", "NaiveBayes"),
    "lean": ("lean", "Lean"),
}
"""What ``LEARNERS`` is to hold in addition."""

_SEPARATED = Claim(0.4, "what three clouds leave to be known", "eval/log_loss", 0, 5, "down", "test")
RECIPES = {
    recipe.learner: recipe
    for recipe in (
        Recipe(
            "blobs/logistic-regression", "Three clouds, and straight lines between them.", "logistic-regression",
            dataset="toy/blobs", budget=2_000, eval_every=600, eval_count=0, paradigm="supervised", claim=_SEPARATED,
            settings={"batch_size": 8, "batches_per_step": 4},  # seven steps an epoch of 200, the last one a batch
        ),
        Recipe(
            "blobs/naive-bayes", "Three clouds, each a Gaussian.", "naive-bayes", dataset="toy/blobs",
            dataset_kwargs={"spread": 0.5}, budget=1, eval_count=0, paradigm="supervised",
        ),
        Recipe("cartpole/lean", "Pushes to where the pole leans.", "lean", env="CartPole-v1", budget=1, num_envs=2),
    )
}  # fmt: skip
"""By the name of the learner."""
