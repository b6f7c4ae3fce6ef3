"""From evidence to names: what is wrong, how sure that is, and which figures say so.

Every rule reads figures and compares them with limits that stand in this file. The limits were chosen on four draws of
each planted case and are reported on two others (``palestra bench planted_diseases``). A rule speaks where an
interval lies beyond its limit, not where a mean does. All losses are in shares of the constant's, so that one limit
serves errors of classes and of numbers: 1 is knowing nothing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

Evidence = Mapping[str, Any]

NAMES = (
    "target-leak", "duplicates-across-split", "preprocessing-leak", "group-leak", "time-leak", "shift", "label-noise",
    "class-skew", "underfit", "overfit", "too-little-data", "noise-floor", "healthy", "not-enough-evidence",
)  # fmt: skip
"""All that a diagnosis can be called, the graver first: what comes first spoils the figures of what comes after."""
LEAKS = NAMES[:5]
"""Where one of these is, how good the model is cannot be said at all."""

SURE = 0.9
"""How probable a difference to the reference has to be. Its variance counts for more than twice that of single rows."""
EFFECT = 0.08
"""Least difference that is worth a name, in the constant's loss."""
LEAK = {"alone": 0.04, "others": 0.12, "times": 4.0, "rank": 0.985}
"""Of a disguise: loss of the column alone at most, of the others at least, how many times as much; rank correlation."""
COPIED = {"rows": 4, "share": 0.01}
FLATTERED = 0.05
"""By how much groups or times apart have to be worse."""
DOMAIN, FALLEN, MOVED = 0.65, 0.08, 0.1
"""Area under the curve at which rows of the test are others; how far the error has to rise; how far classes move."""
WRONG = {"least": 0.03, "most": 0.22, "flat": 0.55, "depth": 0.6}
"""Share of wrong labels; what is left of all errors in the surer half, and how near its end they may stand there, which
few errors may by a standard error more."""
FAR = {"least": 0.04, "most": 0.25}
"""Share of outlying residuals."""
RARE, LARGE, UNSEEN, ACCURATE = 0.2, 0.6, 0.6, 0.8
"""Share of a class that is rare, and of one that is large; recall that is poor, and accuracy that hides it."""
NOISE = 0.55
"""Share of the constant's loss that remains where noise has the last word."""
MORE = {"gap": 0.1, "gain": 0.07, "part": 0.3, "sure": 0.8, "surer": 0.95}
"""Of too little data: gap to the training, what ten times as much gives, which part of the error that is, and how sure
it is that the curve has fallen: few rows are never surer; surer where the error itself is hardly known."""
WIDE, WIDER = 0.2, 0.3
"""Half-width of the difference to the reference, and of the error itself, that leaves everything open."""


@dataclass(frozen=True)
class Finding:
    """One diagnosis."""

    name: str
    """One of ``NAMES``."""
    confidence: float
    """From 0 to 1: how sure the figures make it."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Those that say so, by the names that the sentence about it has for them."""


def diagnose(evidence: Evidence) -> list[Finding]:
    """What the evidence is evidence for, the gravest first; at least one finding."""
    found = [finding for rule in _FIRST if (finding := rule(evidence)) is not None]
    names = {finding.name for finding in found}
    if names & set(LEAKS):
        return [finding for finding in found if finding.name in LEAKS]
    fit = _fit(evidence)
    if "class-skew" in names:
        worse = sure(evidence["levels"]["excess"]) >= SURE  # than what also takes the larger class for all
        fit = [finding for finding in fit if finding.name == "overfit" and worse]
    if "label-noise" in names:
        fit = [finding for finding in fit if finding.name not in ("noise-floor", "too-little-data")]
    found += fit
    return found or [_nothing(evidence)]


def sure(interval: Any, least: float = 0.0) -> float:
    """How probable it is that what has this mean, low and high is above ``least``, were it normal."""
    mean, low, high = interval
    deviation = (high - low) / 3.92
    if deviation <= 0:
        return 0.99 if mean > least else 0.01
    return min(0.99, max(0.01, NormalDist().cdf((mean - least) / deviation)))


def _disguise(evidence: Evidence) -> Finding | None:
    found, chance = evidence["leaks"]["disguise"], _chance(evidence)
    if found is None:
        return None
    alone, others = found["alone"][0] / chance, found["others"][0] / chance
    regular = evidence["classes"] or found["is_word"] or abs(found["rank_correlation"]) >= LEAK["rank"]
    clear = alone <= LEAK["alone"] and others >= max(LEAK["others"], LEAK["times"] * alone)
    if not (clear and regular and found["gain"][1] > 0):
        return None
    figures = {"column": found["column"], "alone": found["alone"][0], "others": found["others"][0]}
    return Finding("target-leak", 0.6 + 0.39 * (1 - alone / LEAK["alone"]), figures)


def _copies(evidence: Evidence) -> Finding | None:
    found = evidence["leaks"]["copies"]
    if found["rows"] < COPIED["rows"] or found["share"] < COPIED["share"]:
        return None
    kind = "nearly" if 2 * found["nearly"] > found["rows"] else "exactly"
    return Finding("duplicates-across-split", min(0.99, 0.8 + found["share"]), {**found, "kind": kind})


