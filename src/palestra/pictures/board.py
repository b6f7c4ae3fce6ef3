"""Pictures of what is known about a finite world: values and best actions on its board, and how the values came."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from palestra.engine.exhibit import Exhibit
from palestra.pictures import chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _ORANGE = chart.COLORS[:2]
_TILES = {"G": "#86efac", "X": "#fca5a5", "#": "#334155"}
_WITH_NUMBERS, _WITH_ARROWS = 14, 45
"""Cells a side up to which a board shows every value, and every best action."""


@dataclass(frozen=True)
class Board(Exhibit):
    """Values and best actions of a world that lies on a board."""

    shape: tuple[int, int]
    """Rows and columns; state ``row * columns + column`` is a cell."""
    tiles: bytes
    """One letter a cell; ``G`` goal, ``X`` pit, ``#`` wall are drawn as such, and ``S`` is named."""
    moves: Sequence[tuple[int, int]]
    """(rows, columns) that each action means to move; an action of a state is an arrow that way."""
    value_S: NDArray[Any]
    """(S,) values; NaN for a state of which nothing is known."""
    best_AS: NDArray[np.bool_]
    """(A, S), the actions to draw in each state; none where nothing is to be done."""


@dataclass(frozen=True)
class Table(Exhibit):
    """Action values of a world without a board."""

    value_SA: NDArray[Any]
    """(S, A); NaN for a state of which nothing is known."""


@dataclass(frozen=True)
class Convergence(Exhibit):
    """How values came, sweep by sweep; all of one length."""

    sweeps: NDArray[Any]
    """Done so far."""
    value: NDArray[Any]
    """Of the start."""
    residual: NDArray[Any]
    """The Bellman residual."""


def draw_board(path: Path, board: Board) -> Path:
    """Draw values as colours and best actions as arrows into a PNG, whose folder is made; returns its path."""
    from matplotlib.colors import ListedColormap

    shape = rows, columns = board.shape
    letters = np.frombuffer(board.tiles, "S1").reshape(shape).astype(str)
    special = np.isin(letters, list(_TILES))
    values = np.where(special, np.nan, board.value_S.astype(np.float64).reshape(shape))
    figure, axes = _board_figure(rows, columns, board.title)
    image = axes.imshow(values, cmap="Blues_r" if np.nanmax(values, initial=-np.inf) <= 0 else "Blues", alpha=0.85)
    colors = [*_TILES.values()]
    kinds = np.full(shape, np.nan)
    for number, letter in enumerate(_TILES):
        kinds[letters == letter] = number
    axes.imshow(kinds, cmap=ListedColormap(colors), vmin=-0.5, vmax=len(colors) - 0.5)
    _arrows(axes, board.best_AS.reshape(-1, rows, columns) & ~special, board.moves)
    if max(shape) <= _WITH_NUMBERS:
        _numbers(axes, values, letters)
    if max(shape) <= _WITH_ARROWS:
        axes.set_xticks([])  # a minor tick where a major one is would be left out
        axes.set_yticks([])
        axes.set_xticks(np.arange(-0.5, columns), minor=True)
        axes.set_yticks(np.arange(-0.5, rows), minor=True)
        axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0, labelbottom=False, labelleft=False)
    bar = figure.colorbar(image, cax=figure.axes[1])
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=chart.QUIET, labelsize=12)
    bar.ax.set_title("value", color=chart.QUIET, fontsize=13, pad=10)
    return chart.save(figure, path)


