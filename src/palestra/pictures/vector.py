"""Charts as SVG text, to stand in a page that fetches nothing: lines with bands, bars, a matrix of counts."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from palestra.pictures.chart import COLORS, GRID, INK, QUIET
from palestra.pictures.numbers import number

WIDTH, HEIGHT = 640, 340
"""Of a chart; it shrinks with the page."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 16, 46
_LETTER = 6.6
"""Width of a letter of a label."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """One line of a chart."""

    name: str
    points: Sequence[Point]
    band: Sequence[tuple[float, float]] = ()
    """Low and high at each point."""
    dashed: bool = False


def line_chart(
    lines: Sequence[Line],
    x_name: str,
    y_name: str,
    *,
    logarithmic: bool = False,
    ticks: Mapping[float, str] | None = None,
    marks: Mapping[float, str] | None = None,
    write: Callable[[float], str] = number,
) -> str:
    """Lines over one axis, each with its band, its name at the top and dots at its points.

    Args:
        lines: at least one, of at least one point.
        x_name: what is along the bottom.
        y_name: what is up the side.
        logarithmic: whether each step along the bottom is a factor.
        ticks: values along the bottom to what stands there; chosen if None.
        marks: values along the bottom where a thin line stands, and what stands beside it.
        write: how values of the side are written.
    """
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points] + [y for line in lines for band in line.band for y in band]
    to_x = _scale(min(xs), max(xs), _LEFT, WIDTH - _RIGHT, logarithmic=logarithmic)
    low, high = min(0.0, *ys), max(ys)
    to_y = _scale(low, high + 0.05 * (high - low or 1.0), HEIGHT - _BOTTOM, _TOP + 18)
    parts = [_text(16, HEIGHT / 2, y_name, turned=True), _text((_LEFT + WIDTH) / 2, HEIGHT - 6, x_name)]
    for y in nice(low, high):
        parts.append(_rule(_LEFT, to_y(y), WIDTH - _RIGHT, to_y(y)))
        parts.append(_text(_LEFT - 8, to_y(y) + 4, write(y), anchor="end"))
    for x, said in (ticks or {x: number(x) for x in _spread(xs, logarithmic=logarithmic)}).items():
        parts.append(_text(to_x(x), HEIGHT - _BOTTOM + 18, said))
    for x, said in (marks or {}).items():
        parts.append(_rule(to_x(x), _TOP + 14, to_x(x), HEIGHT - _BOTTOM, color=QUIET, dash="2 3"))
        at_end = to_x(x) > WIDTH / 2
        parts.append(_text(to_x(x) + (-4 if at_end else 4), HEIGHT - _BOTTOM - 6, said,
                           anchor="end" if at_end else "start"))  # fmt: skip
    legend = float(_LEFT)
    for line, color in zip(lines, COLORS):
        if line.band:
            around = [(to_x(x), to_y(high)) for (x, _), (_, high) in zip(line.points, line.band)]
            around += [(to_x(x), to_y(low)) for (x, _), (low, _) in reversed([*zip(line.points, line.band)])]
            parts.append(f'<polygon points="{_joined(around)}" fill="{color}" fill-opacity="0.15"/>')
        path = _joined([(to_x(x), to_y(y)) for x, y in line.points])
        dash = ' stroke-dasharray="6 5"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>')
        if not line.dashed:
            parts += [f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="3" fill="{color}"/>' for x, y in line.points]
        parts.append(f'<rect x="{legend:.0f}" y="4" width="14" height="4" fill="{color}"/>')
        parts.append(_text(legend + 20, 11, line.name, anchor="start", color=INK))
        legend += 40 + _width(line.name)
    return _svg(parts, f"{y_name}: {', '.join(line.name for line in lines)}")


def bar_chart(bars: Mapping[str, tuple[float, float, float]], write: Callable[[float], str] = number) -> str:
    """A lying bar for each name: its value, with a whisker from low to high."""
    left = min(240.0, 20 + max(_width(name) for name in bars))
    height = 24 * len(bars) + 12
    most = max(max(value, high) for value, _, high in bars.values()) or 1.0
    to_x = _scale(0.0, most, left, WIDTH - 90)
    parts = []
    for line, ((name, (value, low, high)), color) in enumerate(zip(bars.items(), COLORS * len(bars))):
        y = 8 + 24 * line
        wide = max(1.0, to_x(value) - left)
        parts.append(_text(left - 8, y + 13, name, anchor="end", color=INK))
        parts.append(f'<rect x="{left:.1f}" y="{y}" width="{wide:.1f}" height="16" fill="{color}" rx="2"/>')
        ends = to_x(max(0.0, low)), to_x(high)
        parts.append(_rule(ends[0], y + 8, ends[1], y + 8, color=INK))
        parts.append(_text(max(to_x(value), ends[1]) + 6, y + 13, write(value), anchor="start"))
    return _svg(parts, ", ".join(bars), height)


def matrix_chart(counts: Sequence[Sequence[int]], names: Sequence[str], down: str, across: str) -> str:
    """Counts as squares: the diagonal in one colour, all else in another, each as dark as it is large."""
    size, left = len(names), min(130.0, 30 + max(_width(name[:14]) for name in names))
    cell = max(16.0, min(44.0, (WIDTH - left - 20) / size))
    top, height = 34.0, 34 + cell * size + 26
    off = max((value for i, row in enumerate(counts) for j, value in enumerate(row) if i != j), default=1) or 1
    most = max((row[i] for i, row in enumerate(counts)), default=1) or 1
    parts = [_text(left + cell * size / 2, 12, across), _text(12, top + cell * size / 2, down, turned=True)]
    for i, name in enumerate(names):
        middle = (i + 0.5) * cell
        parts.append(_text(left - 6, top + middle + 4, name[:14], anchor="end"))
        parts.append(_text(left + middle, 28, name[: max(1, int(cell / _LETTER))]))
        for j, value in enumerate(counts[i]):
            depth = value / most if i == j else value / off
            color = COLORS[0] if i == j else COLORS[7]
            opacity = 0.0 if value == 0 else 0.12 + 0.7 * depth
            x, y = left + j * cell, top + i * cell
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell - 1:.1f}" height="{cell - 1:.1f}" fill="{color}"'
                f' fill-opacity="{opacity:.2f}" stroke="{GRID}"/>'
            )
            if value and cell >= 8 + _LETTER * len(str(value)):
                parts.append(_text(x + cell / 2, y + cell / 2 + 4, str(value), color=INK))
    return _svg(parts, f"{down}, {across}", height)


def nice(low: float, high: float) -> list[float]:
    """Four to eight round values from about low to about high."""
    if not high > low:
        return [low]
    rough = (high - low) / 5
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [round(i * step, 12) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def _spread(xs: Sequence[float], *, logarithmic: bool) -> list[float]:
    """Places for ticks: the points themselves on a logarithmic axis, where they do not stand too close."""
    if not logarithmic:
        return nice(min(xs), max(xs))
    found: list[float] = []
    for x in sorted(set(xs)):
        if not found or x / max(found[-1], 1e-300) >= 1.6:
            found.append(x)
    return found


def _scale(low: float, high: float, start: float, end: float, *, logarithmic: bool = False) -> Callable[[float], float]:
    def of(value: float) -> float:
        return math.log(max(value, 1e-300)) if logarithmic else value

    width = of(high) - of(low)
    return lambda value: (start + end) / 2 if width == 0 else start + (of(value) - of(low)) / width * (end - start)


def _joined(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _width(text: str) -> float:
    """About how wide a label is: a Chinese character takes the place of two letters."""
    return _LETTER * sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _rule(x: float, y: float, to_x: float, to_y: float, *, color: str = GRID, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{color}"{dashed}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "middle", color: str = QUIET, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{color}" font-size="12"{turn}>{escape(text)}</text>'


def _svg(parts: Sequence[str], title: str, height: float = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" xmlns="http://www.w3.org/2000/svg"'
        f' font-family="system-ui, sans-serif"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )
