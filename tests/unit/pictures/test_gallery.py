"""Exhibits to pictures: each by its kind, and none of a kind that nobody draws."""

from pathlib import Path

import numpy as np
import pytest

from palestra.engine.exhibit import Exhibit
from palestra.pictures.board import Convergence, Table
from palestra.pictures.gallery import draw_exhibits


def test_every_exhibit_becomes_the_picture_of_its_kind(tmp_path: Path) -> None:
    numbers = np.arange(1.0, 5.0)
    shown = [Table("a table", numbers.reshape(2, 2)), Convergence("a course", numbers, numbers, 1 / numbers)]
    drawn = draw_exhibits(shown, tmp_path / "plots")
    assert drawn == [tmp_path / "plots" / "value-and-policy.png", tmp_path / "plots" / "convergence.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)
    assert draw_exhibits([], tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_an_exhibit_of_no_kind_is_our_own_fault(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        draw_exhibits([Exhibit("nothing")], tmp_path)
