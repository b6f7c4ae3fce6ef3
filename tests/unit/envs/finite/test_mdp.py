"""Finite processes: what they refuse, what is terminal, random ones, and Gymnasium's own tables entry by entry."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from palestra.envs.finite.catalogue import TOY_TEXT, finite_mdp
from palestra.envs.finite.mdp import FiniteMDP, from_arrays, from_table, garnet
from palestra.errors import UsageError

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((env_id, {}) for env_id in TOY_TEXT),
    ("FrozenLake-v1", {"is_slippery": False, "map_name": "8x8"}),
    ("FrozenLake-v1", {"desc": ["SFG", "FHF"], "success_rate": 0.8, "reward_schedule": (2, -1, -0.1)}),
    ("Taxi-v4", {"is_rainy": True}),
]


@pytest.mark.parametrize(("env_id", "settings"), VARIANTS)
def test_gymnasiums_table_entry_by_entry(env_id: str, settings: dict[str, Any]) -> None:
    inner: Any = gym.make(env_id, **settings).unwrapped
    mdp = finite_mdp(env_id, {**settings, "max_episode_steps": 7})
    columns = (mdp.probability, mdp.next_state, mdp.reward, mdp.terminated)
    outcomes = list(zip(*(column.tolist() for column in columns), strict=True))
    assert (mdp.num_states, mdp.num_actions) == (inner.observation_space.n, inner.action_space.n)
    for state, actions in inner.P.items():
        for action, listed in actions.items():
            pair = state * mdp.num_actions + action
            assert outcomes[mdp.offset[pair] : mdp.offset[pair + 1]] == [(p, s, r, bool(t)) for p, s, r, t in listed]
    np.testing.assert_array_equal(mdp.start, inner.initial_state_distrib)


@pytest.mark.parametrize(
    ("env_id", "terminal"),
    [
        ("CliffWalking-v1", [47]),  # though its table has moves out of the goal
        ("FrozenLake-v1", [5, 7, 11, 12, 15]),
        ("Taxi-v4", [0, 85, 410, 475]),  # delivered to each place: as states they could be left again
        ("palestra/Garnet-v0", []),
    ],
)
def test_terminal_states(env_id: str, terminal: list[int]) -> None:
    assert finite_mdp(env_id).terminal.nonzero().flatten().tolist() == terminal


def test_a_state_that_is_also_passed_through_is_not_terminal() -> None:
    ends_or_goes_on = [(0.5, 1, 0.0, True), (0.5, 1, 0.0, False)]
    mdp = from_table({0: {0: ends_or_goes_on}, 1: {0: [(1.0, 0, 1.0, False)]}}, start=[1.0, 0.0])
    assert mdp.terminal.tolist() == [False, False]
    only_ends = [(1.0, 1, 0.0, True)]
    mdp = from_table({0: {0: only_ends}, 1: {0: [(1.0, 0, 1.0, False)]}}, start=[1.0, 0.0])
    assert mdp.terminal.tolist() == [False, True]
    mdp = from_table({0: {0: only_ends}, 1: {0: [(1.0, 0, 1.0, False)]}}, start=[0.5, 0.5])
    assert mdp.terminal.tolist() == [False, False]  # an episode can begin there


def test_random_processes() -> None:
    mdp = garnet(200, 3, 7, seed=1)
    probability, following = mdp.probability.view(-1, 7), mdp.next_state.view(-1, 7)
    assert (probability > 0).all()
    torch.testing.assert_close(probability.sum(1), torch.ones(600, dtype=torch.float64))
    assert all(len(set(row)) == 7 for row in following.tolist())
    counts = torch.bincount(following.flatten(), minlength=200)  # 4,200 draws over 200 states: 21 each, sd 4.5
    assert 5 <= int(counts.min()) < int(counts.max()) <= 45
    again, other = garnet(200, 3, 7, seed=1), garnet(200, 3, 7, seed=2)
    assert torch.equal(mdp.next_state, again.next_state)
    assert torch.equal(mdp.reward, again.reward)
    assert not torch.equal(mdp.next_state, other.next_state)
    everywhere = garnet(5, 1, 5).next_state.view(5, 5).sort(1).values
    assert torch.equal(everywhere, torch.arange(5).expand(5, 5))


def ring(**changes: Any) -> FiniteMDP:
    parts = {
        "num_states": 2, "num_actions": 1, "offset": torch.tensor([0, 1, 3]),
        "probability": torch.tensor([1.0, 0.5, 0.5], dtype=torch.float64), "next_state": torch.tensor([1, 0, 1]),
        "reward": torch.zeros(3, dtype=torch.float64), "terminated": torch.zeros(3, dtype=torch.bool),
        "start": torch.tensor([1.0, 0.0], dtype=torch.float64),
    }  # fmt: skip
    return FiniteMDP(**{**parts, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"probability": torch.tensor([1.0, 0.5, 0.4])}, "0.1 off 1 in sum"),
        ({"probability": torch.tensor([1.0, 1.5, -0.5])}, "probability -0.5"),
        ({"next_state": torch.tensor([1, 0, 2])}, "next states 0 to 2; expected 0 to 1"),
        ({"offset": torch.tensor([0, 0, 3])}, "without outcomes"),
        ({"offset": torch.tensor([0, 3])}, "2 offsets; expected 3"),
        ({"reward": torch.tensor([0.0, float("nan"), 0.0])}, "not finite"),
        ({"reward": torch.zeros(2)}, "expected 3 each"),
        ({"start": torch.tensor([0.5, 0.4])}, "sum to 0.9"),
        ({"num_states": 0}, "0 states"),
    ],
)
def test_what_is_no_process_is_refused(changes: dict[str, Any], message: str) -> None:
    ring()
    with pytest.raises(UsageError, match=message):
        ring(**changes)


def test_what_describes_no_process_is_told() -> None:
    with pytest.raises(UsageError, match="lacks one of actions 0 to 0"):
        from_table({0: {0: [(1.0, 0, 0.0, False)]}, 1: {1: [(1.0, 0, 0.0, False)]}})
    with pytest.raises(UsageError, match=r"shape \(2, 3\)"):
        from_arrays(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(UsageError, match=r"rewards of shape \(3,\)"):
        from_arrays(np.ones((1, 1, 1)), np.ones(3))
    with pytest.raises(UsageError, match="branching=6"):
        garnet(5, 2, 6)
