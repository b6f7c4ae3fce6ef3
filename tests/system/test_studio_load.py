"""How the studio bears many runs and long ones, and what a training feels of it: slow proofs, by a benchmark's figures.

``bench/studio.py`` measures; here its gates are asked for, of processor time where a machine that is busy would decide
about seconds.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chromium import needs_a_browser

BENCH = Path(__file__).parents[2] / "bench" / "studio.py"
pytestmark = pytest.mark.slow


def measured(folder: Path, *words: str) -> dict[str, Any]:
    """What the benchmark finds of a part of it: each line of its table by what it is about."""
    told = {**os.environ, "PALESTRA_BENCH_RESULTS": str(folder)}
    subprocess.run([sys.executable, str(BENCH), *words], env=told, check=True)
    return {row["what"]: row for row in json.loads((folder / "studio.json").read_text())["table"]}


def held(rows: dict[str, Any]) -> None:
    """Every gate, where seconds count by what the processor did."""
    amiss = {what: row["found"] for what, row in rows.items() if row["by the processor"] == "missed"}
    assert amiss == {}


def test_many_runs_are_listed_within_a_second(tmp_path: Path) -> None:
    rows = measured(tmp_path, "--only", "folder")
    held(rows)
    assert sum("5,000 runs listed" in what for what in rows) == 2


def test_a_chart_of_fifty_long_runs_is_answered_in_a_moment(tmp_path: Path) -> None:
    rows = measured(tmp_path, "--only", "charts")
    held(rows)
    assert "50 runs of 1,000,000 points: a chart answered" in rows


def test_a_training_feels_nothing_of_its_page(tmp_path: Path) -> None:
    rows = measured(tmp_path, "--only", "training", "--pairs", "3", "--budget", "30000")
    assert rows["its numbers and its last tensors, open and shut"]["found"] == "the same"


@needs_a_browser
def test_a_page_that_is_watched_does_not_grow(tmp_path: Path) -> None:
    rows = measured(tmp_path, "--only", "soak", "--soak", "2")
    held(rows)
    assert any("its scripts' memory" in what for what in rows)
