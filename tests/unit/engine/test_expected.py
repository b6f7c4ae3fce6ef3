"""A saved state is checked whole before any of it is used: names, types, shapes and finiteness."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from palestra.engine.expected import check_state, is_finite
from palestra.engine.state import capture


class Inner:
    saves = ("rows", "mark")

    def __init__(self) -> None:
        self.rows = np.zeros(3)
        self.mark = torch.tensor([0.0, float("-inf")])
        """What a method has not tried yet, say."""


class Memory:
    """Stores itself: as many rows as there are."""

    def __init__(self, rows: int) -> None:
        self.rows = torch.zeros(rows, 2)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows, "size": len(self.rows)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        raise AssertionError("nothing is used before all is checked")


class Outer:
    saves = ("rng", "net", "parts", "by_name", "memory", "held", "count", "rate", "name", "flag", "maybe", "pair")

    def __init__(self, rows: int = 0) -> None:
        self.rng, self.net = torch.Generator(), nn.Linear(2, 1)
        self.parts, self.by_name = [Inner(), Inner()], {"a": Inner()}
        self.memory, self.held = Memory(rows), torch.empty(0)
        self.count, self.rate, self.name, self.flag = 1, 0.5, "x", True
        self.maybe, self.pair = None, (1, 2)


def state(**fields: Any) -> dict[str, Any]:
    return {**capture(Outer(rows=5)), **fields}


def test_a_state_of_the_same_kind_passes() -> None:
    check_state(Outer(), state())
    check_state(Outer(), state(held=torch.zeros(2, 3, dtype=torch.int64), maybe={"any": "thing"}, rate=1, pair=[3, 4]))
    check_state(Outer(rows=7), state())


INNER = {"rows": np.zeros(3), "mark": torch.zeros(2)}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a name too many": ({"more": 1}, "a state of .*'more'.*; expected one of"),
    "a generator's dtype": ({"rng": torch.zeros(5056)}, "rng is of torch.float32; expected torch.uint8"),
    "a generator's size": ({"rng": torch.zeros(3, dtype=torch.uint8)}, r"rng is of shape \(3,\); expected"),
    "a module's names": ({"net": {"weight": torch.zeros(1, 2)}}, r"net has the parameters \['weight'\]; expected"),
    "no module": ({"net": 5}, "net is 5; expected parameters"),
    "a parameter's dtype": (
        {"net": {"weight": torch.zeros(1, 2).double(), "bias": torch.zeros(1)}},
        "net.weight is of torch.float64; expected torch.float32",
    ),
    "a parameter's shape": (
        {"net": {"weight": torch.zeros(1, 3), "bias": torch.zeros(1)}},
        r"net.weight is of shape \(1, 3\); expected \(1, 2\)",
    ),
    "a parameter that is NaN": (
        {"net": {"weight": torch.tensor([[0.0, float("nan")]]), "bias": torch.zeros(1)}},
        "net.weight holds NaN or infinity; expected finite numbers",
    ),
    "a part too few": ({"parts": [INNER]}, "parts is .*; expected a list of 2"),
    "a part's array": ({"parts": [INNER, {**INNER, "rows": torch.zeros(3)}]}, r"parts\[1\].rows is .*; expected a nd"),
    "a part's dimensions": ({"by_name": {"a": {**INNER, "rows": np.zeros((3, 1))}}}, "by_name.a.rows is of shape"),
    "another key": ({"by_name": {"b": INNER}}, "by_name is .*; expected"),
    "a memory's dtype": ({"memory": {"rows": torch.zeros(5, 2).long(), "size": 5}}, "memory.rows is of torch.int64"),
    "a memory's NaN": ({"memory": {"rows": torch.full((5, 2), float("nan")), "size": 5}}, "memory.rows holds NaN"),
    "a memory's size": ({"memory": {"rows": torch.zeros(5, 2), "size": "5"}}, "memory.size is '5'; expected an int"),
    "no integer": ({"count": 1.5}, "count is 1.5; expected an integer"),
    "a flag for an integer": ({"count": True}, "count is True; expected an integer"),
    "no flag": ({"flag": 1}, "flag is 1; expected true or false"),
    "no number": ({"rate": "x"}, "rate is 'x'; expected a finite number"),
    "a rate that is NaN": ({"rate": float("nan")}, "rate is nan; expected a finite number"),
    "no text": ({"name": 3}, "name is 3; expected text"),
    "no list": ({"pair": 3}, "pair is 3; expected a list"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_none_is_named(name: str) -> None:
    fields, said = WRONG[name]
    with pytest.raises(ValueError, match=said):
        check_state(Outer(), state(**fields))


def test_no_state_at_all() -> None:
    with pytest.raises(ValueError, match="expected a state of Outer"):
        check_state(Outer(), [])


def test_an_infinity_that_a_method_begins_with_is_its_own_affair() -> None:
    check_state(Inner(), {"rows": np.zeros(3), "mark": torch.tensor([float("inf"), float("nan")])})


def test_finite() -> None:
    assert is_finite(torch.tensor([1, 2]))
    assert is_finite(np.array([True]))
    assert is_finite(torch.zeros(2).to(torch.float8_e5m2))
    assert not is_finite(torch.tensor([float("inf")]).to(torch.float8_e5m2))
    assert not is_finite(torch.tensor([complex(0, float("nan"))]))
    assert not is_finite(np.array([np.inf]))
