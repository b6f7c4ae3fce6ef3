"""How every picture looks: its size, quiet axes, and a file that is there whole or not at all."""

from pathlib import Path

import pytest
from PIL import Image

from palestra.pictures import chart


def test_a_figure_has_100_pixels_an_inch(tmp_path: Path) -> None:
    path = chart.save(chart.make_figure(2.0, 3.0), tmp_path / "figure.png")
    assert path == tmp_path / "figure.png"
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (300, 200))
        assert image.convert("RGB").getcolors() == [(300 * 200, (255, 255, 255))]


def test_axes_have_a_grid_in_place_of_a_frame_and_numbers_in_words() -> None:
    axes = chart.make_figure(4.0, 4.0).subplots()
    axes.plot([0, 1_000_000], [0, 1])
    chart.style(axes, 9)
    assert not any(side.get_visible() for side in axes.spines.values())
    assert axes.xaxis.get_major_formatter()(1_000_000, 0) == "1,000,000"
    assert {label.get_fontsize() for label in axes.get_xticklabels()} == {9.0}


def test_a_picture_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = chart.make_figure(1.0, 1.0)

    def half(temporary: Path, format: str) -> None:
        Path(temporary).write_bytes(b"half")
        raise ZeroDivisionError

    monkeypatch.setattr(figure, "savefig", half)
    with pytest.raises(ZeroDivisionError):
        chart.save(figure, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []


def test_names_with_dollars_in_them_are_drawn_as_they_are(tmp_path: Path) -> None:
    """Between two of them Matplotlib takes everything for a formula: a wrong one is an error, and no picture."""
    figure = chart.make_figure(3.0)
    axes = figure.add_subplot()
    axes.plot([1, 1000], [1, 1000])
    axes.set_title("from $x^ to $")
    axes.set_xlabel(r"$\frac$")
    axes.set_yscale("log")
    figure.text(0.5, 0.5, "$_$")
    assert chart.save(figure, tmp_path / "dollars.png").stat().st_size > 0
    assert axes.get_yticklabels()[0].get_parse_math()  # powers of ten, which are formulas


def test_letters_of_the_east_are_looked_for_in_the_fonts_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matplotlib.font_manager.get_font_names", lambda: ["PingFang SC", "Comic", "Noto Sans SC"])
    chart._eastern_fonts.cache_clear()
    figure = chart.make_figure(3.0)
    east, west = figure.text(0.1, 0.1, "价格"), figure.text(0.1, 0.5, "prix")
    with chart.as_written(figure):
        pass
    chart._eastern_fonts.cache_clear()
    assert east.get_fontfamily() == [*west.get_fontfamily(), "Noto Sans SC", "PingFang SC"]


@pytest.mark.filterwarnings("error")
def test_letters_without_a_font_are_boxes_and_no_warning(tmp_path: Path) -> None:
    figure = chart.make_figure(3.0)
    figure.text(0.1, 0.1, "\U0001f40d 价格")
    assert chart.save(figure, tmp_path / "boxes.png").exists()


def test_what_is_longer_is_cut_and_marked() -> None:
    assert [chart.cut("abcd", letters) for letters in (5, 4, 3)] == ["abcd", "abcd", "ab…"]
