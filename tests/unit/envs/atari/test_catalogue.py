"""Ids of games: which there are, what is said of others and where ale-py is missing, and how a game is measured."""

import sys

import pytest

from palestra.envs.atari.catalogue import atari_spec, is_atari, measured_kwargs, rom_of
from palestra.envs.registry import make_vec
from palestra.envs.world import World
from palestra.errors import UsageError


def test_an_id_is_a_games_by_its_beginning() -> None:
    assert is_atari("ALE/Pong-v5")
    assert not is_atari("Pong-v5")


def test_without_ale_py_the_install_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ale_py", None)
    for make in (lambda: make_vec("ALE/Pong-v5", 2), lambda: make_vec("ALE/Pong-v5", 2, backend="sync")):
        with pytest.raises(UsageError, match=r"environment 'ALE/Pong-v5' needs .* pip install .*\[atari\]'"):
            make()


def test_names_are_gymnasiums() -> None:
    gym = pytest.importorskip("gymnasium")
    pytest.importorskip("ale_py", reason="the [atari] extra is not installed")
    assert rom_of("ALE/SpaceInvaders-v5") == "space_invaders"
    theirs = {spec.id: spec.kwargs["game"] for spec in gym.registry.values() if is_atari(spec.id)}
    assert len(theirs) > 100
    assert {env_id: rom_of(env_id) for env_id in theirs} == theirs
    with pytest.raises(UsageError, match="unknown environment 'ALE/Pogn-v5'; nearest: ALE/Pong-v5"):
        rom_of("ALE/Pogn-v5")
    assert atari_spec("ALE/Pong-v5").kwargs == {"game": "pong"}


def test_a_game_is_measured_whole_and_as_it_counts_itself() -> None:
    assert measured_kwargs("CartPole-v1", {"lives": 9}) == {"lives": 9}
    given = {"size": 42, "lives": "terminal", "clip_reward": True}
    assert measured_kwargs("ALE/Pong-v5", given) == {"size": 42, "lives": "restart", "clip_reward": False}
    assert measured_kwargs("ALE/Pong-v5", {"lives": "ignore"}) == {"lives": "ignore", "clip_reward": False}
    world = World("ALE/Pong-v5", kwargs={"size": 42}, reference_kwargs={"sticky": 0.25})
    assert world.reference_settings == {"size": 42, "lives": "restart", "clip_reward": False, "sticky": 0.25}
    assert (world.is_shaped, World("CartPole-v1").is_shaped) == (True, False)
