"""Data sets by name: what is registered, what is refused, and what is in memory."""

import hashlib
import json

import blobs
import pytest

from palestra.datasets import dataset
from palestra.datasets.card import Card
from palestra.datasets.dataset import Dataset, InMemory
from palestra.datasets.hub.cache import Shelf
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.errors import UsageError
from palestra.measure import Measure


def test_a_name_and_its_arguments_give_the_splits() -> None:
    splits = Dataset("toy/blobs", {"classes": 2}).load()
    assert {name: len(split.inputs) for name, split in splits.items()} == blobs.SIZES
    assert splits["train"].targets is not None
    assert splits["train"].targets.unique().tolist() == [0, 1]


def test_what_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown data set 'toy/blob'; nearest: toy/blobs"):
        Dataset("toy/blob").load()
    with pytest.raises(UsageError, match=r"arguments \{'colour': 1\} of the data set 'toy/blobs'"):
        Dataset("toy/blobs", {"colour": 1}).load()
    with pytest.raises(UsageError, match="a second data set named 'toy/blobs'"):
        dataset.register("toy/blobs", lambda: {})
    dataset.register("toy/blobs", blobs.load)  # the same once more is no second one


def test_it_is_measured_on_validation_while_learning_and_on_test_in_the_end() -> None:
    named = Dataset("toy/blobs")
    assert named.measure(count=5) == Measure(5, "validation", 0)
    assert named.final(seed=3) == Measure(0, "test", 3)


def test_its_json_gives_it_back() -> None:
    named = Dataset("toy/blobs", {"classes": 2})
    assert Dataset(**json.loads(json.dumps(named.to_json()))) == named


def test_data_in_memory_has_no_name() -> None:
    splits = Dataset("toy/blobs").load()
    held = InMemory(splits)
    assert held.load() is splits
    with pytest.raises(UsageError, match="data in memory has no name"):
        held.to_json()


def test_what_is_known_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOURCES", "CARDS", "NAMES"):
        monkeypatch.setattr(dataset, name, dict(getattr(dataset, name)))
    card = Card("Toy", "a toy; which?", "table", "none", "here", 9, classes=("a", "b"))
    dataset.register("toy/carded", blobs.load, card)
    dataset.register("toy/named", lambda size=1: {}, names=lambda size=1: tuple("xyz"[:size]))
    assert dataset.known_cards()["toy/carded"] is card
    assert "mnist" in dataset.known_cards()
    assert Dataset("toy/carded").class_names() == ("a", "b")
    assert Dataset("toy/named", {"size": 2}).class_names() == ("x", "y")
    assert Dataset("toy/blobs").class_names() == ()
    with pytest.raises(UsageError, match="unknown data set 'toy/card'"):
        Dataset("toy/card").class_names()


@pytest.mark.parametrize(("arguments", "why"), [
    ({"classes": "two"}, "classes='two'; expected int, as the data set 'toy/blobs' takes it"),
    ({"classes": True}, "classes=True; expected int"),
    ({"spread": "wide"}, "spread='wide'; expected float"),
])  # fmt: skip
def test_arguments_of_another_type(arguments: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        Dataset("toy/blobs", arguments).load()


def test_a_mistake_inside_a_source_is_not_taken_for_a_wrong_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "SOURCES", {"toy/broken": lambda: len(3)})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has no len"):
        Dataset("toy/broken").load()


def test_what_a_run_notes_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(b"data").hexdigest()
    resource = Resource("toy/kept", (Content("a", 4, digest), Content("b", 4, digest)), ())
    for name in ("SOURCES", "CARDS"):
        monkeypatch.setattr(dataset, name, dict(getattr(dataset, name)))
    dataset.register("toy/kept", lambda stand_in=False: {}, Card("Toy", "?", "table", "free", "-", 9, resource))
    Shelf("toy/kept").note_origin({"a": {"source": "a shop", "sha256": digest}})
    assert Dataset("toy/kept").origin() == {
        "files": {"a": {"source": "a shop", "sha256": digest}, "b": {"sha256": digest}}, "licence": "free",
    }  # fmt: skip
    assert Dataset("toy/kept", {"stand_in": True}).origin() == {"stand_in": True}
    assert Dataset("toy/blobs").origin() == {}
