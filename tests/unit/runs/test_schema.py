"""Shapes: what is of one passes, and whatever is not is named with its place."""

from typing import Any

import pytest

from palestra.runs import schema
from palestra.runs.schema import CONFIG_SHAPE, MANIFEST_SHAPE, Shape, check

MANIFEST = {
    "format": 1, "task": "a", "method": "b", "seed": 0, "status": "finished", "created": "2026-01-01", "steps": 5,
    "seconds": 1.5, "headline": {"name": "x", "value": float("nan")}, "exact": True,
    "resumes": [{"step": 3, "notes": ["two\nlines"]}], "claim": None, "later": {"any": ["thing"]},
    "data": {"files": {"a": {"sha256": "00", "source": "a shop"}, "b": {"sha256": "01"}}, "licence": "free"},
}  # fmt: skip
CONFIG = {
    "learner": {"name": "ppo", "settings": {"gamma": 0.9}}, "world": {"id": "X", "num_envs": 2}, "recipe": "a/b",
    "training": {"seed": 1, "device": "cpu", "budget": 5}, "claim": {"metric": "m", "threshold": 1},
}  # fmt: skip


def test_what_a_training_writes_passes() -> None:
    check(MANIFEST, MANIFEST_SHAPE)
    check(CONFIG, CONFIG_SHAPE)
    check({}, CONFIG_SHAPE)


@pytest.mark.parametrize("field", [name for name in MANIFEST if name not in ("claim", "later", "data")])
def test_a_manifest_without_a_field_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} is missing$"):
        check({name: value for name, value in MANIFEST.items() if name != field}, MANIFEST_SHAPE)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("status", 5, "status is 5; expected one of running, interrupted, finished"),
        ("status", [], r"status is \[\]; expected one of"),
        ("status", "[/]", "expected one of"),
        ("steps", "x", "steps is 'x'; expected an integer, 0 or more"),
        ("steps", True, "steps is True; expected an integer"),
        ("steps", -1, "expected an integer, 0 or more"),
        ("steps", 10**30, "expected an integer, 0 or more"),
        ("data", {"files": {"a": {"source": "a shop"}}}, r"data\.files\.a\.sha256 is missing"),
        ("data", {"stand_in": "yes"}, r"data\.stand_in is 'yes'"),
        ("seconds", None, "seconds is None; expected a finite number"),
        ("seconds", float("inf"), "expected a finite number"),
        ("seconds", 10**400, "expected a finite number"),
        ("created", 5, "created is 5; expected text"),
        ("task", "\x1b[2J", "expected text"),
        ("task", "\ud800", "expected text"),
        ("headline", {"name": "x", "value": "high"}, "headline.value is 'high'; expected a number"),
        ("headline", {"name": "x"}, "headline.value is missing"),
        ("resumes", None, "resumes is None; expected a list"),
        ("resumes", [{"step": 3, "notes": [5]}], r"resumes\[0\].notes\[0\] is 5; expected text"),
        ("claim", 3, "claim is 3; expected an object"),
        ("claim", {"metric": "m", "count": 1, "value": None}, "claim.value is None; expected a number"),
        ("format", 2, "format is 2; expected one of 1"),
        ("exact", 1, "exact is 1; expected true or false"),
    ],
)
def test_a_field_of_another_type_is_named(field: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check({**MANIFEST, field: value}, MANIFEST_SHAPE)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("learner", 5, "learner is 5; expected an object"),
        ("learner", {"name": "ppo", "settings": []}, r"learner.settings is \[\]; expected an object"),
        ("world", {"id": None}, "world.id is None; expected text"),
        ("training", {"seed": 0, "budget": "9"}, "training.budget is '9'; expected an integer"),
        ("training", {"seed": 0, "budget": float("inf")}, "training.budget is inf; expected an integer"),
        ("claim", {"metric": "m", "threshold": "x"}, "claim.threshold is 'x'; expected a number"),
        ("world", {"id": "X", "\n": 1}, r"world: a key is '\\n'; expected text"),
    ],
)
def test_a_configuration_of_another_form_is_named(place: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check({**CONFIG, place: value}, CONFIG_SHAPE)


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        (schema.integer, [0, -5], [0.5, 2**63, True]),
        (schema.number, [0, 0.5, float("nan"), float("inf")], ["1", True, 2**64]),
        (schema.lines, ["a\nb\tc"], ["\x1b", 5]),
        (schema.flag, [True], [1, None]),
        (schema.anything, [None, [], 5], []),
    ],
)
def test_single_shapes(shape: Shape, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        shape(value, "x")
    for value in bad:
        with pytest.raises(ValueError, match=r"^x is "):
            shape(value, "x")
