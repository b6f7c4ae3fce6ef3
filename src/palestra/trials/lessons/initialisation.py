"""Initialisation: with which weights numbers and gradients come through many layers, vanish or explode.

Nothing is learned. Rows of standard normal numbers go through ``DEPTH`` layers of ``WIDTH`` units without biases, and a
gradient of such numbers comes back.
"""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from palestra.engine.seeding import generator
from palestra.nets.layer_statistics import Activation, LayerStatistics, Scheme, deep, layer_statistics
from palestra.pictures.panels import Lines, Panel, Panels
from palestra.trials.lessons.lesson import Lesson

DEPTH, WIDTH, ROWS = 20, 256, 256
ACTIVATIONS: tuple[Activation, ...] = ("tanh", "sigmoid", "relu")


def _custom(weight: Tensor, rng: Generator) -> Tensor:
    """From 5 to 10 in size, and every other one zero: what a textbook draws to show that anything can be drawn."""
    drawn = nn.init.uniform_(weight, -10, 10, generator=rng)
    return drawn.mul_(drawn.abs() >= 5)


SCHEMES: dict[str, Scheme] = {
    "normal 0.01": lambda weight, rng: nn.init.normal_(weight, std=0.01, generator=rng),
    "normal 1": lambda weight, rng: nn.init.normal_(weight, std=1.0, generator=rng),
    "Xavier": lambda weight, rng: nn.init.xavier_normal_(weight, generator=rng),
    "Kaiming": lambda weight, rng: nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=rng),
    "orthogonal": lambda weight, rng: nn.init.orthogonal_(weight, generator=rng),
    "custom": _custom,
}
"""Name to how weights are drawn."""


def lesson(seed: int) -> Lesson:
    """Every scheme with every activation."""
    rows: list[tuple[str | float, ...]] = []
    panels: list[Panel] = []
    for activation in ACTIVATIONS:
        found = {name: statistics(activation, scheme, seed) for name, scheme in SCHEMES.items()}
        panels += _panels(activation, found)
        for name, layers in found.items():
            last, shrunk = layers[-1], layers[0].gradient / layers[-1].gradient
            figures = (layers[0].deviation, last.deviation, last.mean, last.saturated, last.dead, shrunk)
            rows.append((activation, name, *figures))
    columns = (
        "activation", "weights", "deviation, layer 1", f"layer {DEPTH}", "mean there", "saturated", "dead",
        f"gradient, layer 1 over {DEPTH}",
    )  # fmt: skip
    said = (
        f"{DEPTH} layers of {WIDTH} units: too small weights let numbers and gradients vanish, too large ones saturate"
        " or explode; ReLU wants Kaiming's, tanh Xavier's or orthogonal ones"
    )
    return Lesson(columns, rows, said, Panels("initialisation", said, panels, columns=3))


def statistics(activation: Activation, scheme: Scheme, seed: int) -> list[LayerStatistics]:
    """Of each layer; float64, in which little vanishes to zero that is not zero."""
    rng = generator(seed, "lesson", "weights")
    net = deep([WIDTH] * (DEPTH + 1), activation, scheme, rng).double()
    x, back = (torch.randn(ROWS, WIDTH, generator=rng, dtype=torch.float64) for _ in range(2))
    return layer_statistics(net, x, back)


def _panels(activation: Activation, found: dict[str, list[LayerStatistics]]) -> list[Panel]:
    layer = torch.arange(1, DEPTH + 1).numpy()

    def lines(figure: str) -> dict[str, tuple[Any, Any]]:
        return {
            name: (layer, torch.tensor([getattr(each, figure) for each in layers]).numpy())
            for name, layers in found.items()
        }

    return [
        Lines(f"{activation}: deviation of numbers", "layer", lines("deviation"), logarithmic=True),
        Lines(f"{activation}: share saturated", "layer", lines("saturated"), bounds=(-0.03, 1.03)),
        Lines(f"{activation}: deviation of gradients", "layer", lines("gradient"), logarithmic=True),
    ]
