"""The errata, with figures from ``bench/results`` in the place of their names."""

import json
import re

from pages import DOCS, PROSE, ROOT, DocsError
from pages.links import link_tests

FIGURES = ROOT / "bench" / "results" / "errata.json"
_MEASURED = re.compile(r"\{measured: ([\w-]+)\}")


def errata() -> str:
    """The page of the errata; every figure that was measured stands in it once."""
    results = {}
    if FIGURES.is_file():
        results = {row["fault"]: row for row in json.loads(FIGURES.read_text())["table"]}
    text = link_tests((PROSE / "errata.md").read_text(), DOCS)

    def measured(match: re.Match[str]) -> str:
        row = results.get(match[1])
        if row is None:
            raise DocsError(f"no figure {match[1]!r} in {FIGURES.relative_to(ROOT)}; it has {', '.join(results)}")
        return f"*Measured* ({row['measured']}): right **{row['right']}**, with the fault **{row['faulty']}**."

    named = _MEASURED.findall(text)
    unused = sorted(set(results) - set(named))
    if unused or len(set(named)) < len(named):
        raise DocsError(f"figures of {unused or sorted(named)}; expected each one once in docs/prose/errata.md")
    note = "<!-- Written by `make docs` from docs/prose/errata.md and bench/results/errata.json. Edit the former. -->\n"
    return note + _MEASURED.sub(measured, text)
