"""Card: what a data set is, who made it, and under which terms; for lists, pages and pictures."""

from dataclasses import dataclass
from typing import Literal

from palestra.datasets.hub.ladder import Resource


@dataclass(frozen=True)
class Card:
    """What is known about a data set without its bytes."""

    title: str
    """Its name as people write it."""
    about: str
    """One line: what a row is, and what is asked of it."""
    kind: Literal["images", "table", "ratings", "baskets"]
    """What its rows are."""
    licence: str
    """The terms of the data."""
    home: str
    """Where they are described, and by whom."""
    rows: int
    """How many there are in all."""
    resource: Resource | None = None
    """Its files and where they can be had; None for data that are made on the spot, or are the user's own."""
    classes: tuple[str, ...] = ()
    """Label to word."""
    shape: tuple[int, ...] = ()
    """Of one image: (H, W), or (H, W, 3)."""
    features: tuple[str, ...] = ()
    """Names of the columns of its inputs, where they have names that no arguments change."""
