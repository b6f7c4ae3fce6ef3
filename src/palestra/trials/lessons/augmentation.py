"""Augmentation and synthesis: what changed copies of a few images are worth, and which changes cost.

A network learns digits from some images of each class. At every step it sees them as they are, or changed at random:
turned, stretched and moved a little, moved by a whole pixel, under noise, mirrored, or each on the way to another of
its class (Chawla et al. 2002), which is an image that nobody has drawn. It is judged on images as they are. The same
images and the same first weights for each change, so that differences are taken training by training.
"""

import math
from collections.abc import Callable, Mapping

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

CLASSES, SIDE = range(10), 8
HIDDEN = 64
COUNTS = (2, 5, 10)
"""Images of each class to learn from."""
TRAININGS, STEPS, RATE = 6, 120, 3e-3
NOISE = 0.2
"""Deviation of the noise, of what is 1 from black to white."""
TURN, STRETCH, SHIFT = math.radians(10), 0.1, 0.5
"""What is little, either way: an angle, a share of the size, and pixels."""

Change = Callable[[Tensor, Generator], Tensor]
"""From images (M, B, 8, 8), all of a class beside each other, to as many of the same classes."""


def bent(images: Tensor, rng: Generator) -> Tensor:
    """Each turned, stretched along either axis and moved, all of it a little."""
    flat = images.flatten(0, 1)[:, None]
    angle, wide, tall, across, down = (2 * torch.rand(5, len(flat), generator=rng) - 1).unbind()
    cos, sin = (TURN * angle).cos(), (TURN * angle).sin()
    wide, tall = 1 + STRETCH * wide, 1 + STRETCH * tall
    move = 2 * SHIFT / SIDE
    way = torch.stack((wide * cos, -wide * sin, move * across, tall * sin, tall * cos, move * down), 1).view(-1, 2, 3)
    grid = F.affine_grid(way, list(flat.shape), align_corners=False)
    return F.grid_sample(flat, grid, align_corners=False).view_as(images)


def moved(images: Tensor, rng: Generator) -> Tensor:
    """Each by a whole pixel or by none, either way."""
    return random_shift(images.flatten(0, 1)[:, None], 1, rng).view_as(images)


def noisy(images: Tensor, rng: Generator) -> Tensor:
    """Each under noise of its own."""
    return images + NOISE * torch.randn(images.shape, generator=rng)


def mirrored(images: Tensor, rng: Generator) -> Tensor:
    """Every other one, on average, left and right exchanged."""
    return torch.where(torch.rand(*images.shape[:2], 1, 1, generator=rng) < 0.5, images.flip(-1), images)


def between(images: Tensor, rng: Generator) -> Tensor:
    """Each somewhere on the way to another of its class (Chawla et al. 2002)."""
    trainings, rows = images.shape[:2]
    count = rows // len(CLASSES)
    other = torch.randint(count, (trainings, rows), generator=rng) + torch.arange(rows) // count * count
    share = torch.rand(trainings, rows, 1, 1, generator=rng)
    return images.lerp(images[torch.arange(trainings)[:, None], other], share)


CHANGES: dict[str, Change] = {
    "as they are": lambda images, _: images,
    "bent a little": bent,
    "moved a pixel": moved,
    "noise": noisy,
    "mirrored": mirrored,
    "between two": between,
}
"""Name to what is done at every step."""


def lesson(seed: int) -> Lesson:
    """Six ways to look at the same images, over numbers of them."""
    found = {count: accuracies_by_change(count, seed) for count in COUNTS}
    plain = {count: by_change["as they are"] for count, by_change in found.items()}
    rows: list[tuple[str | float, ...]] = []
    for count, by_change in found.items():
        for name, each in by_change.items():
            gain = mean_interval(each - plain[count]) if name != "as they are" else (0.0, 0.0, 0.0)
            rows.append((str(count), name, float(each.mean()), *gain))
    last = COUNTS[-1]
    said = f"gain in accuracy at {last} images a class: " + ", ".join(
        f"{name} {float((each - plain[last]).mean()):+.3f}"
        for name, each in found[last].items()
        if name != "as they are"
    )
    columns = ("images a class", "seen", "accuracy", "gain", "low", "high")
    return Lesson(columns, rows, said, _picture(found, said))


def accuracies_by_change(count: int, seed: int) -> dict[str, Tensor]:
    """(TRAININGS,) on the images held out by change, after learning ``count`` of each class."""
    rng = generator(seed, "lesson", "images")
    (images, labels), (held_out, held_labels) = digits("train"), digits("validation")
    chosen = few_of_each(labels, CLASSES, count, TRAININGS, rng)
    x, y, times = images[chosen], labels[chosen].repeat(len(CHANGES), 1), len(CHANGES)
    one, net = (
        Ensemble(number, (SIDE * SIDE, HIDDEN, len(CLASSES)), generator(seed, "lesson", "weights"))
        for number in (TRAININGS, times * TRAININGS)
    )
    copy([(weight.repeat(times, 1, 1), bias.repeat(times, 1, 1)) for weight, bias in one.layers()], net)
    draws = {name: generator(seed, "lesson", count, name) for name in CHANGES}

    def batch(step: int) -> tuple[Tensor, Tensor]:
        return torch.cat([change(x, draws[name]) for name, change in CHANGES.items()]).flatten(2), y

    found = accuracies(train(net, batch, STEPS, RATE), held_out.flatten(1), held_labels)
    return dict(zip(CHANGES, found.view(times, TRAININGS)))


def _picture(found: Mapping[int, Mapping[str, Tensor]], said: str) -> Panels:
    across = torch.tensor(COUNTS, dtype=torch.float64).numpy()
    lines = {name: (across, torch.stack([found[n][name].mean() for n in COUNTS]).numpy()) for name in CHANGES}
    gained = {
        name: (across, torch.stack([(found[n][name] - found[n]["as they are"]).mean() for n in COUNTS]).numpy())
        for name in CHANGES
    }
    panels: list[Panel] = [
        Lines(f"accuracy, mean of {TRAININGS} trainings", "images of each class", lines),
        Lines("gain over images as they are", "images of each class", gained),
    ]
    return Panels("augmentation and synthesis", said, panels, columns=2)