def draw_table(path: Path, table: Table) -> Path:
    """Draw action values into a PNG, a row an action, and return its path.

    More states than a picture has pixels across are drawn as means of neighbours.
    """
    value_SA = table.value_SA
    states, actions = value_SA.shape
    figure = chart.make_figure(5.0)
    axes = figure.add_axes((0.06, 0.16, 0.84, 0.62))
    edges = np.linspace(0, states, min(states, 1200) + 1).astype(int)
    shown = np.add.reduceat(value_SA.astype(np.float64), edges[:-1], axis=0) / np.diff(edges)[:, None]
    extent = (-0.5, states - 0.5, actions - 0.5, -0.5)
    image = axes.imshow(shown.T, aspect="auto", cmap="Blues", extent=extent, interpolation="nearest")
    chart.style(axes, 12)
    axes.grid(False)
    axes.set_yticks(range(actions))
    axes.set_xlabel("state", color=chart.QUIET, fontsize=14)
    axes.set_ylabel("action", color=chart.QUIET, fontsize=14)
    bar = figure.colorbar(image, cax=figure.add_axes((0.92, 0.16, 0.015, 0.62)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=chart.QUIET, labelsize=12)
    figure.text(0.06, 0.9, table.title, color=chart.INK, fontsize=20, fontweight="bold", va="center")
    figure.text(0.06, 0.82, "value of every action in every state", color=chart.QUIET, fontsize=14, va="center")
    return chart.save(figure, path)


def draw_convergence(path: Path, came: Convergence) -> Path:
    """Draw the value of the start, and the Bellman residual on a logarithmic axis, against sweeps; returns the path."""
    sweeps = came.sweeps
    figure = chart.make_figure(6.0)
    dots: dict[str, Any] = {"marker": "o", "markersize": 5} if len(sweeps) <= 60 else {}
    left, right = figure.add_axes((0.06, 0.13, 0.4, 0.64)), figure.add_axes((0.55, 0.13, 0.4, 0.64))
    left.plot(sweeps, came.value, color=_BLUE, linewidth=2.4, **dots)
    left.set_title("value of the start", loc="left", color=chart.INK, fontsize=15, pad=12)
    shown = np.array(came.residual, dtype=np.float64)
    right.plot(sweeps, np.where(shown > 0, shown, np.nan), color=_ORANGE, linewidth=2.4, **dots)
    right.set_title("Bellman residual", loc="left", color=chart.INK, fontsize=15, pad=12)
    if (shown > 0).any():
        right.set_yscale("log")
    for axes in (left, right):
        chart.style(axes, 12)
        axes.set_xlabel("sweeps", color=chart.QUIET, fontsize=14)
        axes.locator_params(axis="x", integer=True)
    figure.text(0.06, 0.93, came.title, color=chart.INK, fontsize=20, fontweight="bold", va="center")
    return chart.save(figure, path)


def _board_figure(rows: int, columns: int, title: str) -> tuple["Figure", "Axes"]:
    cell = min(14.0 / columns, 9.0 / rows)
    wide, high = max(columns * cell, 4.0), max(rows * cell, 3.0)
    figure = chart.make_figure(high + 1.3, wide + 2.0)
    total = (wide + 2.0, high + 1.3)
    axes = figure.add_axes((0.4 / total[0], 0.3 / total[1], wide / total[0], high / total[1]))
    figure.add_axes(((wide + 0.7) / total[0], 0.3 / total[1], 0.22 / total[0], (high - 0.5) / total[1]))
    for side in axes.spines.values():
        side.set_visible(False)
    size = min(20.0, 100.0 * total[0] / max(len(title), 1))
    figure.text(
        0.4 / total[0], 1 - 0.5 / total[1], title, color=chart.INK, fontsize=size, fontweight="bold", va="center"
    )
    return figure, axes


def _arrows(axes: "Axes", best_ARC: NDArray[np.bool_], moves: Sequence[tuple[int, int]]) -> None:
    """An arrow for each best action; on a large board, of every so many cells."""
    every = -(-max(best_ARC.shape[1:]) // _WITH_ARROWS)
    picked = np.zeros_like(best_ARC)
    picked[:, every // 2 :: every, every // 2 :: every] = True
    alone = best_ARC.sum(0) == 1
    for (down, right), chosen in zip(moves, best_ARC & picked):
        for where, pivot, reach in ((chosen & alone, "mid", 0.5), (chosen & ~alone, "tail", 0.36)):
            y, x = np.nonzero(where)
            if len(x):
                length = reach * every
                axes.quiver(
                    x, y, np.full(len(x), right * length), np.full(len(y), down * length), angles="xy",
                    scale_units="xy", scale=1.0, color=_ORANGE, width=0.055 * every, units="xy", headwidth=3.6,
                    headlength=3.2, headaxislength=2.9, pivot=pivot, zorder=3,
                )  # fmt: skip


def _numbers(axes: "Axes", values: NDArray[Any], letters: NDArray[Any]) -> None:
    font: dict[str, Any] = {"ha": "center", "fontsize": 10}
    for row, column in np.ndindex(values.shape):
        letter = str(letters[row, column])
        if letter in "SGX":
            axes.text(column - 0.36, row - 0.27, letter, color=chart.INK, fontweight="bold", **font)
        if np.isfinite(values[row, column]):
            text = axes.text(column, row + 0.4, f"{values[row, column]:.3g}", color=chart.INK, **font)
            text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.6, "pad": 1})
