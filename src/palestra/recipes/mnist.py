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


def _autoencoder(method: str, summary: str, code: int, hidden: list[int], claim: Claim) -> Recipe:
    return Recipe(
        f"mnist/{method}", summary, "autoencoder", dataset="mnist", budget=6 * IMAGES, eval_every=2 * IMAGES,
        eval_count=0, settings={"code": code, "hidden_sizes": hidden}, claim=claim,
        paradigm="unsupervised",
    )  # fmt: skip


RECIPES = (
    _LENET,
    replace(
        _LENET,
        id="mnist/lenet-sprint",
        summary="the same to the first 99 of 100 as soon as may be; stops there",
        budget=6 * IMAGES,
        eval_every=IMAGES // 4,
        settings={"net": "lenet-relu", "learning_rate": 0.1, "pad": 1},
        target=0.99,
        claim=Claim(
            0.985,
            "it stops at 0.99 of the images held out, which the test is not to undo",
            "eval/accuracy",
            0,
            split="test",
        ),
    ),
    _autoencoder(
        "autoencoder",
        "digits through 32 numbers, learned without labels",
        32,
        [256],
        Claim(
            26.5,
            "a fifth less than 33.1 of 255, which is what 32 principal components leave of the test images",
            "eval/rmse",
            count=0,
            direction="down",
            split="test",
        ),
    ),
    _autoencoder(
        "autoencoder-map",
        "digits through two numbers, which make a map of them; learned without labels",
        2,
        [256, 64],
        Claim(
            0.65,
            "half as much again as 0.43, which is what neighbours say by two principal components",
            "eval/knn_code",
            count=0,
            split="test",
        ),
    ),
)
