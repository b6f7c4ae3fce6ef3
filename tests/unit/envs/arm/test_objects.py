"""The sets of objects, and what is no set."""

import pytest

from palestra.envs.arm.objects import object_set
from palestra.errors import UsageError


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ("tran", "unknown object set .* 'tran'; nearest: train"),
        ("nowhere.urdf", "objects='nowhere.urdf'; expected a URDF file that exists"),
    ],
)
def test_wrong_objects(objects: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        object_set(objects)


def test_the_held_out_objects_are_not_trained_on() -> None:
    assert (len(object_set("train")), len(object_set("held-out"))) == (900, 100)
    assert not set(object_set("train")) & set(object_set("held-out"))
