"""Forwards and backwards: back at a step is exactly where it was, however many states are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from palestra.engine.seeding import generator
from palestra.playgrounds.offer import Asked, Text
from palestra.playgrounds.playground import Playground
from palestra.playgrounds.timeline import Timeline, copied, size


@dataclass(frozen=True)
class WalkAsked(Asked):
    """Nothing to set."""


class Walk(Playground[WalkAsked]):
    """A walk at chance that remembers its way, and ends after 40 steps."""

    saves = ("place", "way", "luck", "parts")

    def __init__(self) -> None:
        super().__init__(WalkAsked())
        self.place = torch.zeros(2)
        self.way = torch.zeros(0, 2)
        self.luck = generator(0, "walk")
        self.parts: dict[str, Any] = {"count": 0}
        self.taken = 0

    @property
    def finished(self) -> bool:
        return self.parts["count"] == 40

    def step(self) -> None:
        self.taken += 1
        self.place += torch.randn(2, generator=self.luck)
        self.way = torch.cat((self.way, self.place[None]))
        self.parts = {"count": self.parts["count"] + 1}

    def edit(self, edit: Mapping[str, Any]) -> None:
        self.place = torch.tensor(edit["place"])

    def frame(self) -> dict[str, Any]:
        return {}

    def see(self) -> Text:
        return Text("", "")


@pytest.mark.parametrize("most_states", [256, 5, 2])
def test_back_is_exactly_where_it_was(most_states: int) -> None:
    walk = Walk()
    timeline = Timeline(walk, most_states)
    places = [walk.place.clone()]
    for _ in range(30):
        timeline.forward(1)
        places.append(walk.place.clone())
        assert len(timeline.kept) <= most_states
    for target in (29, 17, 16, 3, 0):
        assert timeline.back(timeline.position - target) >= 1
        assert timeline.position == target == walk.parts["count"] == len(walk.way)
        assert torch.equal(walk.place, places[target])
    timeline.forward(30)
    assert torch.equal(walk.place, places[30])
    assert torch.equal(walk.way, torch.stack(places[1:]))


def test_it_ends_with_the_playground_and_goes_back_no_further_than_the_beginning() -> None:
    walk = Walk()
    timeline = Timeline(walk)
    assert timeline.forward(100) == 40
    assert timeline.forward(1) == 0
    assert timeline.back(1000) == 40
    assert timeline.back(1) == 0
    assert timeline.position == 0


def test_few_kept_states_are_walked_between_and_no_more() -> None:
    walk = Walk()
    timeline = Timeline(walk, 4)
    timeline.forward(30)
    assert timeline.stride == 8
    walk.taken = 0
    timeline.back(7)  # to 23, from 16
    assert walk.taken == 7


def test_an_edit_begins_anew() -> None:
    walk = Walk()
    timeline = Timeline(walk)
    timeline.forward(7)
    walk.edit({"place": [5.0, 5.0]})
    timeline.begin()
    timeline.forward(3)
    timeline.back(100)
    assert walk.place.tolist() == [5.0, 5.0]
    assert walk.parts["count"] == 7


def test_a_copy_shares_no_memory_and_its_size_is_known() -> None:
    with torch.inference_mode():
        inner = torch.ones(3)
    state = {"a": [inner, {"b": torch.zeros(2, dtype=torch.float64)}], "c": 1}
    taken = copied(state)
    inner_copy = taken["a"][0]
    assert not inner_copy.is_inference()
    inner_copy += 1
    assert inner.tolist() == [1.0, 1.0, 1.0]
    assert size(state) == 12 + 16 + 8
