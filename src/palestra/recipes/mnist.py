"""Recipes for MNIST's handwritten digits."""

from dataclasses import replace

from palestra.recipes.recipe import Claim, Recipe

IMAGES = 55_000
"""To train on; 5,000 are held out to choose by."""

_LENET = Recipe(
    id="mnist/lenet",
    summary="LeNet's size with ReLU and the largest of each window",
    learner="image-classifier",
    dataset="mnist",
    budget=10 * IMAGES,
    eval_every=IMAGES,
    eval_count=0,
    settings={"net": "lenet-relu", "pad": 2},
    paradigm="supervised",
    claim=Claim(0.99, "LeNet's own error was 0.95% (LeCun et al. 1998)", "eval/accuracy", count=0, split="test"),
)

RECIPES = (
    _LENET,
    replace(
        _LENET,
        id="mnist/lenet-sprint",
        summary="the same to the first 99 of 100 as soon as may be; stops there",
        budget=4 * IMAGES,
        eval_every=IMAGES // 4,
        settings={"net": "lenet-relu", "learning_rate": 0.08},
        target=0.99,
        claim=Claim(
            0.985,
            "it stops at 0.99 of the images held out, which the test is not to undo",
            "eval/accuracy",
            0,
            split="test",
        ),
    ),
)
