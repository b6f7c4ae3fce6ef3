"""Lessons: what a chapter is about, computed on the spot in seconds, as one table and one picture.

    lesson = take("optimizers", seed=0)

A line in ``LESSONS`` makes one known to the command line and to the tests.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass

from palestra.errors import require, unknown_name
from palestra.pictures.panels import Panels

LESSONS = {
    "optimizers": (
        "palestra.trials.lessons.optimizers",
        "SGD, momentum, RMSprop and Adam in a bowl, a valley, a network",
    ),
    "activations": ("palestra.trials.lessons.activations", "ReLU, sigmoid, tanh and GELU, and their derivatives"),
    "initialisation": (
        "palestra.trials.lessons.initialisation",
        "numbers and gradients that vanish or explode, by layer",
    ),
    "normalisation": (
        "palestra.trials.lessons.normalisation",
        "batch normalisation and pooling, which a textbook changes together, taken apart",
    ),
    "shift": ("palestra.trials.lessons.shift", "inputs, labels or concepts change: what it is called, and what helps"),
    "skew": ("palestra.trials.lessons.skew", "rare classes: what accuracy hides, and which threshold costs least"),
    "leaks": (
        "palestra.trials.lessons.leaks",
        "tables prepared before they are split: what is believed then, beside the truth",
    ),
    "transfer": (
        "palestra.trials.lessons.transfer",
        "half of the classes help with the other: frozen, fine-tuned, from scratch",
    ),
    "augmentation": (
        "palestra.trials.lessons.augmentation",
        "few images, bent, moved, noisy, mirrored or mixed: what each is worth",
    ),
    "walking": (
        "palestra.trials.lessons.walking",
        "from footsteps to the zero-moment point and the centre of mass, and what seeing ahead is worth",
    ),
    "reach": (
        "palestra.trials.lessons.reach",
        "where an arm gets to, how freely it moves there, and what finds the joints",
    ),
}
"""Name to module and summary. Each module has a function ``lesson(seed)``."""


@dataclass(frozen=True)
class Lesson:
    """What came of it."""

    columns: Sequence[str]
    """Heads of a table."""
    rows: Sequence[Sequence[str | float]]
    """Of the table: words and numbers."""
    said: str
    """What there is to be seen."""
    picture: Panels
    """The same to look at."""


def take(name: str, seed: int = 0) -> Lesson:
    """Compute a lesson. UsageError for a name that there is not."""
    if name not in LESSONS:
        raise unknown_name("lesson", name, LESSONS)
    require(0 <= seed < 2**63, f"seed={seed}", "0 or more, less than 2^63")
    done: Lesson = importlib.import_module(LESSONS[name][0]).lesson(seed)
    return done
