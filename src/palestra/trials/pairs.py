"""One side of a comparison against another, and whether one of them beats all others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from palestra.ops import evidence
from palestra.runs.facts import table_html
from palestra.trials.verdict import ENOUGH, PROVISIONAL, Interval

if TYPE_CHECKING:
    from palestra.trials.compare import Comparison, Group


@dataclass(frozen=True)
class Pair:
    """One side against another."""

    one: str
    other: str
    improvement: float
    """Probability that a training of ``one`` beats one of ``other``, ties counting half."""
    improvement_interval: Interval
    difference: float
    """IQM of ``one`` minus IQM of ``other``."""
    difference_interval: Interval
    better: str | None
    """The side that both intervals favour."""


def pair_of(one: "Group", other: "Group", level: float) -> Pair:
    """One side against another, on intervals of a level."""
    x, y = one.values, other.values

    def difference(ours: Any, theirs: Any) -> Any:
        return evidence.iqm(ours) - evidence.iqm(theirs)

    sign = 1.0 if one.direction == "up" else -1.0
    share = evidence.bootstrap_interval(evidence.probability_of_improvement, sign * x, sign * y, level=level)
    gap = evidence.bootstrap_interval(difference, x, y, level=level)
    better = None
    if share[0] > 0.5 and min(sign * gap[0], sign * gap[1]) > 0:
        better = one.name
    elif share[1] < 0.5 and max(sign * gap[0], sign * gap[1]) < 0:
        better = other.name
    return Pair(
        one.name, other.name, float(evidence.probability_of_improvement(sign * x, sign * y)),
        (float(share[0]), float(share[1])), float(difference(x, y)), (float(gap[0]), float(gap[1])), better,
    )  # fmt: skip


def winner_of(groups: "Sequence[Group]", pairs: Sequence[Pair]) -> tuple[str | None, str]:
    """The side that beats every other, or None, and why."""
    if len(groups) == 1:
        return None, "there is one side, and nothing beside it"
    fewest = min(groups, key=lambda group: len(group.values))
    n = len(fewest.values)
    if n < PROVISIONAL:
        return None, f"too few seeds: {fewest.name} has {n}, and a winner needs {PROVISIONAL} on every side"
    for group in groups:
        if sum(pair.better == group.name for pair in pairs) == len(groups) - 1:
            provisional = "" if n >= ENOUGH else f", provisionally: {fewest.name} has only {n} seeds"
            return group.name, f"both intervals favour it against every other side{provisional}"
    return None, "the intervals do not support one: more seeds may, or there is no difference worth the name"


def comparison_html(done: "Comparison") -> str:
    """What a notebook shows of a comparison: whether one side wins, and every one against every other."""
    rows = [
        (
            pair.one, pair.other, _told(pair.improvement, pair.improvement_interval, ".2f"),
            _told(pair.difference, pair.difference_interval, ".4g"),
        )
        for pair in done.pairs
    ]  # fmt: skip
    said = f"{done.winner or 'no winner'}: {done.why} ({done.measured})"
    head = ("", "against", "probability of improvement", "difference of the IQMs")
    return table_html("; ".join((said, *done.notes)), head, rows)


def _told(value: float, interval: Interval, form: str) -> str:
    return f"{value:{form}} [{interval[0]:{form}}, {interval[1]:{form}}]"
