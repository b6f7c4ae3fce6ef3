"""The picture of a film: the scene from outside, and beside it what the camera sees, the action, and the distance."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 280
"""Columns of the panel."""
AXES = ("x", "y", "z", "jaws")
"""Names of an action's numbers."""
GOOD, BAD, INK, PAPER = "#2a9d5c", "#c0392b", "#222222", "#f4f4f2"


def beside(
    outside: NDArray[np.uint8], seen: NDArray[np.uint8], action: NDArray[np.float32], distance: float, ended: str
) -> NDArray[np.uint8]:
    """(H, W + 280, 3): ``outside`` (H, W, 3), and a panel with ``seen`` (S, S) gray.

    ``action`` is (A,) in [-1, 1], ``distance`` in metres, ``ended`` how the episode ended, or "".
    """
    panel = _panel(outside.shape[0], len(action))
    return np.concatenate((outside, panel.draw(seen, action, distance, ended)), 1)


class _Panel:
    """A figure that is made once; a picture changes what is in it."""

    def __init__(self, height: int, numbers: int) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100, facecolor=PAPER)
        self._canvas: Any = FigureCanvasAgg(figure)
        side = (WIDTH - 40) / height
        picture = figure.add_axes((20 / WIDTH, 0.93 - side, 1 - 40 / WIDTH, side))
        picture.set_axis_off()
        self._image: Any = picture.imshow(np.zeros((1, 1)), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        figure.text(20 / WIDTH, 0.945, "what the camera sees", color=INK, fontsize=12)
        figure.text(20 / WIDTH, 0.50, "action (0.1 m)", color=INK, fontsize=12)
        bars = figure.add_axes((0.16, 0.31, 0.74, 0.17), facecolor="white")
        self._bars = bars.barh(AXES[:numbers], np.zeros(numbers), color="#3465a4")
        bars.set_xlim(-1, 1)
        bars.invert_yaxis()
        bars.axvline(0, color=INK, linewidth=0.8)
        bars.tick_params(labelsize=10, colors=INK)
        figure.text(20 / WIDTH, 0.22, "distance", color=INK, fontsize=12)
        self._distance = figure.text(20 / WIDTH, 0.16, "", color=INK, fontsize=24)
        self._ended = figure.text(20 / WIDTH, 0.08, "", fontsize=18)

    def draw(
        self, seen: NDArray[np.uint8], action: NDArray[np.float32], distance: float, ended: str
    ) -> NDArray[np.uint8]:
        """The panel as (H, 280, 3)."""
        self._image.set_data(seen)
        self._image.set_extent((-0.5, seen.shape[1] - 0.5, seen.shape[0] - 0.5, -0.5))
        for bar, value in zip(self._bars, action, strict=True):
            bar.set_width(float(value))
        self._distance.set_text(f"{distance:.3f} m")
        self._ended.set_text(ended)
        self._ended.set_color(GOOD if ended == "reached" else BAD)
        self._canvas.draw()
        return np.asarray(self._canvas.buffer_rgba())[..., :3].copy()


@cache
def _panel(height: int, numbers: int) -> _Panel:
    return _Panel(height, numbers)
