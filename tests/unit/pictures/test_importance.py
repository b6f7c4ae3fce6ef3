"""A bar for each of the columns that counted most, and how many are left out."""

from pathlib import Path

import numpy as np
import pytest

from palestra.pictures import chart
from palestra.pictures.importance import MOST, Importance, draw_importance


@pytest.mark.parametrize("count", [1, 3, MOST + 5])
def test_it_is_drawn(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(chart, "save", lambda figure, path: drawn.append(figure) or path)
    shares = np.linspace(2, 1, count) / np.linspace(2, 1, count).sum()
    shown = Importance("what it went by", "gain", [f"${i}" for i in range(count)], shares)
    assert draw_importance(tmp_path / "a.png", shown) == tmp_path / "a.png"
    (axes,) = drawn[0].axes
    assert len(axes.patches) == min(count, MOST)
    assert axes.patches[0].get_width() == pytest.approx(100 * shares[0])
    assert axes.get_yticklabels()[0].get_text() == "$0"
    texts = [text.get_text() for text in drawn[0].texts]
    assert ("gain; 5 more columns are not shown" in texts) == (count > MOST)


def test_a_file_is_written(tmp_path: Path) -> None:
    path = draw_importance(tmp_path / "a.png", Importance("title", "said", ["a", "b"], np.array([0.7, 0.3])))
    assert path.read_bytes().startswith(b"\x89PNG")
