"""The picture of samples: whatever a network writes can be shown."""

from pathlib import Path

from palestra.pictures.gallery import draw_exhibits
from palestra.pictures.samples import Sample, Samples, draw_samples, lines


def test_a_text_is_shown_as_lines_that_fit() -> None:
    assert lines("def f(x):\n    return x") == ["def f(x):", "    return x"]
    assert lines("a\x00b\té日") == ["a·b·é·"]
    assert lines("one\n\ntwo") == ["one", "", "two"]
    assert [len(line) for line in lines("x" * 200)] == [96, 96, 8]
    assert len(lines("\n" * 50)) == 6


def test_samples_are_drawn_whatever_is_in_them(tmp_path: Path) -> None:
    kept = [Sample(16, 5.545, "$\\frac{$ _^{\x07"), Sample(32, 2.0, "import os\n" * 9), Sample(64, 1.5, "")]
    path = draw_samples(tmp_path / "plots" / "samples.png", Samples("what it writes", "windows", kept))
    assert path.read_bytes().startswith(b"\x89PNG")
    assert draw_exhibits([Samples("one", "windows", kept[:1])], tmp_path) == [tmp_path / "samples.png"]
