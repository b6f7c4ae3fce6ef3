"""Batch normalisation and pooling, taken apart: what a textbook changes in one step is changed one thing at a time.

The sigmoid LeNet averages what it pools. Where batch normalisation is shown to mend it, the largest of each window has
often come with it, and what both did together is told of the first. Here are all four LeNets, with one learning rate,
from the same weights and in the same order of images: the digits of 8 x 8 pixels, each pixel as 2 x 2.
"""

from collections.abc import Mapping
from statistics import mean

import torch
from torch import Tensor

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.engine.seeding import derive
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.nets.vision.lenet import Normalisation
from palestra.ops.pooling import Pooling
from palestra.pictures.panels import Bars, Lines, Panel, Panels
from palestra.trials.lessons.lesson import Lesson

Change = tuple[Pooling, Normalisation]

SEEDS, EPOCHS, BATCH = 3, 5, 64
RATE = 0.9
"""The textbook's for its LeNet."""
GOOD = 0.9
"""Accuracy whose first epoch is looked for."""
NAMES: Mapping[Change, str] = {
    ("average", "none"): "as it was",
    ("average", "batch"): "normalised",
    ("max", "none"): "largest pooled",
    ("max", "batch"): "both",
}
"""Pooling and normalisation, to what it is called."""


def lesson(seed: int) -> Lesson:
    """Four networks, some trainings of each."""
    source = enlarged()
    seeds = [derive(seed, "lesson", n) for n in range(SEEDS)]
    found = {change: torch.stack([accuracies(source, change, each) for each in seeds]) for change in NAMES}
    last = {change: float(accuracy[:, -1].mean()) for change, accuracy in found.items()}
    gain = {change: value - last["average", "none"] for change, value in last.items()}
    said = (
        f"accuracy after {EPOCHS} epochs, mean of {SEEDS}: {last['average', 'none']:.3f} as it was,"
        f" {gain['max', 'batch']:+.3f} by both; by normalisation alone {gain['average', 'batch']:+.3f},"
        f" by pooling the largest alone {gain['max', 'none']:+.3f}"
    )
    columns = ("pooling", "normalisation", "accuracy", "lowest", "highest", f"epochs to {GOOD:g}", "largest fall")
    rows = [(*change, *figures(accuracy)) for change, accuracy in found.items()]
    return Lesson(columns, rows, said, _picture(found, said))


def enlarged() -> InMemory:
    """The digits (N, 16, 16): LeNet's windows need the room."""
    return InMemory(
        {
            name: Split(images.repeat_interleave(2, 1).repeat_interleave(2, 2), digits)
            for name, (images, digits) in Dataset("digits").load().items()
        }
    )


def accuracies(source: Dataset, change: Change, seed: int) -> Tensor:
    """(EPOCHS,) on images held out, after each epoch of one training."""
    config = ImageClassifierConfig(
        net="lenet", net_settings=dict(zip(("pooling", "normalisation"), change)), batch_size=BATCH,
        batches_per_step=10_000, optimizer="sgd", learning_rate=RATE, learning_rate_schedule="constant",
        weight_decay=0.0,
    )  # fmt: skip
    learner = ImageClassifier(source, config, seed=seed)
    scores = []
    for _ in range(EPOCHS):
        learner.step()  # to the end of the epoch, which no step crosses
        scores.append(learner.evaluate().score)
    return torch.tensor(scores, dtype=torch.float64)


def figures(accuracy: Tensor) -> tuple[float, float, float, float, float]:
    """What came of some trainings.

    Args:
        accuracy: (trainings, epochs).

    Returns:
        Mean, lowest and highest at the end; the mean epoch of the first ``GOOD`` one, which is one more than there are
        where there is none; and the largest fall from an epoch to the next.
    """
    last = accuracy[:, -1]
    first = [next((n for n, each in enumerate(run, 1) if each >= GOOD), len(run) + 1) for run in accuracy.tolist()]
    fall = float((accuracy[:, :-1] - accuracy[:, 1:]).clamp(min=0).max())
    return float(last.mean()), float(last.min()), float(last.max()), mean(first), fall


def _picture(found: Mapping[Change, Tensor], said: str) -> Panels:
    epochs = torch.arange(1, EPOCHS + 1).numpy()
    lines = {NAMES[change]: (epochs, accuracy.mean(0).numpy()) for change, accuracy in found.items()}
    ends = [figures(accuracy) for accuracy in found.values()]
    bars = {name: [each[at] for each in ends] for at, name in ((1, "lowest"), (0, "mean"), (2, "highest"))}
    panels: list[Panel] = [
        Lines(f"accuracy on images held out, mean of {SEEDS} trainings", "epochs", lines, bounds=(0.0, 1.0)),
        Bars(f"after {EPOCHS} epochs", [*NAMES.values()], bars),
    ]
    return Panels("normalisation and pooling", said, panels, columns=2)
