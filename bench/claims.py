"""Do the recipes keep their claims? The table of everything that ``palestra verify --record`` has recorded.

It trains nothing: every figure comes from the records in ``records/``, and the command of each
stands there. Recipes that were not verified, or did not reach their claim, stay in the table.
"""

import argparse
import json
from pathlib import Path

from palestra.pictures.numbers import number
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.runs.atomic import write_bytes
from palestra.trials.records import read_record, spoken_record

TABLE = Path(__file__).parent / "results" / "claims.md"
HEAD = """\
# The claims, recipe by recipe

Each seed is trained as `palestra train` does and measured by its best checkpoint in the reference environment, on
episodes that training never saw. The rule of the verdict and how to read it: docs/statistics.md.

| recipe | claim | result | lowest | highest | budget | seconds a seed | date | commit |
|---|---|---|---|---|---|---|---|---|
"""


def row(recipe: Recipe) -> str:
    """One recipe's line of the table."""
    claim = f"{recipe.claim.sign} {number(recipe.claim.threshold)}" if recipe.claim else "none"
    record = read_record(recipe)
    facts = ["", "", f"{recipe.budget:,}", "", "", ""]
    if record is not None:
        seconds = sorted(trial["seconds"] for trial in record.facts["trials"])
        commits = ", ".join(commit[:7] for commit in record.facts["commits"])
        facts = [
            number(min(record.values)),
            number(max(record.values)),
            f"{record.facts['budget']:,}",
            number(seconds[len(seconds) // 2]),
            record.facts["date"],
            commits,
        ]
    return f"| `{recipe.id}` | {claim} | {spoken_record(recipe)} | {' | '.join(facts)} |"


def details(recipe: Recipe) -> list[str]:
    """Every seed's point, the command, and what else was tried."""
    record = read_record(recipe)
    if record is None:
        return []
    facts = record.facts
    points = ", ".join(number(value) for value in record.values)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    lines = [f"- `{recipe.id}`: {facts['metric']} over {facts['episodes']} episodes, seed by seed: {points}."]
    lines.append(f"  `{facts['command']}`; {facts.get('processor', 'processor not recorded')}; {versions}.")
    return lines + [f"  Tried: {note}" for note in facts.get("tried", [])]


def main() -> None:
    """Write the table, print it, and sum it up for ``--json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    args = parser.parse_args()
    recipes = list(RECIPES.values())
    lines = [*map(row, recipes), "", *(line for recipe in recipes for line in details(recipe))]
    lines += ["", "Seconds are the median over the seeds, several side by side. Command: `palestra bench claims`."]
    text = HEAD + "\n".join(lines) + "\n"
    write_bytes(TABLE, text.encode())
    print(text, end="")
    if args.json:
        claimed = [recipe for recipe in recipes if recipe.claim]
        records = [record for record in map(read_record, claimed) if record is not None and record.fresh]
        held = sum(record.verdict.verdict == "held" for record in records)
        print(json.dumps({"name": "claims", "claimed": len(claimed), "verified": len(records), "held": held}))


if __name__ == "__main__":
    main()
