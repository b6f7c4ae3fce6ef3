"""Masks are obeyed by every learner that reads them, which the world itself checks, and are worth what is claimed."""

from functools import partial
from typing import Any

import pytest
from gymnasium.vector import SyncVectorEnv
from locks import Locks
from matrix import slow_but

from palestra.learners.off_policy.discrete_sac import DiscreteSAC, DiscreteSACConfig
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.learners.on_policy.a2c import A2C
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO
from palestra.learners.on_policy.trpo import TRPO
from palestra.learners.on_policy.vpg import VPG
from palestra.learners.registry import learner_type

KEYS = 1_024
"""Of the claim: four of them turn."""
STEPS = 2_048
RULES = (
    "sarsa", "expected-sarsa", "q-learning", "double-q-learning", "n-step-sarsa", "tree-backup", "sarsa-lambda",
    "monte-carlo", "dyna-q", "prioritised-sweeping",
)  # fmt: skip


def opened(agent: Any, steps: int) -> float:
    """Locks that are opened after so many steps, of 4; a choice that is not allowed raises."""
    score = float(agent.learn(steps).evaluate(episodes=10).score)
    agent.close()
    return score


def ppo(how: str) -> PPO:
    return PPO(partial(Locks, how, keys=KEYS), PPOConfig(learning_rate=1e-3), seed=0)


@pytest.mark.parametrize("how", ["dict", "info"])
def test_masked_ppo_opens_all_locks(how: str) -> None:
    assert opened(ppo(how), STEPS) == 4.0


@pytest.mark.parametrize("times", slow_but([1], [1, 10]))
def test_without_the_mask_it_does_not_in_as_many_steps_or_ten_times_as_many(times: int) -> None:
    assert opened(ppo("none"), times * STEPS) < 4.0


@pytest.mark.parametrize("learner", slow_but([A2C, RecurrentPPO], [A2C, VPG, TRPO, RecurrentPPO]))
def test_other_policy_gradients_obey(learner: Any) -> None:
    assert opened(learner(Locks, seed=0), 4_096) >= 1.0


def test_normalised_observations_keep_their_mask() -> None:
    assert opened(PPO(Locks, PPOConfig(normalize_obs=True, learning_rate=1e-3), seed=0), 4_096) >= 3.0


@pytest.mark.parametrize(
    "settings",
    [
        {},
        pytest.param({"double": False}, marks=pytest.mark.slow),
        pytest.param({"distributional": "c51", "value_range": (0.0, 4.0)}, marks=pytest.mark.slow),
        # A gradient step for each step: with fewer, whether it learned in time was luck.
        pytest.param(
            {
                "noisy": True, "dueling": "mean", "prioritised": True, "n_step": 3, "train_frequency": 1,
                "learning_rate": 1e-3,
            },
            marks=pytest.mark.slow,
        ),
    ],
    ids=["double", "plain", "c51", "noisy"],
)  # fmt: skip
def test_dqn_obeys(settings: dict[str, Any]) -> None:
    config = DQNConfig(learning_starts=500, exploration_fraction=0.5, **settings)
    assert opened(DQN(SyncVectorEnv([Locks]), config, seed=0), 4_000) >= 3.0


@pytest.mark.parametrize("how", slow_but(["dict"], ["dict", "info"]))
def test_discrete_sac_obeys(how: str) -> None:
    # Entropy is paid for at every step: with a gamma near 1, staying at a lock would be worth more than opening it.
    settings = {"learning_starts": 300, "hidden_sizes": (64,), "batch_size": 32, "learning_rate": 2e-3}
    config = DiscreteSACConfig(gamma=0.8, initial_temperature=0.1, **settings)
    assert opened(DiscreteSAC(partial(Locks, how), config, seed=0), 800) == 4.0


TOLD = [(rule, how) for rule in RULES for how in ("dict", "info")]
"""Every rule, and both ways in which a mask is told; a way is the same for all of them."""


@pytest.mark.parametrize(("rule", "how"), slow_but([("q-learning", "info"), *TOLD[::2]], TOLD))
def test_tables_obey(rule: str, how: str) -> None:
    assert opened(learner_type(rule)(partial(Locks, how, number=True), seed=0), 3_000) >= 2.0
