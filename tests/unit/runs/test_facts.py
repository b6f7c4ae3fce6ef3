"""What a notebook shows: every fact, and no name as markup."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from palestra.runs.facts import facts_html, run_html, table_html
from palestra.runs.store import Run


def cells(drawn: str) -> list[list[str]]:
    """The texts of every row."""
    root = ElementTree.fromstring(f"<div>{drawn}</div>")
    return [["".join(cell.itertext()) for cell in row] for row in root.iter("tr")]


def test_a_line_for_each_fact() -> None:
    assert cells(facts_html("a title", {"one": 1, "none": None, "two": "<b>"})) == [["one", "1"], ["two", "<b>"]]
    assert "<b>a &lt;title&gt;</b>" in facts_html("a <title>", {})


def test_rows_under_their_heads() -> None:
    assert cells(table_html("t", ("", "x & y"), [("seed 0", 1.5)])) == [["", "x & y"], ["seed 0", "1.5"]]


@pytest.mark.parametrize(("reached", "word"), [(True, "reached"), (False, "missed")])
def test_a_run_shows_what_became_of_it(tmp_path: Path, reached: bool, word: str) -> None:
    with Run.create(tmp_path, "cartpole", "ppo", 0, {}) as run:
        assert ["status", "running"] in cells(run._repr_html_())
        claim = {"metric": "eval/return_mean", "count": 5, "value": 480.0, "threshold": 475.0, "reached": reached}
        headline = {"name": "eval/return_mean", "value": float("nan")}
        run.update_manifest(status="finished", steps=50_000, seconds=12.25, claim=claim, headline=headline)
        told = cells(run_html(run.id, run.status, run.manifest))
        assert told[:3] == [["status", "finished"], ["steps", "50,000"], ["seconds", "12.2"]]
        assert ["claim", f"480, {word}"] in told
        assert ["eval/return_mean", "nan"] in told
        run.update_manifest(exact=False, headline=None, claim=None)
        assert ["exact", "no: a resume was not"] in cells(run._repr_html_())
