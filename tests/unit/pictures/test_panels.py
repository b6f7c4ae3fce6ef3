"""Panels of every kind are drawn, also with what a logarithm cannot show."""

from pathlib import Path

import numpy as np

from palestra.pictures.panels import Bars, Field, Lines, Panels, Ways, draw_panels


def test_every_kind_is_drawn(tmp_path: Path) -> None:
    x = np.linspace(0.0, 1.0, 5)
    lines = Lines("lines", "steps", {"a": (x, x), "b": (x, np.array([1, np.nan, 0, -1, np.inf]))}, logarithmic=True)
    bars = Bars("bars", ["one", "other"], {"a": [1.0, 2.0], "c": [0.5, 0.1]})
    ways = Ways("ways", x, x, x[:, None] ** 2 + x**2, {"a": np.array([[0.0, 1.0], [0.5, 0.5]])})
    field = Field("field", x, x, np.where(x[:, None] > x, np.nan, 1.0), "along", "up")
    path = draw_panels(tmp_path / "all.png", Panels("title", "said", [lines, bars, ways, lines, field]))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert draw_panels(tmp_path / "one.png", Panels("one", "", [bars], columns=1)) == tmp_path / "one.png"
    assert draw_panels(tmp_path / "two.png", Panels("two", "", [field, bars], columns=2)) == tmp_path / "two.png"
