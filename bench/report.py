"""What every benchmark ends with: a table in ``bench/results/``, and one JSON object for ``palestra bench --json``."""

import json
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from palestra.pictures.numbers import number
from palestra.runs.atomic import write_bytes
from palestra.runs.provenance import cores, processor

RESULTS = Path(os.environ.get("PALESTRA_BENCH_RESULTS", Path(__file__).parent / "results"))
"""Where tables are written."""
KEPT = ("--keep", "--out", "--outcomes")
"""Options whose value is a place of this machine."""


def machine() -> dict[str, Any]:
    """The machine and the versions that a figure belongs to."""
    packages = ("torch", "numpy", "gymnasium", "stable-baselines3")
    return {
        "cpu": processor(),
        "cores": cores(),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def commit() -> str:
    """The commit that was measured, with ``+`` if the working tree differed from it."""
    git = ["git", "-C", str(Path(__file__).parent)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    dirty = subprocess.run([*git, "status", "--porcelain", "--", "../src"], capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+" if dirty.stdout.strip() else "")


def publish(name: str, title: str, summary: dict[str, Any], table: list[dict[str, Any]], notes: list[str]) -> None:
    """Print a table, and write it to ``results/<name>.md`` and ``.json``.

    Args:
        name: of the script.
        title: the question that it answers.
        summary: ``ours``, ``peer``, ``ratio``, ``unit``, ``seeds`` and what else matters.
        table: rows with the same keys.
        notes: what a reader must know to believe the figures.
    """
    facts = {"date": date.today().isoformat(), "commit": commit(), **machine()}
    columns = list(table[0])
    lines = [f"# {title}", ""]
    lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(_cell(row[c]) for c in columns) + " |" for row in table]
    lines += ["", *(f"- {note}" for note in notes)]
    lines += [f"- Command: `palestra bench {' '.join([name, *_asked(sys.argv[1:])])}`."]
    lines += ["- " + ", ".join(f"{key} {value}" for key, value in facts.items()) + "."]
    text = "\n".join(lines) + "\n"
    print(text, flush=True)
    RESULTS.mkdir(exist_ok=True)
    write_bytes(RESULTS / f"{name}.md", text.encode())
    result = {"name": name, **summary, "machine": facts}
    write_bytes(RESULTS / f"{name}.json", (json.dumps({**result, "table": table}, indent=1) + "\n").encode())
    print(json.dumps(result))


def _asked(words: list[str]) -> list[str]:
    """A command line without the options that only say where something is kept meanwhile."""
    return [word for before, word in zip(["", *words], words) if not {before, word} & set(KEPT)]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return number(value, digits=3)
    return f"{value:,}" if isinstance(value, int) else str(value)
