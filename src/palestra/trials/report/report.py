"""Report: what a model suffers from, with figures, and what to try next; as JSON values, and as a page."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from time import perf_counter
from typing import Any

from palestra.errors import require
from palestra.runs.atomic import write_bytes
from palestra.trials.report.asked import Asked
from palestra.trials.report.case import Case, assigned
from palestra.trials.report.curves import complexity_curve, learning_curve
from palestra.trials.report.diagnose import Finding, diagnose
from palestra.trials.report.errors import errors
from palestra.trials.report.fits import maker, out_of_fold
from palestra.trials.report.labels import labels
from palestra.trials.report.leaks import copies, disguises, groups, times
from palestra.trials.report.levels import levels
from palestra.trials.report.next_steps import command
from palestra.trials.report.prepared import prepared
from palestra.trials.report.references import references
from palestra.trials.report.shifts import shift
from palestra.trials.report.skew import skew
from palestra.trials.report.sources import case_of, settings_of
from palestra.trials.report.words import sentence, words

SLOW = 0.5
"""Seconds of one training from which on the curve of complexity is judged on two folds."""


@dataclass(frozen=True)
class Report:
    """What came of it."""

    case: Case
    """What it is about."""
    evidence: dict[str, Any]
    """All figures, as JSON values."""
    findings: list[Finding]
    """What they are evidence for, the gravest first."""

    @property
    def names(self) -> list[str]:
        """Of the diagnoses."""
        return [finding.name for finding in self.findings]

    def verdict(self, language: str = "en") -> str:
        """What is wrong, in a sentence or two."""
        spoken = words(language)
        return " ".join(
            f"{spoken['names'][each.name]}: {sentence(self.case, each, language)}" for each in self.findings
        )

    def to_json(self, language: str = "en") -> dict[str, Any]:
        """Everything as JSON values: ``diagnoses``, ``verdict``, ``next`` and the evidence."""
        tries = words(language)["tries"]
        diagnoses, following = [], []
        for each in self.findings:
            line = command(self.case, each, self.evidence)
            kind = f"{each.name}/{each.figures.get('kind')}"
            following.append({"diagnosis": each.name, "try": tries.get(kind, tries[each.name]), "command": line})
            diagnoses.append({
                "name": each.name, "confidence": round(each.confidence, 3),
                "evidence": sentence(self.case, each, language), "next": line, "figures": each.figures,
            })  # fmt: skip
        about = {
            "estimator": self.case.called, "data": self.case.data, "target": self.case.target,
            "settings": settings_of(self.case), "notes": self.case.notes,
        }  # fmt: skip
        return {"verdict": self.verdict(language), "diagnoses": diagnoses, "next": following, **about, **self.evidence}

    def save(self, path: str | Path, language: str = "en") -> Path:
        """Write it as one page of HTML that fetches nothing; returns the path."""
        from palestra.trials.report.page import page

        write_bytes(Path(path), page(self, language).encode())
        return Path(path)

    def _repr_html_(self) -> str:
        """What a notebook shows: the page, in a frame of its own, in which no script runs."""
        from palestra.trials.report.page import page

        return f'<iframe sandbox srcdoc="{escape(page(self, "en"))}" style="width:100%;height:640px;border:0"></iframe>'


def report(run: str = "", *, out: str | Path = "runs", **asked: Any) -> Report:
    """What a model suffers from: bias, variance, bad data or a leak.

    Args:
        run: a run that learned labels; or, without one, ``estimator`` and ``data``.
        out: folder of the runs.
        **asked: as :class:`Asked` has them: estimator, data, target, settings, test, group, time, drop, separator,
            reference, cost, folds, seed.

    Raises UsageError, in a line, for what cannot be read, fitted or predicted.
    """
    fields = set(Asked.__dataclass_fields__)
    require(asked.keys() <= fields, f"report with {sorted(asked.keys() - fields)}", f"some of {sorted(fields)}")
    return of_case(case_of(Asked(run, **asked), out))


def of_case(case: Case) -> Report:
    """The report about a case."""
    evidence = gather(case)
    return Report(case, evidence, diagnose(evidence))


def gather(case: Case) -> dict[str, Any]:
    """All evidence about a case, as JSON values."""
    fold = assigned(case)
    begin = perf_counter()
    own = out_of_fold(case, maker(case), fold)
    seconds = (perf_counter() - begin) / case.folds
    others = references(case, fold)
    judged = 2 if seconds > SLOW else min(3, case.folds)
    return {
        "kind": "classification" if case.classifies else "regression",
        "classes": len(case.classes),
        "rows": len(fold),
        "columns": len(case.features),
        "folds": case.folds,
        "seed": case.seed,
        "levels": levels(case, own, others),
        "learning_curve": learning_curve(case, fold, own),
        "complexity_curve": complexity_curve(case, fold, own, judged),
        "errors": errors(case, own),
        "skew": skew(case, own),
        "leaks": {
            "disguise": disguises(case, fold, others),
            "copies": copies(case),
            "prepared": prepared(case),
            "groups": groups(case, fold, own.held),
            "times": times(case),
        },
        "labels": labels(case, others),
        "shift": shift(case, own.held),
    }
