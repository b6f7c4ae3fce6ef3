"""Recipes for digits of 8 x 8 pixels: small enough to look at, and to train on in seconds."""

from typing import Any

from palestra.recipes.recipe import Claim, Recipe

_IMAGES = 1_079
"""To train on; 359 are held out to choose by, and as many for the test."""


def _digits(
    method: str, summary: str, learner: str, epochs: int, settings: dict[str, Any], threshold: float, source: str
) -> Recipe:
    budget = epochs * _IMAGES
    claim = Claim(threshold, source, "eval/accuracy", count=0, split="test")
    return Recipe(
        f"digits/{method}", summary, learner, dataset="digits", budget=budget, settings=settings, eval_count=0,
        paradigm="supervised", claim=claim,
    )  # fmt: skip


def _library(method: str, summary: str, rounds: int, settings: dict[str, Any], threshold: float, source: str) -> Recipe:
    claim = Claim(threshold, source, "eval/accuracy", count=0, split="test")
    return Recipe(
        f"digits/{method}", summary, "library-classifier", dataset="digits", budget=rounds, settings=settings,
        eval_every=rounds // 2, eval_count=0, paradigm="supervised", claim=claim,
    )  # fmt: skip


_LINEAR = "scikit-learn's LogisticRegression comes to 0.95 to 0.97 on such a split"
_NEAREST = "the nearest neighbours of such a split name 98 to 99 of 100"
_TWO_LAYERS = {"hidden_sizes": [64], "batch_size": 64, "batches_per_step": 8}

RECIPES = (
    _digits(
        "softmax",
        "softmax regression, its derivative written by hand",
        "softmax-regression",
        50,
        {"batch_size": 64, "batches_per_step": 8},
        0.94,
        _LINEAR,
    ),
    _digits("mlp", "a multilayer perceptron, its derivative written by hand", "mlp", 50, _TWO_LAYERS, 0.96, _NEAREST),
    _digits(
        "mlp-autodiff",
        "the same, its derivative by our own automatic differentiation",
        "mlp",
        50,
        {**_TWO_LAYERS, "gradient": "autodiff"},
        0.96,
        _NEAREST,
    ),
    _digits(
        "resnet",
        "a residual network of three blocks",
        "image-classifier",
        40,
        {
            "net": "resnet-20",
            "net_settings": {"blocks": [1, 1, 1], "channels": [8, 16, 32]},
            "batch_size": 64,
            "batches_per_step": 4,
            "learning_rate": 0.1,
            "pad": 1,
        },
        0.98,
        _NEAREST,
    ),
    _library(
        "boosting",
        "histogram boosting by scikit-learn",
        50,
        {"estimator": "HistGradientBoostingClassifier", "arguments": {"max_iter": 50}},
        0.96,
        "its own fit, of 100 rounds, names 0.972 of the validation split; a point less for luck",
    ),
    _library(
        "forest",
        "a random forest by scikit-learn, and its out-of-bag error",
        100,
        {"estimator": "RandomForestClassifier", "arguments": {"n_estimators": 100}},
        0.945,
        "its own fit names 0.955 of the validation split; a point less for luck",
    ),
    Recipe(
        "digits/autoencoder",
        "digits through eight numbers, learned without labels",
        "autoencoder",
        dataset="digits",
        budget=100 * _IMAGES,
        settings={"code": 8, "hidden_sizes": [64], "batch_size": 64, "batches_per_step": 8},
        eval_count=0,
        paradigm="unsupervised",
        claim=Claim(
            2.2,
            "an eighth less than 2.5 of 16, which is what eight principal components leave of the test images",
            "eval/rmse",
            count=0,
            direction="down",
            split="test",
        ),
    ),
    Recipe(
        "digits/k-means",
        "ten centres among digits that nobody has named",
        "k-means",
        dataset="digits",
        budget=1_000 * _IMAGES,
        eval_every=1_000 * _IMAGES,
        eval_count=0,
        settings={"groups": 10},
        paradigm="unsupervised",
        claim=Claim(
            240_000.0,
            "scikit-learn's KMeans comes to 238,608 to 239,351 on the same images, from ten starts of five seeds",
            "eval/inertia",
            count=0,
            direction="down",
            split="test",
        ),
    ),
    Recipe(
        "digits/mini-batch-k-means",
        "the same from a few images at a time, by scikit-learn",
        "library-clusterer",
        dataset="digits",
        budget=50,
        eval_every=50,
        eval_count=0,
        settings={"estimator": "MiniBatchKMeans", "arguments": {"n_clusters": 10, "batch_size": 256}},
        paradigm="unsupervised",
        claim=Claim(
            250_000.0,
            "scikit-learn's own fit of it comes to 238,443 to 249,017 on the same images, with five seeds",
            "eval/inertia",
            count=0,
            direction="down",
            split="test",
        ),
    ),
    Recipe(
        "digits/nmf",
        "digits by twenty parts that are only ever added, by scikit-learn",
        "library-transformer",
        dataset="digits",
        budget=1,
        eval_count=0,
        settings={
            "estimator": "NMF",
            "arguments": {"n_components": 20, "init": "nndsvda", "max_iter": 400},
        },
        paradigm="unsupervised",
        claim=Claim(
            1.8,
            "scikit-learn's own comes to 1.772 to 1.778 of 16, where principal components, which may also take away,"
            " leave 1.461",
            "eval/rmse",
            count=0,
            direction="down",
            split="test",
        ),
    ),
    Recipe(
        "digits/pca",
        "digits by twenty numbers, fitted at once",
        "pca",
        dataset="digits",
        budget=_IMAGES,
        eval_count=0,
        settings={"components": 20},
        paradigm="unsupervised",
        claim=Claim(
            1.47,
            "scikit-learn's PCA comes to 1.440 to 1.455 of 16 on three such partitions",
            "eval/rmse",
            count=0,
            direction="down",
            split="5-fold",
        ),
    ),
)
