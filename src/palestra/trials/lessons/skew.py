"""Skew: two in a hundred are ill, and to miss one of them costs as much as twenty false alarms. Where is the line?

Two round clouds of points, the rarer one of those who are ill, so that how likely illness is at a point is known.
Logistic regression learns it. Thresholds are chosen by one thing after the other on rows held out, and judged on rows
that nothing was chosen by. Of a known probability one threshold is the cheapest (Elkan 2001, eq. 2):

    alarm where p > cost of an alarm / (cost of an alarm + cost of a missed one)
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from palestra.engine.seeding import generator
from palestra.ops.anomalies import Sweep, sweep
from palestra.ops.logistic import logistic_fit
from palestra.pictures.panels import Bars, Lines, Panel, Panels
from palestra.trials.lessons.lesson import Lesson

SHARE, DISTANCE = 0.02, 2.5
"""Of those who are ill, and how far apart the middles of the clouds are, in their deviations."""
MISSED, ALARM = 20.0, 1.0
"""What it costs to miss one, and to alarm one who is well."""
CHEAPEST = ALARM / (ALARM + MISSED)
"""The threshold of theory (Elkan 2001, eq. 2)."""
LEARNED, HELD_OUT, JUDGED = 5_000, 5_000, 100_000
"""Rows to learn from, to choose a threshold by, and to judge it on."""
POINTS = 400
"""Of each line."""


class Figures(NamedTuple):
    """What a threshold comes to."""

    threshold: float
    """Of the probability of illness, above which there is an alarm."""
    accuracy: float
    precision: float
    """Share of the alarms that are right; 0 without any."""
    recall: float
    """Share of the ill for whom there is an alarm."""
    f1: float
    """The harmonic mean of both."""
    cost: float
    """Of a thousand rows."""


def lesson(seed: int) -> Lesson:
    """Seven ways to draw the line."""
    rng = generator(seed, "lesson", "skew")
    (x, ill), (held_x, held_ill), (judged_x, judged_ill) = (drawn(n, rng) for n in (LEARNED, HELD_OUT, JUDGED))
    plain, weighed = logistic_fit(_with_one(x), ill), logistic_fit(_with_one(x), ill, 1 + (MISSED / ALARM - 1) * ill)
    held, share = (plain.log_odds(_with_one(rows)).sigmoid() for rows in (held_x, judged_x))
    tried = sweep(-held, held_ill == 1)
    found = {
        "nobody": figures(share, judged_ill, 1.0),
        "p > 1/2": figures(share, judged_ill, 0.5),
        "largest F1": figures(share, judged_ill, float(-tried.threshold_L[tried.best])),
        "least cost": figures(share, judged_ill, float(-tried.threshold_L[costs(tried).argmin()])),
        "theory": figures(share, judged_ill, CHEAPEST),
        "weighed": figures(weighed.log_odds(_with_one(judged_x)).sigmoid(), judged_ill, 0.5),
        "the truth": figures(true_share(judged_x), judged_ill, CHEAPEST),
    }
    said = (
        f"accuracy of {found['nobody'].accuracy:.3f} for nobody and {found['p > 1/2'].accuracy:.3f} at a half, which"
        f" cost {found['nobody'].cost:.0f} and {found['p > 1/2'].cost:.0f} a thousand; by cost on rows held out it is"
        f" {found['least cost'].cost:.0f}, at theory's 1/{1 / CHEAPEST:.0f} {found['theory'].cost:.0f}, and the truth"
        f" itself costs {found['the truth'].cost:.0f}"
    )
    columns = ("alarm", "threshold", "accuracy", "precision", "recall", "F1", "cost of 1,000")
    rows = [(name, *each) for name, each in found.items()]
    return Lesson(columns, rows, said, _picture(found, tried, sweep(-share, judged_ill == 1), said))


def drawn(count: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """Points (n, 2) float64, and who is ill, 1."""
    ill = (torch.rand(count, generator=rng) < SHARE).long()
    points = torch.randn(count, 2, generator=rng, dtype=torch.float64)
    points[:, 0] += DISTANCE * (ill - 0.5)
    return points, ill


def true_share(points: Tensor) -> Tensor:
    """(n,) how many of those at each point are ill: of clouds as wide the log-odds are a line."""
    return (DISTANCE * points[:, 0] + math.log(SHARE / (1 - SHARE))).sigmoid()


def figures(share: Tensor, ill: Tensor, threshold: float) -> Figures:
    """What comes of an alarm for every row whose share is above a threshold."""
    alarm, rows = share > threshold, len(ill)
    hits, alarms, sick = (int(each.sum()) for each in (alarm & (ill == 1), alarm, ill))
    wrong = alarms - hits, sick - hits
    return Figures(
        threshold, 1 - sum(wrong) / rows, hits / max(1, alarms), hits / max(1, sick),
        2 * hits / max(1, alarms + sick), 1_000 * (ALARM * wrong[0] + MISSED * wrong[1]) / rows,
    )  # fmt: skip


def costs(tried: Sweep) -> Tensor:
    """(L,) what every threshold of a sweep costs, of all its rows."""
    return ALARM * (tried.named_L - tried.found_L) + MISSED * (tried.anomalies - tried.found_L)


def _with_one(points: Tensor) -> Tensor:
    return torch.cat([points.new_ones(len(points), 1), points], 1)


def _picture(found: Mapping[str, Figures], tried: Sweep, judged: Sweep, said: str) -> Panels:
    across, (held, later) = "log-odds of the threshold", (_some(each) for each in (tried, judged))
    where, where_held = (torch.logit(-each.threshold_L, 1e-9).numpy() for each in (later, held))
    figure = {"precision": later.precision_L, "recall": later.recall_L, "F1": later.f1_L}
    cost = {
        "rows held out": (where_held, (1_000 / HELD_OUT * costs(held)).numpy()),
        "rows judged": (where, (1_000 / JUDGED * costs(later)).numpy()),
    }
    panels: list[Panel] = [
        Lines("every threshold", across, {name: (where, each.numpy()) for name, each in figure.items()}),
        Lines("cost of 1,000 rows", across, cost, bounds=(0.0, 1_000 * SHARE * MISSED * 1.2)),
        Lines("precision over recall", "recall", {"rows judged": (later.recall_L.numpy(), later.precision_L.numpy())}),
        Bars("what each costs", [*found], {"cost of 1,000": [each.cost for each in found.values()]}),
    ]
    return Panels("skewed classes", said, panels, columns=2)


def _some(whole: Sweep) -> Sweep:
    """A sweep at some of its thresholds, the closer together the fewer rows are named."""
    at = (torch.linspace(0, 1, POINTS, dtype=torch.float64) ** 4 * (len(whole.threshold_L) - 1)).long().unique()
    return Sweep(whole.threshold_L[at], whole.named_L[at], whole.found_L[at], whole.anomalies)
