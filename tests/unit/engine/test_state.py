"""State is declared: what ``saves`` names is captured and put back in place, and what nothing names is found."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from palestra.engine.state import adopt, capture, declared, restore, scalars, undeclared


class Inner:
    saves = ("rows",)

    def __init__(self, seed: int) -> None:
        self.rows = np.random.default_rng(seed).normal(size=3)
        self.mended = 0

    def resumed(self) -> None:
        self.mended += 1


class Outer:
    saves: tuple[str, ...] = ("weights", "rng", "net", "parts", "count", "names")
    derives: tuple[str, ...] = ("scratch",)

    def __init__(self, seed: int) -> None:
        self.rng = torch.Generator().manual_seed(seed)
        self.weights = torch.rand(2, 3, generator=self.rng)
        self.net = nn.Linear(2, 1)
        self.parts = [Inner(seed), Inner(seed + 1)]
        self.count, self.names = seed, {"a": [seed]}
        self.scratch = torch.empty(4)


class Further(Outer):
    saves = ("bias", "count")

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.bias: Any = torch.full((1,), float(seed))


def test_a_class_adds_its_own_to_those_above_it() -> None:
    assert declared(Further(0)) == ("weights", "rng", "net", "parts", "count", "names", "bias")
    assert declared(Further(0), "derives") == ("scratch",)


def test_everything_comes_back_in_the_place_where_it_was() -> None:
    one, other = Further(1), Further(2)
    view, rows, net = other.weights[0], other.parts[0].rows, other.net
    assert restore(other, capture(one)) == []
    assert torch.equal(view, one.weights[0])  # written, not replaced: views of it stay views
    np.testing.assert_array_equal(rows, one.parts[0].rows)
    assert other.net is net
    assert torch.equal(net.weight, one.net.weight)
    assert (other.count, other.names, other.bias.tolist()) == (1, {"a": [1]}, [1.0])
    assert torch.equal(torch.rand(5, generator=other.rng), torch.rand(5, generator=one.rng))
    assert [part.mended for part in other.parts] == [1, 1]
    one.weights[0] = 7.0
    assert not torch.equal(other.weights, one.weights)


def test_a_tensor_of_another_shape_is_replaced_by_a_copy() -> None:
    one, other = Further(1), Further(2)
    one.bias = torch.arange(3.0)
    restore(other, capture(one))
    one.bias[0] = 9.0
    assert other.bias.tolist() == [0.0, 1.0, 2.0]


def test_the_state_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a state of \['count', 'names', .*; expected one of \['bias', "):
        restore(Further(0), capture(Outer(0)))


def test_what_nothing_declares_is_found_wherever_it_is() -> None:
    assert undeclared(Further(0)) == []
    outer = Further(0)
    outer.scratch2 = {"deep": [torch.zeros(1)]}  # type: ignore[attr-defined]
    outer.parts[1].rng = torch.Generator()  # type: ignore[attr-defined]
    outer.same = outer.weights  # type: ignore[attr-defined] - saved under another name
    assert undeclared(outer) == ["Further.scratch2['deep'][0]", "Further.parts[1].rng"]


def test_a_generator_of_another_device_begins_anew_and_that_is_said_once() -> None:
    one, other = Further(1), Further(2)
    state = capture(one)
    state["rng"] = torch.zeros(16, dtype=torch.uint8)  # as long as one of a CUDA device
    before = other.rng.get_state()
    assert restore(other, state) == ["not exact: what is random on another device cannot be restored and begins anew"]
    assert torch.equal(other.rng.get_state(), before)


def test_single_numbers_are_found_with_their_owners() -> None:
    outer = Further(3)
    found = scalars(outer)
    assert {path: value for path, (_, _, value) in found.items()} == {"Further.count": 3}
    owner, name, _ = found["Further.count"]
    assert (owner, name) == (outer, "count")


def test_what_was_learned_is_adopted_and_nothing_else() -> None:
    class Knowing(Further):
        learned = ("bias",)

    one, other = Knowing(1), Knowing(2)
    bias = other.bias
    assert adopt(other, capture(one)) == ["net", "bias"]
    assert torch.equal(other.net.weight, one.net.weight)
    assert other.bias is bias
    assert bias.tolist() == [1.0]
    assert (other.count, other.names) == (2, {"a": [2]})
    assert not torch.equal(other.weights, one.weights)
    state = capture(one)
    state["bias"] = torch.zeros(5)
    with pytest.raises(ValueError, match=r"\(5,\) numbers for \(1,\)"):
        adopt(other, state)


def test_modules_and_parts_in_lists_are_adopted_where_they_are() -> None:
    class Many:
        saves = ("nets", "named")

        def __init__(self, seed: int) -> None:
            self.nets, self.named = [Outer(seed)], {"a": nn.Linear(1, 1)}

    one, other = Many(1), Many(2)
    assert adopt(other, capture(one)) == ["nets", "named"]
    assert torch.equal(other.nets[0].net.weight, one.nets[0].net.weight)
    assert torch.equal(other.named["a"].weight, one.named["a"].weight)
