"""The pictures show what the database holds."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from palestra.errors import PalestraError
from palestra.pictures import chart, curves
from palestra.runs.store import Run

CLAIM = {"metric": "eval/return_mean", "threshold": 475.0}


def recorded(root: Path, config: dict[str, Any], *names: str) -> Run:
    with Run.create(root, "cartpole", "ppo", 0, config) as run:
        for step in range(0, 2001, 100):
            run.metrics.add(step, {name: 500 * math.tanh(step / 900) for name in names})
    return run


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that get saved."""
    kept: list[Figure] = []
    save = chart.save

    def keep(figure: Figure, path: Path) -> Path:
        kept.append(figure)
        return save(figure, path)

    monkeypatch.setattr(chart, "save", keep)
    return kept


def test_pictures(tmp_path: Path, figures: list[Figure]) -> None:
    names = ["eval/return_mean", "eval/return_min", "eval/return_max", "train/return_mean", "train/loss"]
    run = recorded(tmp_path, {"recipe": "cartpole/ppo", "training": {"seed": 0}, "claim": CLAIM}, *names)
    written = curves.draw_curves(run.path)
    assert written == [run.plots / "learning-curve.png", run.plots / "training-metrics.png"]
    with Image.open(written[0]) as picture:
        assert picture.size == (1600, 900)
        pixels = np.asarray(picture.convert("RGB"))
    assert (pixels == 255).all(-1).mean() > 0.8
    for color in ((0x25, 0x63, 0xEB), (0xF5, 0x9E, 0x0B), (0x05, 0x96, 0x69)):  # evaluation, training, claim
        assert (np.abs(pixels.astype(int) - color).max(-1) < 40).sum() > 500
    curve, multiples = figures
    axes = curve.axes[0]
    drawn = next(line for line in axes.get_lines() if line.get_marker() == "o")
    np.testing.assert_allclose(drawn.get_xdata(), range(0, 2001, 100))
    np.testing.assert_allclose(drawn.get_ydata(), [500 * math.tanh(step / 900) for step in range(0, 2001, 100)])
    assert any(set(line.get_ydata()) == {475.0} for line in axes.get_lines())
    said = [text.get_text() for text in (*curve.texts, *axes.texts)]
    assert "cartpole/ppo, seed 0" in said
    assert "claim  475" in said
    assert "evaluation  488.4" in said
    assert axes.xaxis.get_major_formatter()(1234567) == "1,234,567"
    heights = sorted(text.get_position()[1] for text in axes.texts)
    assert min(np.diff(heights)) > 0.04, "labels overlap"
    assert [axes.get_title(loc="left") for axes in multiples.axes] == ["loss", "return_mean"]


def test_without_claim_and_evaluation(tmp_path: Path) -> None:
    run = recorded(tmp_path, {}, "train/return_mean")
    assert len(curves.draw_curves(run.path)) == 2


def test_a_claim_on_another_metric(tmp_path: Path, figures: list[Figure]) -> None:
    config = {"claim": {"metric": "eval/accuracy", "threshold": 0.9}}
    run = recorded(tmp_path, config, "eval/accuracy", "train/loss")
    curves.draw_curves(run.path)
    assert "accuracy" in [text.get_text() for text in figures[0].texts]


def test_what_environments_said_is_drawn_beside_what_they_said_in_evaluations(
    tmp_path: Path, figures: list[Figure]
) -> None:
    names = ["train/loss", "env/is_success", "eval/is_success", "mine/figure", "eval/return_mean"]
    curves.draw_curves(recorded(tmp_path, {}, *names).path)
    panels = {axes.get_title(loc="left"): len(axes.get_lines()) for axes in figures[1].axes}
    assert panels == {"env/is_success": 2, "loss": 1, "mine/figure": 1}


def test_of_more_series_than_anybody_looks_at_the_first_are_drawn(tmp_path: Path, figures: list[Figure]) -> None:
    """An environment may give every episode's figure a name of its own."""
    names = [*(f"env/{'x' * 80}{i}" for i in range(200)), "train/loss"]
    curves.draw_curves(recorded(tmp_path, {}, *names).path)
    assert len(figures[-1].axes) == 60
    assert [len(axes.get_title(loc="left")) for axes in figures[-1].axes[:2]] == [len("loss"), 36]
    assert figures[-1].texts[0].get_text().endswith("; the first 60 of 201 series")


def test_a_claim_on_what_environments_say_has_its_curve(tmp_path: Path, figures: list[Figure]) -> None:
    claim = {"metric": "eval/is_success", "threshold": 0.9}
    curves.draw_curves(recorded(tmp_path, {"claim": claim}, "env/is_success", "eval/is_success").path)
    said = [text.get_text() for text in (*figures[0].texts, *figures[0].axes[0].texts)]
    assert {"is success", "claim  0.9"} <= set(said)
    assert any(text.startswith("training") for text in said)


def test_values_that_are_not_finite(tmp_path: Path) -> None:
    with Run.create(tmp_path, "a", "b", 0, {}) as run:
        for step, value in enumerate([math.nan, math.inf, -math.inf, 1.0, math.nan]):
            run.metrics.add(step, {"eval/return_mean": value, "train/loss": math.nan})
    assert len(curves.draw_curves(run.path)) == 2


def test_nothing_to_draw(tmp_path: Path) -> None:
    run = recorded(tmp_path, {}, "other/thing")
    with pytest.raises(PalestraError, match="nothing to draw"):
        curves.draw_curves(run.path)
    assert not run.plots.exists()
