"""The page of the lessons on practice, each with its claims and what was found of them, from ``bench/results``."""

import json
import re
from typing import Any

from pages import DOCS, PROSE, ROOT, DocsError
from pages.links import link_tests

FIGURES = ROOT / "bench" / "results" / "practice.json"
COLUMNS = ("figure", "claim", "found", "reached", "verdict")
_CLAIMS = re.compile(r"\{claims: ([\w-]+)\}")


def practice() -> str:
    """The page; the claims of every lesson stand in it once."""
    rows: list[dict[str, Any]] = json.loads(FIGURES.read_text())["table"] if FIGURES.is_file() else []
    text = link_tests((PROSE / "practice.md").read_text(), DOCS)
    lessons, named = sorted({row["lesson"] for row in rows}), sorted(_CLAIMS.findall(text))
    if lessons != named:
        raise DocsError(f"claims of {named} in docs/prose/practice.md; expected {lessons}, each once")

    def table(match: re.Match[str]) -> str:
        found = [[str(row[column]) for column in COLUMNS] for row in rows if row["lesson"] == match[1]]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (COLUMNS, ("---",) * len(COLUMNS), *found))

    sources = "docs/prose/practice.md and bench/results/practice.json. Edit the former."
    return f"<!-- Written by `make docs` from {sources} -->\n" + _CLAIMS.sub(table, text)
