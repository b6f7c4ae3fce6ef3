"""Transfer: a network that has learned the digits 0 to 4 meets 5 to 9, of which there are few images.

Digits of 8 x 8 pixels stand anywhere in a field of 12 x 12. A network sees the first half of the classes again and
again, each time in another place. Of the other half there are some images of each class, each in one place. They are
learned from scratch; by a new last layer over the network's features, which are frozen; and then by all of its layers,
from where that has come to (fine-tuning; Kumar et al. 2022). Everything is drawn anew for each training: images,
places, weights and the network.
"""

from collections.abc import Mapping

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.engine.seeding import generator
from palestra.nets.ensemble import Ensemble
from palestra.ops.augment import random_shift
from palestra.ops.statistics import mean_interval
from palestra.pictures.panels import Lines, Panel, Panels
from palestra.trials.lessons.lesson import Lesson
from palestra.trials.lessons.side_by_side import accuracies, copy, digits, few_of_each, train

FIRST, SECOND = range(5), range(5, 10)
"""Classes that there are many images of, and those that there are few of."""
REACH = 2
"""Pixels by which a digit may be off the middle of its field, either way."""
HIDDEN = (64, 48)
COUNTS = (1, 2, 5, 20)
"""Images of each class to learn from."""
TRAININGS = 6
BATCH, SOURCE_STEPS, STEPS = 64, 400, 150
RATE, GENTLE = 3e-3, 1e-3
"""Of Adam: for what is new, and where all layers have learned something already."""
WAYS = ("from scratch", "frozen", "fine-tuned")


def lesson(seed: int) -> Lesson:
    """Three ways to learn the second half, over numbers of images."""
    rng = generator(seed, "lesson", "transfer")
    source = source_networks(rng)
    found = {count: accuracies_by_way(source, count, rng) for count in COUNTS}
    rows: list[tuple[str | float, ...]] = []
    for count, by_way in found.items():
        for way, accuracy in by_way.items():
            gain = mean_interval(accuracy - by_way["from scratch"])
            rows.append((str(count), way, float(accuracy.mean()), *(gain if way != WAYS[0] else (0.0, 0.0, 0.0))))
    fewest, most = (found[count] for count in (COUNTS[0], COUNTS[-1]))
    said = "; ".join(
        f"{count} {'image' if count == 1 else 'images'} a class: "
        + ", ".join(f"{way} {float(accuracy.mean()):.2f}" for way, accuracy in by_way.items())
        for count, by_way in ((COUNTS[0], fewest), (COUNTS[-1], most))
    )
    columns = ("images a class", "second half learned", "accuracy", "gain", "low", "high")
    return Lesson(columns, rows, said, _picture(found, said))


def placed(images: Tensor, rng: Generator) -> Tensor:
    """(n, F) fields, in each of which an image (8, 8) stands somewhere."""
    fields = F.pad(images, (REACH,) * 4)[:, None]  # whose border is black, so that more of it is what comes in
    return random_shift(fields, REACH, rng).flatten(1)


def source_networks(rng: Generator) -> Ensemble:
    """Networks that know the first half of the classes, wherever they stand."""
    images, labels = digits("train")
    known = (labels[:, None] == torch.tensor(FIRST)).any(1)
    images, labels = images[known], labels[known]

    def batch(step: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(images), (TRAININGS * BATCH,), generator=rng)
        return placed(images[chosen], rng).view(TRAININGS, BATCH, -1), labels[chosen].view(TRAININGS, BATCH)

    field = (images.shape[1] + 2 * REACH) ** 2
    return train(Ensemble(TRAININGS, (field, *HIDDEN, len(FIRST)), rng), batch, SOURCE_STEPS, RATE)


def accuracies_by_way(source: Ensemble, count: int, rng: Generator) -> dict[str, Tensor]:
    """(TRAININGS,) on all images of the second half that are held out, by way, after learning ``count`` of a class."""
    (images, labels), (held_out, held_labels) = digits("train"), _held_out()
    chosen = few_of_each(labels, SECOND, count, TRAININGS, rng)
    x_MBF = placed(images[chosen.flatten()], rng).view(*chosen.shape, -1)
    y_MB, test_x, test_y = labels[chosen] - SECOND[0], placed(held_out, rng), held_labels - SECOND[0]
    sizes = (x_MBF.shape[-1], *HIDDEN, len(SECOND))
    scratch, tuned = (Ensemble(TRAININGS, sizes, rng) for _ in range(2))
    head = Ensemble(TRAININGS, (HIDDEN[-1], len(SECOND)), rng)
    train(scratch, lambda _: (x_MBF, y_MB), STEPS, RATE)
    seen, seen_test = features(source, x_MBF), features(source, test_x)
    train(head, lambda _: (seen, y_MB), STEPS, RATE)
    copy([*source.layers()[:-1], *head.layers()], tuned)
    train(tuned, lambda _: (x_MBF, y_MB), STEPS, GENTLE)
    return {
        "from scratch": accuracies(scratch, test_x, test_y),
        "frozen": accuracies(head, seen_test, test_y),
        "fine-tuned": accuracies(tuned, test_x, test_y),
    }


@torch.no_grad()
def features(net: Ensemble, x: Tensor) -> Tensor:
    """(M, B, F) what each network makes of rows (B, F) or (M, B, F) before its last layer."""
    for weight, bias in net.layers()[:-1]:
        x = torch.matmul(x, weight).add_(bias).relu_()
    return x


def _held_out() -> tuple[Tensor, Tensor]:
    """Images of the second half that nothing was learned from."""
    parts = [digits(split) for split in ("validation", "test")]
    images, labels = torch.cat([each for each, _ in parts]), torch.cat([each for _, each in parts])
    known = labels >= SECOND[0]
    return images[known], labels[known]


def _picture(found: Mapping[int, Mapping[str, Tensor]], said: str) -> Panels:
    across = torch.tensor(COUNTS, dtype=torch.float64).numpy()
    lines = {way: (across, torch.stack([found[n][way].mean() for n in COUNTS]).numpy()) for way in WAYS}
    gained = {}
    for way in WAYS[1:]:
        gain = [mean_interval(found[n][way] - found[n][WAYS[0]]) for n in COUNTS]
        for at, end in enumerate((way, f"{way}, 95% from", f"{way}, 95% to")):
            gained[end] = (across, torch.tensor([each[at] for each in gain], dtype=torch.float64).numpy())
    what = "images of each class of the second half"
    panels: list[Panel] = [
        Lines(f"accuracy on the second half, mean of {TRAININGS}", what, lines, bounds=(0.0, 1.0)),
        Lines("gain over learning from scratch", what, gained),
    ]
    return Panels("transfer", said, panels, columns=2)
