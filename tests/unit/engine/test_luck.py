"""A policy samples while it is measured, and goes on as if it had not."""

import numpy as np
import pytest
import torch

from palestra.engine.luck import Sampling, generators, lent
from palestra.engine.policy import Policy
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.measure import Measure

NAMES = ("ppo", "dqn", "q-learning", "sac", "discrete-sac")


class Dice(Policy):
    saves = ("generator", "parts")

    def __init__(self, parts: tuple = ()) -> None:
        self.generator, self.parts = torch.Generator(), 3

    def act(self, seen: torch.Tensor, *, deterministic: bool = True) -> torch.Tensor:
        return seen * 0 if deterministic else torch.rand(len(seen), generator=self.generator)


def test_it_samples_by_the_luck_of_whoever_resets_it_and_gives_the_generators_back() -> None:
    dice = Dice()
    before = dice.generator.get_state()
    with lent(dice) as sampling:
        assert isinstance(sampling, Sampling)
        rolls = []
        for seed in (1, 1, 2):
            sampling.reset(4, seed=seed)
            rolls.append(sampling.act(torch.ones(4)).tolist())
    assert rolls[0] == rolls[1] != rolls[2]
    assert torch.equal(dice.generator.get_state(), before)
    assert dice.act(torch.ones(2)).tolist() == [0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_stochastic_evaluation_leaves_a_learner_as_it_was(name: str) -> None:
    env_id = {"q-learning": "FrozenLake-v1", "sac": "Pendulum-v1"}.get(name, "CartPole-v1")
    agent = learner_type(name)(World(env_id, 2))
    states = [generator.get_state() for generator in generators(agent.policy)]
    assert states
    one, again = (agent.evaluate(episodes=3, seed=1, deterministic=False).samples for _ in range(2))
    assert torch.equal(one, again)
    for generator, state in zip(generators(agent.policy), states, strict=True):
        assert torch.equal(generator.get_state(), state)


def test_a_measure_elsewhere_is_of_the_same_spaces() -> None:
    agent = learner_type("ppo")(World("CartPole-v1", 2))
    there = agent.measured_so(Measure(2), env=World("CartPole-v1", kwargs={"sutton_barto_reward": True}))
    assert there.score == pytest.approx(-1.0)
    for other in ("Acrobot-v1", "Pendulum-v1", "MountainCar-v0"):
        with pytest.raises(UsageError, match=f"world '{other}', which observes .*; expected one as it was trained in"):
            agent.evaluate(episodes=1, env=other)
    assert np.isfinite(agent.evaluate(episodes=2, env="CartPole-v1").score)
