"""The pictures and the film of a training that were asked for: one that cannot be drawn is said, and undoes nothing."""

from pathlib import Path
from typing import NamedTuple

from palestra.errors import PalestraError
from palestra.trials.saved import draw_learned


class Illustrations(NamedTuple):
    """What was drawn."""

    plots: list[Path]
    """Pictures."""
    video: Path | None
    """The film."""
    undrawn: list[str]
    """Why what was asked for is not there."""


def illustrated(run: Path, headline: str, *, plots: bool, video: bool) -> Illustrations:
    """Draw what was asked for of a run that is trained and saved.

    Args:
        run: its folder.
        headline: the metric that is drawn first.
        plots: its learning curves, and what else can be drawn of what it learned.
        video: a film of an episode.
    """
    drawn, film, undrawn = list[Path](), None, list[str]()
    if plots:
        from palestra.pictures.curves import draw_curves

        try:
            drawn = [*draw_curves(run, headline), *draw_learned(run)]
        except PalestraError as error:
            undrawn.append(f"no plots: {error}")
    if video:
        from palestra.trials.film import make_film

        try:
            film = make_film(run, out=run.parent).video
        except PalestraError as error:
            undrawn.append(f"no video: {error}")
    return Illustrations(drawn, film, undrawn)
