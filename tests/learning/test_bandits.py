"""Bandit policies lose what theory says they lose, and do not when their update is switched off.

Most play arms of known means, the same in every bandit, so that each expectation is one figure.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from palestra.envs.world import World
from palestra.learners.bandits import thompson
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig
from palestra.learners.bandits.gradient import GradientBandit, GradientBanditConfig
from palestra.learners.bandits.rule import BanditRule
from palestra.learners.bandits.thompson import Thompson, ThompsonConfig
from palestra.learners.bandits.ucb import UCB, UCBConfig
from palestra.ops.bandits import ucb1_pulls_bound, ucb1_regret_bound

PULLS = 4_000
HARD, EASY = [0.9] + [0.6] * 9, [0.9] + [0.1] * 9
MEAN_GAP = {"hard": 0.27, "easy": 0.72}  # of an arm drawn at random: 9 gaps of 0.3 or 0.8, among 10 arms


def play(
    cls: type[BanditRule], config: Any, kind: str = "bernoulli", pulls: int = PULLS, num: int = 500, **kwargs: Any
) -> BanditLearner:
    learner = BanditLearner(cls, World(f"bandit/{kind}", num, kwargs=kwargs), config, seed=0, device="cpu")
    learner.learn(pulls)
    return learner


def increments(learner: BanditLearner) -> list[float]:
    """Mean regret suffered in the last three doublings of the clock; equal ones are logarithmic growth."""
    curve = learner.curve()
    at = [float(np.interp(learner.clock / 2**k, curve.pulls, curve.mean)) for k in (3, 2, 1, 0)]
    return [later - earlier for earlier, later in pairwise(at)]


# What each policy must do, as a function that says whether it did.


def linear(learner: BanditLearner) -> bool:
    """Regret of a constant epsilon grows by epsilon times the mean gap at every pull."""
    slope = increments(learner)[-1] / (learner.clock / 2)
    return slope == pytest.approx(0.1 * MEAN_GAP["easy"], rel=0.02)


def as_slow_as_its_schedule(learner: BanditLearner) -> bool:
    """With epsilon = c / t, a doubling of the clock costs c ln 2 random pulls, and little else."""
    return increments(learner)[-1] == pytest.approx(50 * math.log(2) * MEAN_GAP["easy"], rel=0.03)


def logarithmic(learner: BanditLearner) -> bool:
    """A doubling costs what the one before did; of regret like sqrt(t) it would be 1.41 times as much, linear 2."""
    _, before, last = increments(learner)
    return 0.75 < last / before < 1.25 and learner.evaluate().metrics["eval/regret_first_half"] > math.sqrt(0.5)


def within_auers_theorem(learner: BanditLearner) -> bool:
    """UCB1 pulls no bad arm more often, and loses no more, than theorem 1 of Auer et al. 2002 allows."""
    worst_pulls = float(ucb1_pulls_bound(torch.tensor([[0.8]]), PULLS))
    pulls = (learner.clock - float(learner.optimal_B.mean())) / 9  # of each of the nine arms that are alike
    most = float(ucb1_regret_bound(learner.arms.gap_AB[:, :1], PULLS))
    assert most < 0.5 * PULLS * MEAN_GAP["easy"]  # of what random pulls lose: the theorem says something at all
    return pulls <= worst_pulls and float(learner.regret_B.mean()) <= most


def near_lai_robbins(learner: BanditLearner) -> bool:
    """Slope against log t within a factor of two of the one that is optimal in the long run."""
    bound = learner.lai_robbins()
    assert bound == pytest.approx(9 * 0.3 / (0.6 * math.log(0.6 / 0.9) + 0.4 * math.log(0.4 / 0.1)), rel=1e-5)
    return 0.5 < increments(learner)[-1] / (bound * math.log(2)) < 2.0


def settled(learner: BanditLearner) -> bool:
    return learner.evaluate().score > 0.98


EXPECTED: dict[str, tuple[type[BanditRule], Any, list[float], Callable[[BanditLearner], bool]]] = {
    "constant epsilon is linear": (EpsilonGreedy, EpsilonGreedyConfig(), EASY, linear),
    "decaying epsilon has its closed form": (
        EpsilonGreedy,
        EpsilonGreedyConfig(schedule="inverse", epsilon=50.0),
        EASY,
        as_slow_as_its_schedule,
    ),
    "decaying epsilon is logarithmic": (
        EpsilonGreedy,
        EpsilonGreedyConfig(schedule="inverse", epsilon=50.0),
        HARD,
        logarithmic,
    ),
    "UCB at p = 1/t is logarithmic": (UCB, UCBConfig(power=1.0), HARD, logarithmic),
    "UCB1 is logarithmic": (UCB, UCBConfig(), EASY, logarithmic),
    "UCB1 keeps to its theorem": (UCB, UCBConfig(), EASY, within_auers_theorem),
    "Thompson is logarithmic": (Thompson, ThompsonConfig(), HARD, logarithmic),
    "Thompson is nearly optimal": (Thompson, ThompsonConfig(), HARD, near_lai_robbins),
    "the gradient bandit settles": (GradientBandit, GradientBanditConfig(step_size=0.4), HARD, settled),
}
CASES = pytest.mark.parametrize("case", EXPECTED)


@CASES
def test_regret_is_what_theory_says(case: str) -> None:
    cls, config, means, holds = EXPECTED[case]
    assert holds(play(cls, config, means=means))


@CASES
def test_without_the_update_it_is_not(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cls, config, means, holds = EXPECTED[case]
    monkeypatch.setattr(thompson, "Contest", lambda *_: None)  # which has an update of its own
    monkeypatch.setattr(cls, "update", lambda *_: None)
    assert not holds(play(cls, config, means=means))


def test_linear_regret_is_not_taken_for_logarithmic() -> None:
    learner = play(EpsilonGreedy, EpsilonGreedyConfig(), means=EASY)
    assert not logarithmic(learner)
    assert increments(learner)[-1] / increments(learner)[-2] == pytest.approx(2.0, rel=0.03)


def test_epsilon_of_one_over_t_explores_too_little() -> None:
    """The factor matters: 1 / t makes ln T random pulls in all, fewer than there are arms, and many never recover."""
    learner = play(EpsilonGreedy, EpsilonGreedyConfig(schedule="inverse", epsilon=1.0), means=HARD)
    stuck = float((learner.recent_B == 0).double().mean())
    assert 0.05 < stuck < 0.3
    assert not logarithmic(learner)
    regret_B = learner.regret_B
    # Those lose for ever, at the gap of a bad arm; together they are most of the regret.
    assert float(regret_B[learner.recent_B == 0].mean()) > 0.9 * 0.3 * PULLS
    assert float(regret_B[learner.recent_B == 0].sum() / regret_B.sum()) > 0.8


@pytest.mark.parametrize(
    ("epsilon", "low", "high"),
    [(0.1, 0.75, 0.85), (0.01, 0.55, 0.68), (0.0, 0.30, 0.40)],
)
def test_the_ten_armed_testbed(epsilon: float, low: float, high: float) -> None:
    """The share of optimal pulls after 1,000 in Sutton & Barto 2018, figure 2.2: about 80%, 60%, "one-third"."""
    config = EpsilonGreedyConfig(epsilon=epsilon, initial_value=0.0)
    learner = play(EpsilonGreedy, config, "gaussian", pulls=1_000, num=2_000)
    assert low < learner.evaluate().score < high


def test_the_baseline_helps_as_in_figure_2_5() -> None:
    """Sutton & Barto 2018, section 2.8: where rewards are about +4, the baseline makes the difference."""

    def score(baseline: bool) -> float:
        config = GradientBanditConfig(step_size=0.1, baseline=baseline)
        learner = BanditLearner(GradientBandit, World("bandit/gaussian", 1_000), config, seed=0, device="cpu")
        state = learner.arms.state_dict()
        learner.arms.load_state_dict({**state, "mean": state["mean"] + 4.0})
        return learner.learn(1_000).evaluate().score

    assert score(True) > 0.75
    assert score(False) < 0.65


def test_arms_that_drift_ask_for_a_memory_that_fades() -> None:
    """Sutton & Barto 2018, exercise 2.5: on the same walks, a constant step beats sample means, and Kalman both."""
    kind = {"kind": "drifting", "num": 300, "pulls": 5_000}
    fading, means = (
        play(EpsilonGreedy, EpsilonGreedyConfig(initial_value=0.0, step_size=step), **kind) for step in (0.1, None)
    )
    kalman = play(Thompson, ThompsonConfig(prior_std=0.01, drift=0.01), **kind)
    assert torch.equal(fading.arms.mean_AB, means.arms.mean_AB)
    assert torch.equal(fading.arms.mean_AB, kalman.arms.mean_AB)

    def lead(a: BanditLearner, b: BanditLearner) -> float:
        """Mean of the paired difference in regret, in standard errors."""
        difference_B = b.regret_B - a.regret_B
        return float(difference_B.mean() / (difference_B.std() / math.sqrt(len(difference_B))))

    assert lead(fading, means) > 5
    assert lead(kalman, fading) > 5
