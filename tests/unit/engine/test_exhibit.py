"""An exhibit is data: it has a title, is what it was made of, and cannot be changed."""

import dataclasses

import pytest

from palestra.engine.exhibit import Exhibit
from palestra.pictures import gallery


def test_it_is_a_value_and_every_kind_that_is_drawn_is_one() -> None:
    assert Exhibit("a") == Exhibit("a") != Exhibit("b")
    with pytest.raises(dataclasses.FrozenInstanceError):
        Exhibit("a").title = "b"  # type: ignore[misc]
    assert gallery._DRAWN
    for kind in gallery._DRAWN:
        assert issubclass(kind, Exhibit)
        assert dataclasses.fields(kind)[0].name == "title"