def _prepared(evidence: Evidence) -> Finding | None:
    found = evidence["leaks"]["prepared"]["traces"]
    if found:
        first = found[0]
        figures = {"trace": first["kind"], "where": first["where"], "columns": first["columns"]}
        return Finding("preprocessing-leak", 0.95 if len(first["columns"]) > 1 else 0.8, figures)
    return _too_good(evidence)


def _too_good(evidence: Evidence) -> Finding | None:
    """Development rows that are foretold far better than test rows, which look the same and cannot be foretold."""
    shift, chance = evidence["shift"], _chance(evidence)
    if shift is None or shift["within_test"] is None or shift["domain_auc"][0] >= DOMAIN:
        return None
    held, test, within = evidence["levels"]["cross_validation"][0], shift["test"][0], shift["within_test"]
    if _classes_moved(shift["label_change"]):
        return None
    fall = shift["fall"]
    if fall[1] <= FALLEN * chance or within[1] <= held or within[0] - held < 0.5 * fall[0]:
        return None
    figures = {"trace": "too good", "held": held, "test": test, "within": within[0], "where": "", "columns": []}
    return Finding("preprocessing-leak", 0.7, figures)


def _classes_moved(change: Mapping[str, Any] | None) -> bool:
    """Whether the test has other classes, or surely others shares of them."""
    return change is not None and bool(
        change["new_classes"] > 0 or change["moved"] >= max(MOVED, 4 * change["by_chance"])
    )


def _groups(evidence: Evidence) -> Finding | None:
    return _flattered(evidence, "groups", "group-leak", "apart", "test_rows_of_known_groups")


def _times(evidence: Evidence) -> Finding | None:
    return _flattered(evidence, "times", "time-leak", "from_before", "test_rows_before_the_last_training_row")


def _flattered(evidence: Evidence, part: str, name: str, honest: str, shared: str) -> Finding | None:
    found, chance = evidence["leaks"][part], _chance(evidence)
    if found is None or found["flattered_by"][1] <= 0 or found["flattered_by"][0] < FLATTERED * chance:
        return None
    figures = {
        "honest": found[honest][0], "at_random": found["at_random"][0], "shared": found[shared],
        "flattered_by": found["flattered_by"],
    }  # fmt: skip
    return Finding(name, sure(found["flattered_by"]), figures)


def _shift(evidence: Evidence) -> Finding | None:
    found, chance = evidence["shift"], _chance(evidence)
    if found is None:
        return None
    area, low, _ = found["domain_auc"]
    other = area >= DOMAIN and area - 1.5 * (area - low) > 0.5  # by three standard errors: it is the better of two
    label = found["label_change"]
    moved = _classes_moved(label)
    fall, within = found["fall"], found["within_test"]
    meaning = False
    if fall is not None and within is not None:
        held = evidence["levels"]["cross_validation"][0]
        meaning = fall[1] > FALLEN * chance and within[0] - held < 0.5 * fall[0]
    if not (other or moved or meaning):
        return None
    figures = {
        "auc": found["domain_auc"], "column": found["most_different"], "moved": label["moved"] if label else None,
        "kind": "inputs" if other else "classes" if moved else "meaning", "test": found["test"], "fall": fall,
        "held": evidence["levels"]["cross_validation"],
    }  # fmt: skip
    return Finding("shift", sure(found["domain_auc"], 0.5) if other else 0.9, figures)


def _labels(evidence: Evidence) -> Finding | None:
    found = evidence["labels"]
    rate, low, _ = found["rate"]
    if not evidence["classes"]:
        if low < FAR["least"] or rate > FAR["most"]:
            return None
        return Finding("label-noise", 0.8, {
            "rate": found["rate"], "suspects": len(found["suspects"]), "kind": "numbers",
        })  # fmt: skip
    stays = rate >= WRONG["flat"] * found["errors_overall"]
    # Places spread evenly from 0 to 1 have a deviation of 1 / sqrt(12): by chance the mean of a few is off by so much.
    by_chance = 1 / math.sqrt(12 * max(found["errors"], 1))
    anywhere = found["depth_of_errors"] <= WRONG["depth"] + by_chance
    if not (stays and anywhere and low >= WRONG["least"] - 0.01 and WRONG["least"] <= rate <= WRONG["most"]):
        return None
    if found["classes"] < 2:
        return None
    figures = {"rate": found["rate"], "suspects": len(found["suspects"])}
    return Finding("label-noise", min(0.97, 0.5 + 0.5 * rate / max(found["errors_overall"], 1e-9)), figures)


def _skew(evidence: Evidence) -> Finding | None:
    found = evidence["skew"]
    if found is None or found["accuracy"] < ACCURATE or found["largest_share"] < LARGE:
        return None
    rare = [each for each in found["recalls"] if each["share"] <= RARE]
    missed = [each for each in rare if each["recall"][0] < UNSEEN and each["recall"][2] < UNSEEN + 0.2]
    if not missed:
        return None
    worst = min(missed, key=lambda each: float(each["recall"][2]))
    mean, low, high = worst["recall"]
    return Finding("class-skew", sure([-mean, -high, -low], -0.6), {
        "class": worst["class"], "share": worst["share"], "accuracy": found["accuracy"], "recall": worst["recall"],
        "largest_share": found["largest_share"],
    })  # fmt: skip


