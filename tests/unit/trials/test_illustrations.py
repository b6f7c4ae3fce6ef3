"""What was asked for is drawn, and what cannot be is said."""

import shutil
from pathlib import Path
from typing import Any

import pytest

import palestra.trials.film
from palestra.errors import PalestraError
from palestra.trials.illustrations import illustrated


def test_what_was_asked_for_is_drawn(quick_run: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(quick_run, tmp_path / quick_run.name))
    assert illustrated(run, "eval/return_mean", plots=False, video=False) == ([], None, [])
    drawn = illustrated(run, "eval/return_mean", plots=True, video=False)
    assert (drawn.video, drawn.undrawn) == (None, [])
    assert drawn.plots
    assert all(plot.is_file() for plot in drawn.plots)


def test_what_cannot_be_drawn_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PalestraError("there is no camera")

    monkeypatch.setattr(palestra.trials.film, "make_film", refuse)
    monkeypatch.setattr("palestra.pictures.curves.draw_curves", refuse)
    assert illustrated(tmp_path, "x", plots=True, video=True).undrawn == [
        "no plots: there is no camera", "no video: there is no camera",
    ]  # fmt: skip
