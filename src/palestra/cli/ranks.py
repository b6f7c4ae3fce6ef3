"""How many processes one training has, and who of them this one is; before anything slow is imported."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.engine.settings import MOST_THREADS
from palestra.errors import PalestraError
from palestra.runs.store import CONFIG, read_config

if TYPE_CHECKING:
    from palestra.engine.ranks import Ranks


def ranks_of(
    overrides: Mapping[str, Any], begun: str | None, out: Path, words: Sequence[str]
) -> "AbstractContextManager[Ranks | None]":
    """The processes that train together: those that torchrun has, or that are started; None for this one alone.

    Args:
        overrides: what was said on the command line.
        begun: the run that it goes on with, which knows how many it had.
        out: folder of the runs.
        words: the command line, for those that are started.
    """
    devices = _devices(overrides, begun, out)
    if devices == 1 and not {"RANK", "PALESTRA_RANKS"} & os.environ.keys():
        return nullcontext()
    from palestra.trials.ranks import is_rank, joined, started  # imports torch

    if is_rank(os.environ):
        return joined()
    return started(devices, words) if devices > 1 else nullcontext()


def with_devices(overrides: Mapping[str, Any], ranks: "Ranks | None") -> dict[str, Any]:
    """What was said on the command line, which does not have to say how many processes there are."""
    return {**({} if ranks is None else {"training.devices": ranks.size}), **overrides}


def _devices(overrides: Mapping[str, Any], begun: str | None, out: Path) -> int:
    asked = overrides.get("training.devices", overrides.get("devices"))
    if asked is None and begun is not None:
        asked = next(_kept(Path(begun), out / begun), 1)
    known = str(asked).isdecimal() and int(asked) <= MOST_THREADS
    return int(asked) if known else 1  # anything else is refused where settings are read


def _kept(*places: Path) -> Iterator[Any]:
    """What the configurations in some folders say, where there are any; what is wrong with them is said elsewhere."""
    for place in places:
        if (place / CONFIG).is_file():
            with suppress(PalestraError):
                yield read_config(place).get("training", {}).get("devices", 1)
