"""Settings from text and from JSON: what is taken, and what is refused with the field, the value and the fix."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

import pytest

from palestra.engine.settings import AlgorithmConfig, TrainSettings, build, field_docs, override, type_name
from palestra.errors import UsageError, require


@dataclass(frozen=True)
class Settings(AlgorithmConfig):
    """Settings of a test."""

    gamma: float = 0.99
    """Discount."""
    steps: int = 128
    """How many,
    over two lines."""
    loss: Literal["huber", "squared"] = "huber"
    """Error."""
    clip: float | None = None
    """Range."""
    double: bool = False
    """Twice."""
    sizes: tuple[int, ...] = (64, 64)
    """Layers."""
    name: str = ""
    """Words."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Anything."""

    def __post_init__(self) -> None:
        require(0 <= self.gamma <= 1, f"gamma={self.gamma}", "0 <= gamma <= 1")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("gamma", "0.5", 0.5), ("gamma", "1", 1.0), ("gamma", "1e-3", 0.001),
        ("steps", "7", 7), ("steps", "1e5", 100_000), ("loss", "squared", "squared"),
        ("clip", "0.2", 0.2), ("clip", "none", None), ("clip", "None", None), ("clip", "null", None),
        ("double", "true", True), ("double", "True", True), ("double", "false", False),
        ("sizes", "32", (32,)), ("sizes", "32,16", (32, 16)), ("sizes", "(32, 16)", (32, 16)),
        ("sizes", "[32]", (32,)), ("sizes", "[]", ()), ("sizes", "()", ()), ("sizes", "", ()),
        ("name", "abc", "abc"), ("name", "a, b", "a, b"), ("name", "7", "7"), ("name", "true", "true"),
        ("extra", '{"a": 1}', {"a": 1}),
    ],
)  # fmt: skip
def test_text_becomes_the_type_of_the_field(name: str, text: str, value: Any) -> None:
    got = getattr(override(Settings(), {name: text}), name)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("gamma", "high", "gamma=high; expected a number"),
        ("gamma", "true", "gamma=true; expected a number"),
        ("steps", "1.5", "steps=1.5; expected an integer"),
        ("steps", "none", "steps=none; expected an integer"),
        ("loss", "l1", "loss=l1; expected one of huber, squared"),
        ("clip", "x", "clip=x; expected a number or none"),
        ("double", "1", "double=1; expected true or false"),
        ("sizes", "a,b", "sizes=a,b; expected a list of an integer"),
        ("sizes", "1.5,2", "sizes=1.5,2; expected a list of an integer"),
        ("extra", "3", "extra=3"),
    ],
)
def test_text_of_another_type_is_refused(name: str, text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=f"setting {expected}"):
        override(Settings(), {name: text})


def test_json_values_are_checked_the_same_way() -> None:
    built = build(Settings, {"gamma": 1, "sizes": [8], "clip": None, "loss": "squared", "double": True, "steps": 3.0})
    assert built == Settings(gamma=1.0, sizes=(8,), loss="squared", double=True, steps=3)
    assert build(Settings, {}) == Settings()
    for values, message in (
        ({"gamma": "0.5"}, "gamma='0.5'; expected a number"),
        ({"double": 1}, "double=1; expected true or false"),
        ({"sizes": "big"}, "sizes='big'; expected a list of an integer"),
        ({"name": 7}, "name=7; expected text"),
    ):
        with pytest.raises(UsageError, match=message):
            build(Settings, values)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    for call in (lambda: build(Settings, {"gama": 0.9}), lambda: override(Settings(), {"gama": "0.9"})):
        with pytest.raises(UsageError, match="unknown setting of Settings 'gama'; nearest: gamma"):
            call()


def test_a_value_out_of_range_is_the_configs_own_error() -> None:
    for call in (lambda: build(Settings, {"gamma": 2}), lambda: override(Settings(), {"gamma": "2"})):
        with pytest.raises(UsageError, match=r"gamma=2\.0; expected 0 <= gamma <= 1"):
            call()
    with pytest.raises(UsageError, match="gamma=nan"):
        override(Settings(), {"gamma": "NaN"})


def test_overriding_keeps_the_rest_and_the_original() -> None:
    before = Settings(steps=5)
    assert override(before, {"gamma": "0.5"}) == Settings(steps=5, gamma=0.5)
    assert before.gamma == 0.99


def test_values_need_no_text_and_dicts_are_added_to() -> None:
    before = Settings(extra={"a": 1})
    assert override(before, {"sizes": (8,), "clip": None, "steps": 3.0}) == Settings(
        sizes=(8,), steps=3, extra={"a": 1}
    )
    assert override(before, {"extra": {"b": 2}, "extra.c": "3", "extra.d": "x"}).extra == {
        "a": 1, "b": 2, "c": 3, "d": "x",
    }  # fmt: skip
    with pytest.raises(UsageError, match="setting sizes=big; expected a list of an integer"):
        override(before, {"sizes": "big"})
    with pytest.raises(UsageError, match="setting double=1; expected true or false"):
        override(before, {"double": 1})


@dataclass(frozen=True)
class Dueling(AlgorithmConfig):
    """A word that means something else elsewhere."""

    kind: Literal["none", "mean"] = "mean"
    """Which."""


def test_none_is_a_word_where_a_setting_has_it() -> None:
    assert override(Dueling(), {"kind": "none"}).kind == "none"


def test_what_has_to_be_there_is_asked_for() -> None:
    assert build(TrainSettings, {"budget": 5, "target": 1}) == TrainSettings(5, target=1.0)
    with pytest.raises(UsageError, match="TrainSettings without budget"):
        build(TrainSettings, {"seed": 1})


def test_docs_of_fields_are_those_under_them() -> None:
    docs = field_docs(Settings)
    assert docs["gamma"] == "Discount."
    assert docs["steps"] == "How many, over two lines."
    assert list(docs) == ["gamma", "steps", "loss", "clip", "double", "sizes", "name", "extra"]


@dataclass(frozen=True)
class Special(Settings):
    """Settings with one more, and one explained anew."""

    steps: int = 7
    """Exactly how many."""
    more: int = 1
    """One more."""


def test_inherited_fields_bring_their_docs() -> None:
    docs = field_docs(Special)
    assert list(docs) == [f.name for f in fields(Special)] == [*field_docs(Settings), "more"]
    assert (docs["gamma"], docs["steps"], docs["more"]) == ("Discount.", "Exactly how many.", "One more.")


def test_types_in_words() -> None:
    assert type_name(int | None) == "an integer or none"
    assert type_name(tuple[float, ...]) == "a list of a number separated by commas"
    assert type_name(bool) == "true or false"


def test_a_target_needs_evaluations() -> None:
    TrainSettings(5, target=1.0, eval_every=1).check_target()
    TrainSettings(5).check_target()
    with pytest.raises(UsageError, match=r"target=1\.0 with eval_every=0.*; expected eval_every=N too, or target=none"):
        TrainSettings(5, target=1.0).check_target()
