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
RIGHT, STEPPED, SHORT, EARLY = "as it should be", "the point jumps", "no integral, 0.8 s", "a step after 0.8 s"


class Footsteps(NamedTuple):
    """What feet do, every 5 ms."""

    wanted_T2: Tensor
    """(T, 2) where the zero-moment point shall be: along, across."""
    feet_TL2: Tensor
    """(T, 8, 2) corners of the feet that are on the ground; of a single one twice."""


class Walked(NamedTuple):
    """What became of a walk."""

    walk: Walk
    amiss_T2: Tensor
    """(T, 2) what the zero-moment point is off where it is wanted, mm."""
    figures: tuple[float, ...]
    """Of the table, mm."""


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


def walked(cart: CartTable, steps: Footsteps, preview: float, *, integrates: bool = True) -> Walked:
    """A walk, seen so many seconds ahead."""
    done = walk(cart, preview_gains(cart, round(preview / SECONDS), integrates=integrates), steps.wanted_T2)
    amiss_T2 = 1000 * (done.point_TL - steps.wanted_T2)
    most, rms = amiss_T2.abs().amax(0), amiss_T2[:, 0].square().mean().sqrt()
    margin = 1000 * inside(done.point_TL, steps.feet_TL2).min()
    return Walked(done, amiss_T2, (float(rms), *most.tolist(), float(margin), float(amiss_T2[-1, 0].abs())))


def lesson(seed: int) -> Lesson:
    """A walk, what it is without its parts, and how far ahead one has to see. Nothing in it is drawn by chance."""
    cart, even = cart_table(SECONDS), footsteps()
    done = {
        RIGHT: walked(cart, even, 1.6),
        "a preview of 0.8 s": walked(cart, even, 0.8),
        "a preview of 0.5 s": walked(cart, even, 0.5),
        "no integral": walked(cart, even, 1.6, integrates=False),
        SHORT: walked(cart, even, 0.8, integrates=False),
        STEPPED: walked(cart, footsteps(both_feet=0.0), 1.6),
        EARLY: walked(cart, footsteps(stands=0.8), 1.6),
    }
    said = "the centre of mass leaves before the foot does; how far ahead one sees decides how well the point is kept"
    errors = ("rms along, mm", "most along, mm", "most across, mm")
    columns = ("walk", *errors, "from the edge of the support, mm", "along at the end, mm")
    rows: list[tuple[str | float, ...]] = [(name, *each.figures) for name, each in done.items()]
    return Lesson(columns, rows, said, Panels("walking", said, _panels(cart, even, done), columns=2))


def _panels(cart: CartTable, even: Footsteps, done: dict[str, Walked]) -> list[Lines]:
    panels, right = [], done[RIGHT].walk
    for axis, title in enumerate(("along, m", "across, m")):
        lines = {"wanted": even.wanted_T2, "zero-moment point": right.point_TL, "centre of mass": right.mass_TL}
        panels.append(Lines(title, "seconds", {name: _over_time(line[:, axis]) for name, line in lines.items()}))
    stepped = footsteps(both_feet=0.0)
    both = Footsteps(torch.cat((even.wanted_T2, stepped.wanted_T2), 1), even.feet_TL2)
    found = [walk(cart, preview_gains(cart, round(s / SECONDS)), both.wanted_T2).point_TL for s in PREVIEWS]
    rms = 1000 * (torch.stack(found) - both.wanted_T2).square().mean(1).sqrt().numpy()
    seen = np.array(PREVIEWS)
    errors = {"the point moves evenly": (seen, rms[:, 0]), "it jumps": (seen, rms[:, 2])}
    panels.append(Lines("rms error along, mm", "seconds seen ahead", errors, logarithmic=True))
    amiss = {name: _over_time(done[name].amiss_T2[:, 1]) for name in (RIGHT, SHORT, EARLY)}
    panels.append(Lines("two faults: error across, mm", "seconds", amiss))
    return panels


def _over_time(line_T: Tensor) -> tuple[np.ndarray, np.ndarray]:
    return SECONDS * np.arange(len(line_T)), line_T.numpy()
