"""``palestra report``: the sentence, the object, the page, and bad usage."""

import json
from pathlib import Path

import numpy as np
import pytest

from palestra.cli import report as command
from palestra.cli.main import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What asks for a report about a line through a sine."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x = rng.uniform(-6, 6, 150)
    lines = [f"{a},{b}" for a, b in zip(x, np.sin(x) + 0.1 * rng.normal(size=150))]
    (tmp_path / "sine.csv").write_text("\n".join(["x,y", *lines]))
    return ["--estimator", "LinearRegression", "--data", "sine.csv", "--target", "y"]


def test_as_text_and_as_json(table: list[str], tmp_path: Path, capsys: Captured) -> None:
    assert command.command(table) == 0
    said = capsys.readouterr().out
    assert said.startswith("underfit")
    assert "palestra report --estimator" in said
    assert "page       report-LinearRegression-sine.html" in said
    assert (tmp_path / "report-LinearRegression-sine.html").read_text().startswith("<!doctype html>")
    assert main(["report", *table, "--json", "--language", "zh", "--out", "other.html"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in told["diagnoses"]] == ["underfit"]
    assert told["verdict"].startswith("欠拟合")
    assert told["page"] == "other.html"
    assert 'lang="zh"' in (tmp_path / "other.html").read_text(encoding="utf-8")


def test_bad_usage(table: list[str], capsys: Captured) -> None:
    for argv, said in (
        ([], "neither a run nor an estimator; expected one of the two"),
        (["run", *table], "the run run and --estimator LinearRegression; expected one of the two"),
        ([*table, "--folds", "1"], "--folds 1; expected 2 or more"),
        ([*table, "--out", "page.pdf"], "--out page.pdf; expected a name that ends in .html"),
        ([*table, "--set", "alpha"], "--set alpha; expected KEY=VALUE"),
        ([*table, "--separator", ";"], "unknown column 'y'; nearest: x,y"),
    ):
        assert main(["report", *argv]) == 2
        assert said in capsys.readouterr().err
