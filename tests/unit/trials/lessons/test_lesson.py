"""Every lesson that is listed can be taken, has a table that fits its head, and is the same for the same seed."""

import importlib
from typing import Any

import pytest
from matrix import slow_but

from palestra.errors import UsageError
from palestra.trials.lessons.lesson import LESSONS, take

SHORTER: dict[str, dict[str, Any]] = {
    "optimizers": {"NET_STEPS": 40},
    "normalisation": {"EPOCHS": 2, "SEEDS": 1},
    "transfer": {"SOURCE_STEPS": 5, "STEPS": 5, "COUNTS": (1, 3)},
    "augmentation": {"STEPS": 5},
}
"""Constants of those that train networks for seconds: shorter, they are taken in every run of the tests."""
AT_LENGTH = [pytest.param(name, {}, marks=pytest.mark.slow) for name in SHORTER]


def shorten(changed: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for constant, value in changed.items():
        monkeypatch.setattr(importlib.import_module(LESSONS[name][0]), constant, value)


@pytest.mark.parametrize(("name", "changed"), [*((name, SHORTER.get(name, {})) for name in LESSONS), *AT_LENGTH])
def test_a_lesson_has_a_table_and_a_picture(
    name: str, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(changed, name, monkeypatch)
    done = take(name, seed=1)
    assert done.rows
    assert {len(row) for row in done.rows} == {len(done.columns)}
    assert done.picture.panels
    assert done.picture.said == done.said


@pytest.mark.parametrize("name", slow_but(["optimizers", "transfer"], LESSONS))
def test_its_seed_decides_its_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(SHORTER.get(name, {}), name, monkeypatch)
    assert take(name, seed=1).rows == take(name, seed=1).rows


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown lesson 'optimisers'; nearest: optimizers"):
        take("optimisers")
    with pytest.raises(UsageError, match="seed=-1; expected 0 or more"):
        take("activations", -1)
