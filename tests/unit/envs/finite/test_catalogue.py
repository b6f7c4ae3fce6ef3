"""From ids to finite processes: Gymnasium's tables, our own, and what has none."""

from typing import Any

import pytest

from palestra.envs.finite.catalogue import FINITE, finite_mdp, is_whole
from palestra.errors import UsageError


def test_what_has_no_table_is_told() -> None:
    with pytest.raises(UsageError, match="no table P of its transitions"):
        finite_mdp("CartPole-v1")
    with pytest.raises(UsageError, match="chances that its P does not tell"):
        finite_mdp("Taxi-v4", {"fickle_passenger": True})
    with pytest.raises(UsageError, match="chances that its P does not tell"):
        finite_mdp("FrozenLake-v1", {"map_name": None})
    with pytest.raises(UsageError, match="unexpected keyword argument 'widht'"):
        finite_mdp("palestra/GridWorld-v0", {"widht": 3})


@pytest.mark.parametrize(
    ("env_id", "settings", "whole"),
    [
        ("Taxi-v4", {}, True),
        ("Taxi-v4", {"fickle_passenger": True}, False),
        ("FrozenLake-v1", {"map_name": None}, False),
        ("FrozenLake-v1", {"map_name": None, "desc": ["SG"]}, True),
    ],
)
def test_what_its_table_does_not_tell_makes_it_less_than_whole(
    env_id: str, settings: dict[str, Any], whole: bool
) -> None:
    assert is_whole(env_id, settings) == whole
    if not whole:
        with pytest.raises(UsageError, match="has chances that its P does not tell"):
            finite_mdp(env_id, settings)


@pytest.mark.parametrize("env_id", FINITE)
def test_every_id_has_a_process_and_the_step_limit_is_no_part_of_it(env_id: str) -> None:
    one, other = finite_mdp(env_id), finite_mdp(env_id, {"max_episode_steps": 3})
    assert one.num_states == other.num_states > 1
    assert float(one.start.sum()) == pytest.approx(1.0)
    assert (one.grid is not None) == ("Garnet" not in env_id and "Taxi" not in env_id)
