"""Walking: from footsteps to a zero-moment point, to the centre of mass that keeps it there, to whether the feet hold.

What a preview is worth, and two ways to get it wrong: a feedback without an integral, and a walk whose first step is
seen at once, in the middle of standing still.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from palestra.ops.preview import CartTable, Walk, cart_table, inside, preview_gains, walk
from palestra.pictures.panels import Lines, Panels
from palestra.trials.lessons.lesson import Lesson

SECONDS = 0.005
STEPS, LENGTH, APART = 6, 0.3, 0.1
"""Steps, metres of each, and metres of a foot from the middle."""
STEP_TIME, BOTH_FEET = 0.8, 0.2
"""Seconds of a step, and of those on both feet."""
STANDS, ENDS = 1.6, 2.4
"""Seconds of standing still before the first step, and after the last."""
FOOT = (0.20, 0.10)
"""Length and width of a foot, m."""
PREVIEWS = (0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)
"""Seconds, of the picture."""


class Footsteps(NamedTuple):
    """What feet do, every 5 ms."""

    wanted_T2: Tensor
    """(T, 2) where the zero-moment point shall be: along, across."""
    feet_TL2: Tensor
    """(T, 8, 2) corners of the feet that are on the ground; of a single one twice."""


class Found(NamedTuple):
    """What became of a walk, m."""

    rms: float
    """Of the zero-moment point's error along."""
    along: float
    """Its largest, along."""
    across: float
    """Across."""
    margin: float
    """How far inside the support the point is where it is nearest to the edge."""
    last: float
    """Its error along at the end."""


def footsteps(stands: float = STANDS, both_feet: float = BOTH_FEET) -> Footsteps:
    """Standing, six steps and standing again; on both feet the point moves evenly from one to the other."""
    places = [(LENGTH * i, APART * (1 - 2 * (i % 2))) for i in range(STEPS)]
    end = places[-1][0]
    stops = [(0.0, 0.0), *places, (end, 0.0)]
    feet = [((0.0, APART), (0.0, -APART)), *((place, place) for place in places), ((end, APART), (end, -APART))]
    wanted, ground = [stops[0]] * round(stands / SECONDS), [feet[0]] * round(stands / SECONDS)
    for i in range(1, len(stops)):
        shared = round(both_feet / SECONDS)
        rest = round((ENDS if i == len(stops) - 1 else STEP_TIME) / SECONDS) - shared
        before, after = np.array(stops[i - 1]), np.array(stops[i])
        wanted += [tuple(before + (after - before) * (j + 1) / (shared + 1)) for j in range(shared)]
        wanted += [stops[i]] * rest
        ground += [feet[0] if i == 1 else feet[-1] if i == len(stops) - 1 else (stops[i - 1], stops[i])] * shared
        ground += [feet[i]] * rest
    middle = torch.tensor(ground, dtype=torch.float64)
    corner = torch.tensor([[x, y] for x in (-0.5, 0.5) for y in (-0.5, 0.5)]) * torch.tensor(FOOT)
    return Footsteps(torch.tensor(wanted, dtype=torch.float64), (middle[:, :, None] + corner.double()).flatten(1, 2))


def walked(cart: CartTable, steps: Footsteps, preview: float, *, integrates: bool = True) -> tuple[Walk, Walk, Found]:
    """A walk along and across, seen so many seconds ahead."""
    gains = preview_gains(cart, round(preview / SECONDS), integrates=integrates)
    along, across = (walk(cart, gains, wanted_T) for wanted_T in steps.wanted_T2.T)
    point_T2 = torch.stack((along.point_T, across.point_T), 1)
    amiss_T2 = point_T2 - steps.wanted_T2
    most = amiss_T2.abs().amax(0)
    rms = float(amiss_T2[:, 0].square().mean().sqrt())
    margin = float(inside(point_T2, steps.feet_TL2).min())
    return along, across, Found(rms, float(most[0]), float(most[1]), margin, float(amiss_T2[-1, 0].abs()))


def lesson(seed: int) -> Lesson:
    """A walk, what it is without its parts, and how far ahead one has to see. Nothing in it is drawn by chance."""
    cart, even = cart_table(SECONDS), footsteps()
    cases = {
        "as it should be": (even, 1.6, True),
        "a preview of 0.8 s": (even, 0.8, True),
        "a preview of 0.5 s": (even, 0.5, True),
        "no integral": (even, 1.6, False),
        "no integral, 0.8 s": (even, 0.8, False),
        "the point jumps": (footsteps(both_feet=0.0), 1.6, True),
        "the first step after 0.8 s": (footsteps(stands=0.8), 1.6, True),
    }
    done = {
        name: walked(cart, steps, preview, integrates=integrates)
        for name, (steps, preview, integrates) in cases.items()
    }
    rows = [(name, *(1000 * figure for figure in found)) for name, (_, _, found) in done.items()]
    said = (
        "zero-moment point, mm: rms and largest error along, largest across, the least distance to the edge of the"
        " support (negative: the robot tips), and the error along at the end"
    )
    columns = ("walk", "rms", "along", "across", "inside", "at the end")
    below = "the centre of mass leaves before the foot does; how far ahead one sees decides how well the point is kept"
    return Lesson(columns, rows, said, Panels("walking", below, _panels(cart, even, done), columns=2))


def _panels(cart: CartTable, even: Footsteps, done: dict[str, tuple[Walk, Walk, Found]]) -> list[Lines]:
    along, across, _ = done["as it should be"]
    panels = []
    for title, wanted_T, one in zip(("along, m", "across, m"), even.wanted_T2.T, (along, across)):
        lines = {"wanted": wanted_T, "zero-moment point": one.point_T, "centre of mass": one.mass_T}
        time = SECONDS * np.arange(len(wanted_T))
        panels.append(Lines(title, "seconds", {name: (time, line_T.numpy()) for name, line_T in lines.items()}))
    shapes = {"even": even, "jumping": footsteps(both_feet=0.0)}
    errors = {
        f"rms error, {name}": np.array([1000 * walked(cart, steps, seen)[2].rms for seen in PREVIEWS])
        for name, steps in shapes.items()
    }
    seen = np.array(PREVIEWS)
    panels.append(Lines("error along, mm", "seconds seen ahead", {k: (seen, v) for k, v in errors.items()}, True))
    amiss = {}
    for name in ("as it should be", "no integral, 0.8 s", "the first step after 0.8 s"):
        steps = footsteps(stands=0.8) if name.startswith("the first") else even
        wrong = (done[name][0].point_T - steps.wanted_T2[:, 0]).numpy()
        amiss[name] = (SECONDS * np.arange(len(wrong)), 1000 * wrong)
    panels.append(Lines("two faults: error along, mm", "seconds", amiss))
    return panels
