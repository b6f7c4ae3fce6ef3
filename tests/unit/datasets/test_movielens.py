"""MovieLens: pairs from 0, stars, and the tables of films and users."""

import hashlib
from pathlib import Path

import pytest
import torch

from palestra.datasets import movielens
from palestra.datasets.dataset import Dataset
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Folder
from palestra.datasets.tables.frame import Words
from palestra.errors import UsageError

FILES = {
    "ml-100k.inter": b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    b"1\t2\t3\t881250949\n2\t1\t5\t881250949\n",
    "ml-100k.item": b"item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    b'1\tToy Story\t1995\tComedy\n2\tOne "A"\t\tDrama\n',
    "ml-100k.user": b"user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n1\t24\tM\ta\t85711\n",
}


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ratings in the place of a hundred thousand."""
    (tmp_path / "files").mkdir()
    for name, data in FILES.items():
        (tmp_path / "files" / name).write_bytes(data)
    contents = tuple(Content(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES.items())
    folder = Folder(str(tmp_path / "files"), {name: name for name in FILES})
    monkeypatch.setattr(movielens, "RESOURCE", Resource("movielens-100k", contents, (folder,)))


def test_pairs_and_stars() -> None:
    (train,) = movielens.load(validation=0.0, test=0.0).values()
    assert train.inputs.tolist() == [[0, 1], [1, 0]]
    assert train.targets is not None
    assert train.targets.tolist() == [3.0, 5.0]
    assert (train.inputs.dtype, train.targets.dtype) == (torch.int64, torch.float32)


def test_liked_in_the_place_of_stars() -> None:
    (train,) = movielens.load(validation=0.0, test=0.0, liked=4).values()
    assert train.targets is not None
    assert (train.targets.tolist(), train.targets.dtype) == ([0, 1], torch.int64)
    with pytest.raises(UsageError, match="liked=6; expected stars from 2 to 5"):
        movielens.load(liked=6)


def test_titles_with_their_years_where_there_are_any() -> None:
    assert movielens.titles() == ("Toy Story (1995)", 'One "A"')
    assert Dataset("movielens-100k").item_names() == movielens.titles()


def test_films_and_users() -> None:
    titles = movielens.films().column("movie_title:token_seq")
    assert isinstance(titles, Words)
    assert [titles.levels[code] for code in titles.codes] == ["Toy Story", 'One "A"']
    assert movielens.users().numbers("age:token").tolist() == [24.0]
