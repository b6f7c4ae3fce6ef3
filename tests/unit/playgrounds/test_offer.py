"""What is offered: ranges hold, and a form is made of the dataclass."""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.offer import Asked, Offer, Preset, Text, schema, setting


@dataclass(frozen=True)
class CakeAsked(Asked):
    """Settings of a cake."""

    sugar: float = setting(0.5, "糖：多少", low=0.0, high=1.0)
    """How sweet."""
    eggs: int = setting(2, "鸡蛋", low=0, high=12, when={"kind": ("sponge",)})
    """How many."""
    kind: Literal["sponge", "dry"] = setting("sponge", "种类", names={"dry": Text("bone dry", "很干")})
    """Which."""
    layers: tuple[int, ...] = setting((1,), "层", low=1, high=9, most=3, drawn=True)
    """Of what height."""
    marks: tuple[tuple[float, ...], ...] = setting((), "点", low=0.0, high=1.0, most=2)
    """Where."""
    words: tuple[str, ...] = setting((), "字", most=4)
    """On top."""
    iced: bool = setting(False, "糖霜")
    """Or not."""


OFFER = Offer(
    "cake", Text("Cake", "蛋糕"), Text("Bake.", "烤。"), CakeAsked,
    (Preset("burnt", Text("Burnt", "糊了"), Text("Too long.", "太久。"), {"sugar": 1.0}, fails=True),),
)  # fmt: skip


def test_the_form_has_types_ranges_choices_and_both_languages() -> None:
    by_name = {each["name"]: each for each in schema(CakeAsked)}
    types = {name: each["type"] for name, each in by_name.items()}
    assert types == {
        "sugar": "number", "eggs": "integer", "kind": "choice", "layers": "integers", "marks": "rows",
        "words": "lines", "iced": "boolean",
    }  # fmt: skip
    sugar = by_name["sugar"]
    assert (sugar["default"], sugar["low"], sugar["high"], sugar["drawn"]) == (0.5, 0.0, 1.0, False)
    assert (sugar["label"], sugar["help"]) == ({"en": "sugar", "zh": "糖"}, {"en": "How sweet.", "zh": "糖：多少"})
    assert by_name["eggs"]["when"] == {"kind": ["sponge"]}
    assert by_name["kind"]["choices"] == [
        {"value": "sponge", "en": "sponge", "zh": "sponge"}, {"value": "dry", "en": "bone dry", "zh": "很干"},
    ]  # fmt: skip
    assert by_name["layers"]["drawn"]
    assert by_name["layers"]["most"] == 3
    told = OFFER.to_json()
    assert told["presets"][0]["fails"]
    assert told["presets"][0]["why"] == {"en": "Too long.", "zh": "太久。"}


def test_settings_from_json_are_the_dataclass() -> None:
    given = {"sugar": 1, "layers": [2, 3], "marks": [[0.1, 0.2]], "words": ["hi"], "iced": True}
    assert OFFER.settings(given) == CakeAsked(1.0, layers=(2, 3), marks=((0.1, 0.2),), words=("hi",), iced=True)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sugar": 1.5}, "sugar=1.5; expected from 0 to 1"),
        ({"sugar": float("nan")}, "sugar=nan"),
        ({"sugar": "much"}, "sugar='much'; expected a number"),
        ({"eggs": 2.5}, "expected an integer"),
        ({"eggs": True}, "expected an integer"),
        ({"kind": "wet"}, "one of sponge, dry"),
        ({"layers": [1, 2, 3, 4]}, "layers of 4 entries; expected at most 3"),
        ({"layers": [1, 10]}, "layers=10"),
        ({"marks": [[0.1, 1.2]]}, "marks=1.2"),
        ({"words": ["hello"]}, "words with 5 letters; expected at most 4"),
        ({"salt": 1}, "unknown setting of CakeAsked 'salt'"),
        ([], "its fields by name"),
    ],
)
def test_what_is_out_of_range_is_refused(wrong: Any, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        OFFER.settings(wrong)
    assert said in str(refused.value)
