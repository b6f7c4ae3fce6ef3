"""Recipes for CIFAR-10: small photographs of ten kinds of things."""

from palestra.recipes.recipe import Recipe

IMAGES = 45_000
"""To train on; 5,000 are held out to choose by."""

RECIPES = (
    Recipe(
        id="cifar10/resnet",
        summary="the residual network of nine blocks that its paper has for these images",
        learner="image-classifier",
        dataset="cifar10",
        budget=10 * IMAGES,
        eval_every=IMAGES,
        eval_count=0,
        settings={"net": "resnet-20", "learning_rate": 0.2, "flip": True, "pad": 4},
        paradigm="supervised",
    ),
)
