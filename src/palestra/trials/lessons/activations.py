"""Activations compared: what they make of a number, and how much of a gradient they let through."""

import torch

from palestra.ops.activations import ACTIVATIONS
from palestra.pictures.panels import Lines, Panels
from palestra.trials.lessons.lesson import Lesson

REACH, FAR = 5.0, 4.0
"""How far to either side they are drawn, and where the table asks what is left of a gradient."""
LAYERS = 10
"""Through which a gradient has to come, at best."""


def lesson(seed: int) -> Lesson:
    """Nothing in it is drawn by chance."""
    x = torch.linspace(-REACH, REACH, 1001, dtype=torch.float64)
    values = {name: (x.numpy(), each.value(x).numpy()) for name, each in ACTIVATIONS.items()}
    slopes = {name: (x.numpy(), each.derivative(x).numpy()) for name, each in ACTIVATIONS.items()}
    rows = []
    for name, each in ACTIVATIONS.items():
        most = float(slopes[name][1].max())
        below, above = (float(each.derivative(torch.tensor([at], dtype=torch.float64))) for at in (-FAR, FAR))
        rows.append((name, most, below, above, most**LAYERS))
    said = (
        f"a sigmoid lets a quarter of a gradient through at best, {0.25**LAYERS:.1g} of it through {LAYERS}; ReLU"
        " all or nothing"
    )
    panels = [Lines("value", "x", values), Lines("derivative", "x", slopes)]
    columns = ("activation", "largest derivative", f"at -{FAR:g}", f"at {FAR:g}", f"largest, through {LAYERS} layers")
    return Lesson(columns, rows, said, Panels("activations", said, panels, columns=2))
