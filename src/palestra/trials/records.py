"""The results that ship with the package: ``verified/<task>--<method>.json``, what ``palestra verify --record`` found.

Importing this loads nothing heavy: every listing of recipes reads the records.
"""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from palestra.errors import PalestraError
from palestra.recipes.recipe import Recipe
from palestra.trials.verdict import Verdict, phrase

FOLDER = Path(__file__).parents[3] / "records"
"""Where the records are; part of the package."""

_NAMES_ONLY = ("id", "summary", "paradigm", "claim")


@dataclass(frozen=True)
class Record:
    """A recorded verification of one recipe."""

    verdict: Verdict
    """What the seeds came to."""
    fresh: bool
    """Whether the recipe and its claim are still the ones that were verified."""
    facts: dict[str, Any]
    """The whole file: each seed's value, steps and seconds; settings, versions, date, command, what else was tried."""

    @property
    def values(self) -> list[float]:
        """One for each seed."""
        return [float(trial["value"]) for trial in self.facts["trials"]]


def record_path(recipe: Recipe) -> Path:
    """The file of a recipe's record, whether it is there or not."""
    return FOLDER / f"{recipe.task}--{recipe.method}.json"


def read_record(recipe: Recipe) -> Record | None:
    """The record of a recipe; None where it was never verified. PalestraError for a file that cannot be read."""
    path = record_path(recipe)
    if not path.is_file():
        return None
    try:
        facts = json.loads(path.read_bytes())
        verdict = {**facts["verdict"]}
        for interval in ("iqm_interval", "share_interval"):
            verdict[interval] = verdict[interval] and (float(verdict[interval][0]), float(verdict[interval][1]))
        record = Record(Verdict(**verdict), _is_fresh(recipe, facts), facts)
        assert len(record.values) == record.verdict.seeds
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise PalestraError(f"{path} is not a record ({error!r}); verify {recipe.id} again with --record") from error
    return record


def spoken_record(recipe: Recipe) -> str:
    """What is known of a recipe, in one line."""
    record = read_record(recipe)
    if record is None:
        return "not verified yet"
    if not record.fresh:
        return "changed since it was verified"
    return phrase(record.verdict, record.values)


def configuration(recipe: Recipe) -> dict[str, Any]:
    """All of a recipe that decides what is trained, as JSON values."""
    whole: dict[str, Any] = json.loads(json.dumps(asdict(recipe)))
    return {name: value for name, value in whole.items() if name not in _NAMES_ONLY}


def claimed(recipe: Recipe) -> dict[str, Any] | None:
    """What a recipe's claim compares, with what, over how many and where; not where it comes from."""
    if recipe.claim is None:
        return None
    claim = recipe.claim
    return {
        "metric": claim.metric,
        "threshold": float(claim.threshold),
        "direction": claim.direction,
        "count": claim.count,
        "split": claim.split,
    }


def _is_fresh(recipe: Recipe, facts: dict[str, Any]) -> bool:
    then: dict[str, Any] = facts["configuration"]
    for field in fields(Recipe):  # one that the recipes of then did not have yet is what it is by default
        if field.name not in (*_NAMES_ONLY, *then):
            default = field.default if field.default_factory is MISSING else field.default_factory()
            then = {**then, field.name: default}
    return then == configuration(recipe) and facts["claim"] == claimed(recipe)
