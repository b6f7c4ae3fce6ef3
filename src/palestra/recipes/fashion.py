"""Recipes for Fashion-MNIST: from a linear model to residual networks, each for whole epochs."""

from typing import Any

from palestra.recipes.recipe import Recipe

IMAGES = 55_000
"""To train on; 5,000 are held out to choose by."""


def _fashion(method: str, summary: str, learner: str, epochs: int, settings: dict[str, Any]) -> Recipe:
    """Evaluated after each epoch, on what is held out; the last epoch is what counts."""
    return Recipe(
        f"fashion/{method}", summary, learner, dataset="fashion-mnist", budget=epochs * IMAGES, eval_every=IMAGES,
        eval_count=0, settings=settings, paradigm="supervised",
    )  # fmt: skip


def _net(method: str, summary: str, epochs: int, settings: dict[str, Any]) -> Recipe:
    return _fashion(method, summary, "image-classifier", epochs, {"net": method, **settings})


_TEXTBOOK = {"optimizer": "sgd", "learning_rate_schedule": "constant", "weight_decay": 0.0, "batch_size": 256}
"""How Dive into Deep Learning trains its networks."""
RECIPES = (
    _fashion("softmax", "softmax regression, its derivative written by hand", "softmax-regression", 10, {}),
    _net("softmax-concise", "the same in three words", 10, {**_TEXTBOOK, "net": "softmax", "learning_rate": 0.1}),
    _fashion("mlp", "a multilayer perceptron, its derivative written by hand", "mlp", 10, {}),
    _net("mlp-concise", "the same in three words", 10, {**_TEXTBOOK, "net": "mlp", "learning_rate": 0.1}),
    _net(
        "mlp-dropout",
        "two hidden layers with dropout",
        10,
        {
            **_TEXTBOOK,
            "net": "mlp",
            "net_settings": {"hidden": [256, 256], "dropout": 0.5},
            "learning_rate": 0.5,
        },
    ),
    _net("lenet", "LeNet with sigmoids, as the textbook trains it", 10, {**_TEXTBOOK, "learning_rate": 0.9}),
    _net(
        "bn-lenet",
        "the same with batch normalisation, and the pooling of LeNet: one thing is changed, not three",
        10,
        {**_TEXTBOOK, "net_settings": {"padding": 2}, "learning_rate": 1.0},
    ),
    _net("lenet-relu", "LeNet's size with ReLU and the largest of each window", 10, {}),
    _net(
        "resnet",
        "a residual network of six blocks",
        10,
        {
            "net": "resnet-20",
            "net_settings": {"blocks": [2, 2, 2]},
            "learning_rate": 0.1,
            "flip": True,
            "pad": 2,
        },
    ),
)
