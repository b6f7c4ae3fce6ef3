"""MovieLens 100k: who gave which film how many stars (Harper & Konstan 2015)."""

from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray

from palestra.datasets.card import Card
from palestra.datasets.dataset import Split, Splits, register
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import fetch
from palestra.datasets.small_tables import in_package
from palestra.datasets.tables.encoding import Encoding
from palestra.datasets.tables.frame import Frame, Words
from palestra.datasets.tables.separated import read_separated
from palestra.datasets.tables.splits import Cut
from palestra.errors import require

_FOLDER = "recbole/dataset_example/ml-100k"
RESOURCE = in_package(
    "movielens-100k",
    ("recbole", "1.2.1", 2_130_151, "py3-none-any"),
    {
        Content(name, size, digest): f"{_FOLDER}/{name}"
        for name, size, digest in (
            ("ml-100k.inter", 1_979_230, "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"),
            ("ml-100k.item", 66_632, "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532"),
            ("ml-100k.user", 22_697, "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972"),
        )
    },
)


def load(
    validation: float = 0.1, test: float = 0.1, folds: int = 0, fold: int = 0, seed: int = 0, liked: int = 0
) -> Splits:
    """Pairs (N, 2) int64 of a user and a film, both from 0, and stars from 1 to 5 as float32.

    The arguments are those of :class:`Cut`; user and film ``i`` are row ``i`` of ``users`` and ``films``. With
    ``liked`` there is 1 for so many stars or more and 0 for fewer, in the place of stars.
    """
    require(0 <= liked <= 5, f"liked={liked}", "stars from 2 to 5, or 0 for the stars themselves")
    ratings = _ratings()
    pairs, stars = ratings[:, :2].astype(np.int64) - 1, ratings[:, 2].astype(np.float32)
    wanted = (stars >= liked).astype(np.int64) if liked else stars
    parts = Cut(validation, test, folds, fold, seed).rows(len(stars))
    return {name: Split(torch.from_numpy(pairs[rows]), torch.from_numpy(wanted[rows])) for name, rows in parts.items()}


def films() -> Frame:
    """Number, title, year and genres of the 1,682 films."""
    return _frame("item")


def titles() -> tuple[str, ...]:
    """Of the films, in order, as ``Toy Story (1995)``."""
    frame = films()
    title, year = (frame.column(name) for name in ("movie_title:token_seq", "release_year:token"))
    assert isinstance(title, Words)
    assert isinstance(year, Words)
    return tuple(
        f"{title.levels[film]} ({int(when)})" if when == when else title.levels[film]
        for film, when in zip(title.codes, _years(year))
    )


def users() -> Frame:
    """Number, age, gender, occupation and postcode of the 943 users."""
    return _frame("user")


def sides() -> tuple[torch.Tensor, torch.Tensor]:
    """(943, F) and (1,682, G) float32: age, gender and occupation of the users; year and genres of the films."""
    who, film = users(), films()
    known = Frame({name: who.column(f"{name}:token") for name in ("age", "gender", "occupation")})
    year, genres = film.column("release_year:token"), film.column("class:token_seq")
    assert isinstance(year, Words)
    assert isinstance(genres, Words)
    of = [frozenset(genres.levels[code].split(" ")) if code >= 0 else frozenset() for code in genres.codes]
    kinds = {kind: np.array([float(kind in each) for each in of]) for kind in sorted(frozenset().union(*of))}
    told = (known, Frame({"year": _years(year), **kinds}))
    return tuple(torch.from_numpy(Encoding(frame)(frame)) for frame in told)  # type: ignore[return-value]


def _years(column: Words) -> NDArray[np.float64]:
    """(N,) as numbers; NaN where there is none, or a word (the data have "unkonwn")."""
    numbers = [float(level) if level.isdigit() else np.nan for level in column.levels]
    return np.array([*numbers, np.nan])[column.codes]


def _ratings() -> NDArray[np.float64]:
    """(100,000, 3) user and film, from 1, and stars. The file's digest says what is in it: nothing is left to check."""
    return np.loadtxt(BytesIO(fetch(RESOURCE)["ml-100k.inter"]), delimiter="\t", skiprows=1, usecols=(0, 1, 2))


def _frame(which: str) -> Frame:
    name = f"ml-100k.{which}"
    words = {"item": ("movie_title:token_seq", "release_year:token"), "user": ("zip_code:token",)}
    return read_separated(fetch(RESOURCE)[name], name, separator="\t", words=words.get(which, ()))


register(
    "movielens-100k",
    load,
    Card(
        title="MovieLens 100k",
        about="a user and a film; how many stars?",
        kind="ratings",
        licence="GroupLens: for research, not for commerce, not to be passed on",
        home="Harper & Konstan 2015, https://grouplens.org/datasets/movielens/100k",
        rows=100_000,
        resource=RESOURCE,
        features=("user", "film"),
    ),
    items=titles,
    sides=sides,
)
