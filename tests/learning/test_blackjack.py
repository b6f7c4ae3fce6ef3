"""Blackjack by tables against dynamic programming of our own: the book's policy, and values to a stated error."""

import math
from typing import Any

import numpy as np
import pytest
from blackjack import HIT, STICK, Solved, after, dealt

from palestra.envs.world import World
from palestra.learners.registry import learner_type
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.tabular_learner import TabularLearner

BEST = Solved()


def train(name: str, steps: int, **settings: Any) -> TabularLearner:
    kind = learner_type(name)
    learner = kind(World("Blackjack-v1", 64), kind.config_type(gamma=1.0, **settings))
    assert isinstance(learner, TabularLearner)
    learner.budget = steps
    while learner.clock < steps:
        learner.step()
    learner.close()
    return learner


def test_a_hand_counts_its_ace_as_eleven_while_it_can() -> None:
    assert after(10, False, 1) == (21, True)
    assert after(11, False, 1) == (12, False)
    assert after(21, True, 10) == (21, False)
    assert after(15, True, 1) == (16, True)


def test_the_dealers_sums_are_all_there_is() -> None:
    for card in range(1, 11):
        assert sum(dealt(card).values()) == pytest.approx(1.0)
    assert dealt(1)[22] == pytest.approx(4 / 13)
    assert dealt(10)[22] == pytest.approx(1 / 13)


def test_the_best_policy_is_the_books() -> None:
    # Figure 5.2 of Sutton & Barto: the sums from which on to stick, for the dealer's ace and cards 2 to 10.
    stick = BEST.q[..., STICK] > BEST.q[..., HIT]
    hard = [min(s for s in range(11, 22) if stick[s, card, 0]) for card in range(1, 11)]
    soft = [min(s for s in range(12, 22) if stick[s, card, 1]) for card in range(1, 11)]
    assert hard == [17, 13, 13, 12, 12, 12, 17, 17, 17, 17]
    assert soft == [19, 18, 18, 18, 18, 18, 18, 18, 19, 19]


def compared(q: QTable) -> tuple[float, float, float]:
    """Error of the values by visits (root mean square), share of actions that are the best, and what is lost by them.

    Over the hands that were seen and have something to decide (up to 10 another card is never too much), but for 21
    with a usable ace, where an observation hides whether the hand is a natural.
    """
    learned, visits = q.table[0].reshape(BEST.q.shape), q.visits[0].reshape(BEST.q.shape).sum(-1)
    decided = visits > 0
    decided[:11], decided[21, :, 1] = False, False
    error, policy = learned.max(-1) - BEST.q.max(-1), learned.argmax(-1)
    agreed = float((policy == BEST.q.argmax(-1))[decided].mean())
    lost = BEST.value_of(BEST.q.argmax(-1)) - BEST.value_of(policy)
    return math.sqrt(np.average(error[decided] ** 2, weights=visits[decided])), agreed, lost


@pytest.mark.slow
def test_q_learning_finds_the_values_and_the_policy() -> None:
    # Random play shows every hand; a value is then known as well as its visits allow.
    always = {"epsilon_start": 1.0, "epsilon_end": 1.0, "learning_rate": 1.0, "learning_rate_decay": 0.8}
    q = train("q-learning", 1_000_000, **always).q
    error, agreed, lost = compared(q)
    assert error < 0.03
    assert agreed > 0.95
    assert 0 <= lost < 0.003
    mixed = q.table[0].reshape(BEST.q.shape)[21, 1:, 1, STICK]  # naturals and others: between what either is worth
    low, high = BEST.q[21, 1:, 1, STICK], BEST.natural[1:]
    assert ((low - 0.1 < mixed) & (mixed < high + 0.1)).all()


@pytest.mark.slow
def test_monte_carlo_control_comes_near() -> None:
    # Means of what followed while the policy was still another: further off than the values of the best.
    error, agreed, lost = compared(train("monte-carlo", 600_000, epsilon_start=1.0, epsilon_end=0.1).q)
    assert error < 0.12
    assert agreed > 0.85
    assert 0 <= lost < 0.04
