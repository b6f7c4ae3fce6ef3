"""A sign seen at the start is remembered to the junction; without a memory half of the turns are all that is to be had.

The ceiling is in closed form: ``tests/unit/envs/hidden/test_t_maze.py``.
"""

from typing import Any, get_args

import pytest
import torch
from matrix import slow_but

from palestra.envs.hidden.t_maze import T_MAZE, WITHOUT_MEMORY
from palestra.envs.world import World
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from palestra.nets.sequence.recurrent import Cell, Memory

WORLD = World(T_MAZE, 32, kwargs={"length": 4})
SETTINGS: dict[str, Any] = {
    "num_steps": 16, "minibatch_size": 128, "num_epochs": 4, "learning_rate": 5e-3, "entropy_coef": 0.01,
    "hidden_sizes": (), "gamma": 0.95, "normalize_obs": False, "normalize_reward": False,
}  # fmt: skip
STEPS = 20_480
LUCK = 0.1
"""Four standard errors of the mean of 400 turns at random."""


def turns(agent: Any) -> float:
    score = float(agent.learn(STEPS).evaluate(episodes=400).score)
    agent.close()
    return score


def recurrent(cell: Any) -> RecurrentPPO:
    return RecurrentPPO(WORLD, RecurrentPPOConfig(cell=cell, memory_size=16, **SETTINGS), seed=0)


@pytest.mark.parametrize("cell", slow_but(["gru"], get_args(Cell)))
def test_who_remembers_turns_right(cell: Any) -> None:
    assert turns(recurrent(cell)) >= 0.95


def test_with_its_memory_switched_off_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    step, let_out = Memory.step, Memory.let_out
    monkeypatch.setattr(Memory, "step", lambda self, x, state: step(self, x, torch.zeros_like(state)))
    monkeypatch.setattr(
        Memory, "let_out",
        lambda self, x, state, begins: let_out(self, x, torch.zeros_like(state), torch.ones_like(begins)),
    )  # fmt: skip
    assert turns(recurrent("gru")) <= WITHOUT_MEMORY + LUCK


def test_who_acts_by_what_is_seen_now_does_not() -> None:
    assert turns(PPO(WORLD, PPOConfig(**SETTINGS | {"hidden_sizes": (16,)}), seed=0)) <= WITHOUT_MEMORY + LUCK
