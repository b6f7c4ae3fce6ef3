"""Recorded verifications: ``records/<task>--<method>.json`` in the source, one table of all of them in the package.

``palestra verify --record`` writes a record and the table anew, ``python -m palestra.trials.records`` the table alone.
What reads them reads the table. Importing this loads nothing heavy: every listing of recipes does.
"""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from palestra import recipes
from palestra.errors import PalestraError, UsageError
from palestra.recipes.recipe import Recipe
from palestra.runs.atomic import write_bytes, write_json
from palestra.trials.verdict import Verdict, phrase, short_of

FOLDER = Path(__file__).parents[3] / "records"
"""Where the records are, in a checkout of the source; nowhere else is there such a folder."""
TABLE = Path(recipes.__file__).with_name("verified.json")
"""All of them, a line each, by their recipes' ids; part of the package."""

LATER = {"scale_actions": False}
"""Settings that learners had no choice in once, and what they did then: a recipe that says so has not changed."""

_NAMES_ONLY = ("id", "summary", "paradigm", "claim", "optimum", "optimum_source")


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


def check_recordable() -> None:
    """Raise UsageError where records cannot be written: in an installed package."""
    if not FOLDER.is_dir():
        raise UsageError(f"no folder {FOLDER} to record in: records belong to the source; clone it, and verify there")


def read_record(recipe: Recipe) -> Record | None:
    """The record of a recipe; None where it was never verified. PalestraError for a table that cannot be read."""
    facts = _read_table(TABLE, TABLE.stat().st_mtime_ns).get(recipe.id) if TABLE.is_file() else None
    if facts is None:
        return None
    return Record(_verdict(facts), _is_fresh(recipe, facts), facts)


def write_table() -> Path:
    """Write the table anew from the records; returns it. PalestraError for a file that is no record."""
    check_recordable()
    lines = []
    for path in sorted(FOLDER.glob("*.json")):
        try:
            facts = json.loads(path.read_bytes())
            assert len(facts["trials"]) == _verdict(facts).seeds
            assert facts.keys() >= {"configuration", "claim"}
            lines.append(f"{json.dumps(facts['recipe'])}: {json.dumps(facts)}")
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            raise PalestraError(f"{path} is not a record ({error!r}); verify its recipe again with --record") from error
    write_bytes(TABLE, ("{\n" + ",\n".join(lines) + "\n}\n").encode())
    return TABLE


def write_facts(recipe: Recipe, facts: dict[str, Any]) -> Path:
    """Write a record, and the table with it; returns the record's file."""
    check_recordable()
    write_json(record_path(recipe), facts)
    write_table()
    return record_path(recipe)


def spoken_record(recipe: Recipe) -> str:
    """What is known of a recipe, in one line."""
    record = read_record(recipe)
    if record is None:
        return "not verified yet"
    if not record.fresh:
        return "changed since it was verified"
    said = phrase(record.verdict, record.values)
    return said if recipe.optimum is None else f"{said}, {short_of(recipe.optimum, record.verdict, record.values)}"


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
    now = configuration(recipe)
    # What a recipe says by now and was the default when it was verified has not changed.
    default = {k: v for k, v in {**LATER, **facts["settings"]}.items() if k in now["settings"]}
    then = {**then, "settings": {**default, **then["settings"]}}
    return then == now and facts["claim"] == claimed(recipe)


@cache
def _read_table(path: Path, written: int) -> dict[str, dict[str, Any]]:
    """The table as it was written at that moment."""
    try:
        table: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
        for facts in table.values():
            assert len(facts["trials"]) == _verdict(facts).seeds
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise PalestraError(f"{path} is not the table of the records ({error!r}); make docs writes it anew") from error
    return table


def _verdict(facts: dict[str, Any]) -> Verdict:
    verdict = {**facts["verdict"]}
    for interval in ("iqm_interval", "share_interval"):
        verdict[interval] = verdict[interval] and (float(verdict[interval][0]), float(verdict[interval][1]))
    return Verdict(**verdict)


if __name__ == "__main__":
    print(write_table())
