"""Recipes for Fashion-MNIST: from a linear model to residual networks, each for whole epochs."""

from dataclasses import replace
from typing import Any

from palestra.recipes.recipe import Claim, Recipe

IMAGES = 55_000
"""To train on; 5,000 are held out to choose by."""


def _claim(threshold: float, source: str) -> Claim:
    """Of the 10,000 images for the test, by what the last epoch left."""
    return Claim(threshold, source, "eval/accuracy", count=0, split="test")


_TEXTBOOK_SOFTMAX = _claim(0.83, "what the textbook's softmax regression comes to in ten epochs: 0.83 to 0.84")
_TEXTBOOK_MLP = _claim(0.87, "above the textbook's, which comes to 0.85 in ten epochs")


def _fashion(
    method: str, summary: str, learner: str, epochs: int, settings: dict[str, Any], claim: Claim | None = None
) -> Recipe:
    """Evaluated after each epoch, on what is held out; the last epoch is what counts."""
    return Recipe(
        f"fashion/{method}", summary, learner, dataset="fashion-mnist", budget=epochs * IMAGES, eval_every=IMAGES,
        eval_count=0, settings=settings, paradigm="supervised", claim=claim,
    )  # fmt: skip


def _net(method: str, summary: str, epochs: int, settings: dict[str, Any], claim: Claim | None = None) -> Recipe:
    return _fashion(method, summary, "image-classifier", epochs, {"net": method, **settings}, claim)


def _narrow(
    method: str, summary: str, settings: dict[str, Any], threshold: float, pixels: int, seeds: int = 5
) -> Recipe:
    """A network of the textbook's that is narrower and sees images of 28 pixels, for as many epochs as there."""
    source = f"the textbook's own figure for this network at its width, of images enlarged to {pixels} pixels: one run"
    return _net(method, summary, 10, settings, replace(_claim(threshold, source), seeds=seeds))


_TEXTBOOK = {"optimizer": "sgd", "learning_rate_schedule": "constant", "weight_decay": 0.0, "batch_size": 256}
"""How Dive into Deep Learning trains its networks."""
RECIPES = (
    _fashion(
        "softmax",
        "softmax regression, its derivative written by hand",
        "softmax-regression",
        10,
        {"learning_rate_schedule": "linear"},
        _TEXTBOOK_SOFTMAX,
    ),
    _net(
        "softmax-concise",
        "the same in three words",
        10,
        {**_TEXTBOOK, "net": "softmax", "learning_rate": 0.1, "learning_rate_schedule": "linear"},
        _TEXTBOOK_SOFTMAX,
    ),
    _fashion(
        "mlp",
        "a multilayer perceptron, its derivative written by hand",
        "mlp",
        10,
        {"learning_rate_schedule": "linear"},
        _TEXTBOOK_MLP,
    ),
    _net(
        "mlp-concise",
        "the same in three words",
        10,
        {**_TEXTBOOK, "net": "mlp", "learning_rate": 0.1},
        _TEXTBOOK_MLP,
    ),
    _net(
        "mlp-dropout",
        "two hidden layers with dropout",
        10,
        {
            **_TEXTBOOK,
            "net": "mlp",
            "net_settings": {"hidden": [256, 256], "dropout": 0.5},
            "learning_rate": 0.1,
        },
        _claim(0.85, "what the textbook's perceptron comes to without dropout"),
    ),
    _net(
        "lenet",
        "LeNet with sigmoids, as the textbook trains it",
        10,
        {**_TEXTBOOK, "learning_rate": 0.9},
        _claim(0.779, "the textbook's own figure for this network, rate and number of epochs: one run"),
    ),
    _net(
        "bn-lenet",
        "the same with batch normalisation, and the pooling of LeNet: one thing is changed, not three",
        10,
        {**_TEXTBOOK, "net_settings": {"padding": 2}, "learning_rate": 1.0},
        _claim(0.807, "the better of the textbook's two figures for LeNet with batch normalisation: one run each"),
    ),
    _net(
        "lenet-relu",
        "LeNet's size with ReLU and the largest of each window",
        10,
        {},
        _claim(0.90, "above all of the textbook's networks on these images but one, VGG's 0.920"),
    ),
    _narrow(
        "alexnet",
        "AlexNet with a twelfth of its channels or less; the first window is 5 x 5, at full resolution",
        {
            "net_settings": {"stem": "small", "channels": [8, 16, 24, 24, 32], "hidden": 512},
            "learning_rate": 0.02,
        },
        0.883,
        224,
        seeds=10,
    ),
    _narrow(
        "vgg",
        "VGG of four blocks, narrower than the textbook's; the first one halves rows and columns already",
        {
            "net": "vgg-11",
            "net_settings": {"convolutions": [1, 1, 2, 2], "channels": [16, 32, 64, 64], "hidden": 256},
            "learning_rate": 0.02,
            "flip": True,
        },
        0.920,
        224,
    ),
    _narrow(
        "nin",
        "network in network, at most a twelfth as wide; first 5 x 5 pixels at full resolution, last no ReLU",
        {
            "net_settings": {"stem": "small", "channels": [8, 16, 24], "bent": False},
            "optimizer": "adam",
            "learning_rate": 2e-3,
        },
        0.790,
        224,
    ),
    _narrow(
        "googlenet",
        "GoogLeNet, a quarter as wide, with batch normalisation; 7 x 7 pixels are left after its first pooling",
        {"net_settings": {"norm": True, "width": 0.25}, "learning_rate": 0.1},
        0.886,
        96,
    ),
    _narrow(
        "densenet",
        "DenseNet of two blocks that grow by 12; 7 x 7 pixels are left after its first window and pooling",
        {"net": "densenet-d2l", "net_settings": {"channels": 16, "growth": 12, "blocks": [4, 4]}, "learning_rate": 0.1},
        0.885,
        96,
    ),
    _net(
        "resnet",
        "a residual network: one block at a half, a quarter and an eighth of the resolution",
        18,
        {
            "net": "resnet-20",
            "net_settings": {"blocks": [0, 1, 1, 1], "channels": [16, 32, 64, 128]},
            "learning_rate": 0.1,
            "label_smoothing": 0.1,
            "flip": True,
            "alternating": True,
            "pad": 2,
        },
        replace(_claim(0.93, "two convolutions with batch normalisation, by the makers of the data: 0.934"), seeds=3),
    ),
    replace(
        _net(
            "lenet-sprint",
            "LeNet to the first nine of ten as soon as may be; stops there",
            4,
            {"net": "lenet-relu", "learning_rate": 0.08},
            _claim(0.89, "it stops at 0.90 of the images held out, which the test is not to undo"),
        ),
        eval_every=IMAGES // 4,
        target=0.90,
    ),
)
