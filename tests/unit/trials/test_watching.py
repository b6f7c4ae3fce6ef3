"""A run that is watched: its curve in a notebook's cell, lines elsewhere, until it ends."""

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from made_runs import make_run

from palestra.errors import UsageError
from palestra.runs.store import Run
from palestra.trials import watching
from palestra.trials.watching import run_picture, watch

CLAIM = {"claim": {"metric": "eval/return_mean", "threshold": 475.0}}


class Notebook:
    """An IPython with a kernel, and what its cell has shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[str] = []
        whole, display = types.ModuleType("IPython"), types.ModuleType("IPython.display")
        whole.get_ipython = lambda: types.SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
        display.HTML = str  # type: ignore[attr-defined]
        display.display = self.display  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", whole)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, shown: str, *, display_id: bool) -> Any:
        assert display_id
        self.shown.append(f"new {shown}")
        return types.SimpleNamespace(update=self.shown.append)


def test_a_run_is_its_facts_and_its_curve(tmp_path: Path) -> None:
    curves = {"eval/return_mean": [20.0, 480.0], "train/return_mean": [1.0, float("nan"), 3.0], "train/<loss>": [1.0]}
    run = Run.open(make_run(tmp_path, curves=curves, config=CLAIM), tmp_path)
    drawn = run_picture(run)
    for text in (run.id, "evaluation", "training", "claim", "eval/return_mean", "<polyline"):
        assert text in drawn
    assert "nan" not in drawn
    assert "loss" not in drawn
    other = run_picture(run, "train/<loss>")
    assert "train/&lt;loss&gt;" in other
    assert ">claim<" not in other
    with Run.create(tmp_path, "empty", "run", 0, {}) as empty:
        assert "<svg" not in run_picture(empty)


def test_a_cell_shows_it_anew_in_its_place_until_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = Notebook(monkeypatch)
    with Run.create(tmp_path, "cartpole", "ppo", 0, CLAIM) as run:

        def later(seconds: float) -> None:
            assert seconds == 0.5
            run.metrics.add(100 * len(notebook.shown), {"eval/return_mean": 10.0})
            run.metrics.commit()
            if len(notebook.shown) == 3:
                run.update_manifest(status="finished", steps=300)

        monkeypatch.setattr(watching.time, "sleep", later)
        watch(run.id, out=tmp_path, every=0.5)
    assert [each.startswith("new ") for each in notebook.shown] == [True, False, False, False]
    assert ["<svg" in each for each in notebook.shown] == [False, True, True, True]
    assert "finished" in notebook.shown[-1]


def test_elsewhere_it_prints_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    run_id = make_run(tmp_path)
    watch(tmp_path / run_id)
    assert capsys.readouterr().out == f"{run_id}: finished, 500 steps in 2.5 s, eval/return_mean 480\n"
    with Run.create(tmp_path, "cartpole", "ppo", 1, {}) as run:

        def interrupted(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 3:
                raise KeyboardInterrupt

        looks: list[float] = []
        monkeypatch.setattr(watching.time, "sleep", interrupted)
        watch(run)
    assert capsys.readouterr().out == f"{run.id}: running, 0 steps in 0 s\n", "said once, and an interrupt ends it"
    with pytest.raises(UsageError, match="unknown run 'none'"):
        watch("none", out=tmp_path)
