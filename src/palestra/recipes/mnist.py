"""Recipes for MNIST's handwritten digits."""

from palestra.recipes.recipe import Recipe

IMAGES = 55_000
"""To train on; 5,000 are held out to choose by."""

RECIPES = (
    Recipe(
        id="mnist/lenet",
        summary="LeNet's size with ReLU and the largest of each window",
        learner="image-classifier",
        dataset="mnist",
        budget=10 * IMAGES,
        eval_every=IMAGES,
        eval_count=0,
        settings={"net": "lenet-relu", "pad": 2},
        paradigm="supervised",
    ),
)
