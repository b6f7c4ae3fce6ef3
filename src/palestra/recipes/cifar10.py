"""Recipes for CIFAR-10's photographs."""

from palestra.recipes.recipe import Claim, Recipe

IMAGES = 45_000
"""To train on; 5,000 are held out to choose by."""

RECIPES = (
    Recipe(
        id="cifar10/resnet",
        summary="a residual network: one block at a half, a quarter and an eighth of the resolution",
        learner="image-classifier",
        dataset="cifar10",
        budget=8 * IMAGES,
        eval_every=IMAGES,
        eval_count=0,
        settings={
            "net": "resnet-20",
            "net_settings": {"blocks": [0, 1, 1, 1], "channels": [32, 64, 128, 256]},
            "learning_rate": 0.1,
            "flip": True,
            "pad": 4,
        },
        paradigm="supervised",
        claim=Claim(
            0.85,
            "what a small residual network comes to within 45 minutes on two cores",
            "eval/accuracy",
            count=0,
            split="test",
            seeds=3,
        ),
    ),
)