_FIRST: tuple[Callable[[Evidence], Finding | None], ...] = (
    _disguise, _copies, _prepared, _groups, _times, _shift, _labels, _skew,
)  # fmt: skip


def _fit(evidence: Evidence) -> list[Finding]:
    """Bias and variance, too few rows, and what nothing can be done about."""
    levels, chance = evidence["levels"], _chance(evidence)
    excess, bias, gap = levels["excess"], levels["avoidable_bias"], levels["variance"]
    figures = {
        "train": levels["train"], "held": levels["cross_validation"], "reference": levels["reference"]["loss"],
        "name": levels["reference"]["name"], "excess": excess, "bias": bias, "gap": gap,
    }  # fmt: skip
    worse = sure(excess) >= SURE and excess[0] >= EFFECT * chance
    found: list[Finding] = []
    if worse:
        part = max(0.0, bias[0])
        if sure(bias) >= SURE and part >= EFFECT * chance and part >= 0.4 * excess[0]:
            found.append(Finding("underfit", min(sure(excess), sure(bias)), figures))
        if gap[0] >= max(EFFECT * chance, 0.5 * excess[0]) and gap[1] > 0 and not found:
            found.append(Finding("overfit", min(sure(excess), sure(gap)), figures))
    elif levels["over_constant"][0] <= EFFECT * chance and gap[0] >= 0.5 * chance and not _is_wide(evidence, chance):
        found.append(Finding("overfit", sure(gap), figures))  # all is known by heart, and nothing by the rule
    more = _more(evidence, chance)
    if more is not None and not (found and found[0].name == "underfit"):
        gain = more.figures["gain"]
        found = [more, *found] if not found or gain > excess[0] else [*found, more]
    if not worse and more is None and _is_noise(evidence, chance):
        found.append(Finding("noise-floor", sure([each / chance for each in levels["cross_validation"]], 0.4), figures))
    return found


def _more(evidence: Evidence, chance: float) -> Finding | None:
    """Whether rows are what is lacking: the curve has surely fallen over the last two doublings, and would go on."""
    curve, levels = evidence["learning_curve"], evidence["levels"]
    fallen, held, gap = curve["last_two"], levels["cross_validation"][0], levels["variance"]
    needed = MORE["surer" if _is_wide(evidence, chance) else "sure"]
    if fallen is None or sure(fallen) < needed or sure(gap) < SURE or gap[0] < MORE["gap"] * chance:
        return None
    # Without a law as much as the last two doublings gave, or twice the last one; where there was but one, nobody knows
    # how it goes on, and the least that it gave has to be enough.
    given = 0 if len(curve["rows"]) > 2 else 1
    guess = held - max(fallen[given], 2 * curve["last_doubling"][given])
    later = max(0.0, guess) if curve["ten_times"] is None else curve["ten_times"]
    gain = held - later
    if gain < MORE["gain"] * chance or gain < MORE["part"] * held:
        return None
    if sure(levels["excess"]) >= SURE and levels["reference"]["loss"][0] <= later:
        return None  # another model gets there with the rows that there are
    return Finding("too-little-data", min(sure(fallen), 0.95), {
        "rows": curve["rows"][-1], "held": held, "later": later, "gain": gain, "fallen": fallen,
        "law": curve["power_law"],
    })  # fmt: skip


def _is_noise(evidence: Evidence, chance: float) -> bool:
    levels = evidence["levels"]
    return bool(levels["reference"]["loss"][0] >= NOISE * chance and levels["cross_validation"][1] > 0.4 * chance)


def _is_wide(evidence: Evidence, chance: float) -> bool:
    """Whether the error itself is hardly known."""
    mean, _, high = evidence["levels"]["cross_validation"]
    return bool(high - mean >= WIDER * chance)


def _nothing(evidence: Evidence) -> Finding:
    """Nothing was found: because nothing is there, or because too little can be seen."""
    levels, chance = evidence["levels"], _chance(evidence)
    excess, held = levels["excess"], levels["cross_validation"]
    figures = {
        "held": held, "reference": levels["reference"]["loss"], "name": levels["reference"]["name"], "excess": excess,
        "train": levels["train"], "gap": levels["variance"],
    }  # fmt: skip
    wide = excess[2] - excess[0] >= WIDE * chance or _is_wide(evidence, chance)
    undecided = excess[0] >= EFFECT * chance or wide
    unknown = levels["over_constant"][1] <= 0
    if undecided or unknown:
        return Finding("not-enough-evidence", 1 - abs(2 * sure(excess) - 1) if undecided else 0.5, figures)
    return Finding("healthy", sure([-excess[0], -excess[2], -excess[1]], -2 * EFFECT * chance), figures)


def _chance(evidence: Evidence) -> float:
    """The loss of knowing nothing, by which all others are measured."""
    return max(float(evidence["levels"]["constant"][0]), 1e-9)
