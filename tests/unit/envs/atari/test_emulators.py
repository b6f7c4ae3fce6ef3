"""Emulators are lent: one that nobody has any more serves the next, which cannot tell it from a new one."""

import gc

import pytest

ale_py = pytest.importorskip("ale_py", reason="the [atari] extra is not installed")

from palestra.envs.atari.emulators import borrowed  # noqa: E402 - needs ale-py
from palestra.envs.atari.game import Game  # noqa: E402
from palestra.envs.atari.settings import AtariSettings  # noqa: E402


class Owner:
    """Somebody who borrows."""


def test_what_its_owner_has_left_is_lent_again_and_two_owners_never_share() -> None:
    one, other = Owner(), Owner()
    first, second = borrowed(one, "freeway").emulator, borrowed(other, "freeway").emulator
    assert first is not second
    del one
    gc.collect()
    third = Owner()
    assert borrowed(third, "freeway").emulator is first
    assert borrowed(Owner(), "freeway").emulator not in (first, second)


def test_a_game_in_a_used_emulator_is_the_one_in_a_new_one() -> None:
    settings = AtariSettings()
    used = Game("freeway", settings)
    used.begin(1)
    for _ in range(30):
        used.step(1)
    emulator = used._emulator
    del used
    gc.collect()
    again, new = Game("freeway", settings), Game("freeway", settings)
    assert emulator in (again._emulator, new._emulator)
    again.begin(4)
    new.begin(4)
    for action in (1, 1, 2, 0) * 5:
        assert again.step(action) == new.step(action)
    assert again.state_dict()["emulator"].tobytes() == new.state_dict()["emulator"].tobytes()
