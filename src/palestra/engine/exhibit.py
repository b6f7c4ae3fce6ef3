"""An exhibit: what a learner has to show, as data. ``pictures/`` draws it; a page can draw the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exhibit:
    """A figure before it is drawn. What kinds there are stands in ``pictures/``."""

    title: str
    """Above the figure."""
