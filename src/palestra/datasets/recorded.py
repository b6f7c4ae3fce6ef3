"""Recorded episodes by name or path, and as rows: what was seen, and what was done there."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from palestra.datasets.dataset import Split, Splits, known_cards, register
from palestra.datasets.episodes import Episodes, read_episodes
from palestra.datasets.formats.lerobot import holds_lerobot, read_lerobot
from palestra.datasets.hub.content import file_digest
from palestra.datasets.tables.splits import Cut
from palestra.errors import unknown_name

MADE: dict[str, Callable[[], Episodes]] = {}
"""Name to a function that makes episodes, the same ones each time."""


def register_episodes(name: str, make: Callable[[], Episodes]) -> None:
    """Make episodes known under a name, to what learns from episodes and, as rows, to what learns from a data set.

    Args:
        name: under which a configuration names them.
        make: gives the same episodes each time.
    """
    kept = lru_cache(maxsize=1)(make)
    MADE[name] = kept

    def load(validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Splits:
        return as_rows(kept(), Cut(validation, test, seed=seed))

    def origin(**_: Any) -> dict[str, Any]:
        return {"env": kept().facts["env"], "sha256": kept().digest}

    register(name, load, origin=origin)


def load_episodes(name: str) -> Episodes:
    """Recorded episodes: ``palestra.load_episodes("cartpole-mixed")``, or the path of a file with such.

    Args:
        name: of episodes that are made on the spot, or what ``palestra record-episodes`` wrote, a file or a folder. Not
            to be changed.

    Raises UsageError for a name that nothing has, and for a file that is no such.
    """
    known_cards()  # by which every file of this room registers what it holds
    if name in MADE:
        return MADE[name]()
    if "/" not in name and "." not in name and not Path(name).exists():
        raise unknown_name("recorded episodes", name, MADE)
    path = Path(name).expanduser()
    return read_lerobot(path) if holds_lerobot(path) else read_episodes(path)


def as_rows(episodes: Episodes, cut: Cut) -> Splits:
    """Observations and the actions taken there, a row a step. An episode is in one split as a whole.

    UsageError for a cut that leaves an episode of none for the training.
    """
    splits = {}
    for name, chosen in cut.rows(len(episodes.ends)).items():
        part = episodes.of(chosen)
        splits[name] = Split(torch.from_numpy(part.observations), torch.from_numpy(part.actions))
    return splits


def load(path: str, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Splits:
    """Rows of a file that ``palestra record-episodes`` wrote.

    Args:
        path: the file.
        validation: share of the episodes to choose by.
        test: share of the episodes to be judged on.
        seed: decides which.
    """
    return as_rows(read_episodes(Path(path).expanduser()), Cut(validation, test, seed=seed))


def digests(path: str, **_: Any) -> dict[str, str]:
    """The file's digest, so that a resume sees whether it changed."""
    return {path: file_digest(Path(path))}


register("own/episodes", load, digests=digests)
