"""PETS: it acts at random, fits, and then acts by plans in what it has learned, which pay."""

from dataclasses import replace

import pytest
import torch
from planners import LINE

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.models.pets import PETS, PETSConfig

SMALL = PETSConfig(
    members=2, hidden_sizes=(16,), learning_starts=200, train_frequency=100, num_epochs=30, batch_size=32, horizon=8,
    samples=24, elites=4, deviation=0.15, hold=2, learning_rate=3e-3,
)  # fmt: skip


QUICK = replace(SMALL, num_epochs=3, horizon=3, samples=6, elites=2)


def agent(config: PETSConfig) -> PETS:
    return PETS(World(LINE, 2), config)


def test_what_it_has_learned_is_worth_planning_in() -> None:
    """The mass on a line, where pushes by chance cost 1,107 an episode."""
    learner = agent(SMALL)
    untrained = learner.evaluate(episodes=20, seed=1).score
    learner.learn(300)
    assert learner.evaluate(episodes=20, seed=1).score > -150 > -1_107 > untrained


def test_it_remembers_all_that_it_saw_and_foretells_what_is_new_by_what_was_fitted_before() -> None:
    learner = agent(QUICK)
    first = learner.step()
    assert (learner.clock, len(learner.inputs_NF)) == (200, 200)
    second = learner.step()
    assert (learner.clock, len(learner.inputs_NF)) == (300, 300)
    assert second["train/foretold_error"] < first["train/foretold_error"]


def test_what_it_is_asked_meanwhile_changes_none_of_its_own_plans() -> None:
    asked, left = agent(QUICK), agent(QUICK)
    for learner in (asked, left):
        learner.step()
        learner.step()
    asked.act(torch.zeros(5, 2))
    assert asked.step() == left.step()


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(UsageError, match="num_epochs=0; expected at least 1"):
        PETSConfig(num_epochs=0)
    with pytest.raises(UsageError, match="learning_starts=0; expected at least 1"):
        PETSConfig(learning_starts=0)
