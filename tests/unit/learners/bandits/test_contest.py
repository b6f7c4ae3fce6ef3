"""The contest pulls each arm as often as its draw is the highest, and learns what the plain way learns."""

from typing import Any

import numpy as np
import plain_bandits
import pytest
import torch

from palestra.envs.bandits import BernoulliArms
from palestra.envs.world import World
from palestra.learners.bandits import contest
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.contest import Contest
from palestra.learners.bandits.rule import BanditRule
from palestra.learners.bandits.thompson import Thompson, ThompsonConfig

BANDITS, ROUNDS = 20_000, 40
MEANS = (0.9, 0.8, 0.6, 0.7)

POSTERIORS = {
    "one leads": [(900.0, 101.0), (17.0, 6.0), (12.0, 9.0), (60.0, 20.0)],
    "the leader is not the first": [(17.0, 14.0), (12.0, 9.0), (450.0, 120.0), (25.0, 20.0)],
    "few pulls": [(30.0, 4.0), (2.0, 3.0), (1.0, 2.0), (4.0, 5.0)],
    "nobody leads": [(200.0, 800.0), (4.0, 21.0), (3.0, 40.0), (2.0, 9.0)],
    "as at first": [(1.0, 1.0), (2.0, 1.0), (1.0, 3.0), (1.5, 2.5)],
}
CLOSED = list(POSTERIORS)[:3]
"""Where one leads clearly enough for most bandits not to be drawn from."""


def counts(posterior: list[tuple[float, float]]) -> torch.Tensor:
    return torch.tensor(posterior).T[:, :, None].repeat(1, 1, BANDITS)


def arms() -> BernoulliArms:
    mean_AB = torch.tensor(MEANS)[:, None].repeat(1, BANDITS)
    return BernoulliArms(mean_AB, torch.Generator())


def noise(pulls: int, luck: torch.Generator) -> np.ndarray:
    return plain_bandits.drawn(arms(), pulls, luck).numpy()


def shares(posterior: list[tuple[float, float]]) -> np.ndarray:
    """P(arm's draw is the highest), by integrating its density times the others' distribution functions."""
    x = torch.linspace(0, 1, 400_003, dtype=torch.float64)[1:-1]
    ab = torch.tensor(posterior, dtype=torch.float64)
    norm = ab.sum(1).lgamma() - ab.lgamma().sum(1)
    density = torch.exp(norm[:, None] + (ab[:, :1] - 1) * x.log() + (ab[:, 1:] - 1) * (1 - x).log())
    below = density.cumsum(1) / density.sum(1, keepdim=True)
    others = torch.stack([torch.cat((below[:i], below[i + 1 :])).prod(0) for i in range(len(ab))])
    share = (density * others).sum(1)
    return (share / share.sum()).numpy()


def surprise(posterior: list[tuple[float, float]]) -> float:
    """The largest deviation of how often arms are pulled from what is expected, in standard errors."""
    share, number = shares(posterior), BANDITS * ROUNDS
    luck, choices = torch.Generator().manual_seed(1), torch.Generator().manual_seed(0)
    won = np.zeros(len(posterior))
    for _ in range(ROUNDS):
        index_TB = Contest(counts(posterior)).play(arms(), noise(1, luck), choices)
        won += np.bincount(index_TB[0] // BANDITS, minlength=len(posterior))
    assert (number * share).min() > 20  # often enough for the test to see
    return float(np.abs((won - number * share) / np.sqrt(number * share * (1 - share))).max())


@pytest.mark.parametrize("name", POSTERIORS)
def test_each_arm_is_pulled_as_often_as_its_draw_is_the_highest(name: str) -> None:
    assert surprise(POSTERIORS[name]) < 4


def test_it_would_show_that_leaders_always_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contest, "_ask", lambda self, bandit_L: self._leader_B[bandit_L])
    assert surprise(POSTERIORS["one leads"]) > 8


def played(plainly: bool, posterior: list[tuple[float, float]], pulls: int) -> tuple[np.ndarray, torch.Tensor]:
    """Arms pulled (T, B) and the counts afterwards."""
    config = ThompsonConfig(pulls_per_step=pulls)
    learner = BanditLearner(Thompson, World("bandit/bernoulli", BANDITS, kwargs={"arms": 4}), config, device="cpu")
    rule: Any = learner.rule
    rule.posterior.count_2AB.copy_(counts(posterior))
    noise_TB = noise(pulls, torch.Generator().manual_seed(2 + plainly))
    if not plainly:
        return rule.contest.play(arms(), noise_TB, rule.generator) // BANDITS, rule.posterior.count_2AB
    pulled, update = [], rule.update
    rule.update = lambda index_B, reward_B, t: (pulled.append(index_B // BANDITS), update(index_B, reward_B, t))
    BanditRule.play(rule, arms(), 1, noise_TB, np.empty_like(noise_TB), np.empty_like(noise_TB))
    return np.stack(pulled), rule.posterior.count_2AB


@pytest.mark.parametrize("name", POSTERIORS)
def test_many_pulls_have_the_law_of_the_plain_way(name: str) -> None:
    """How often each arm is pulled at each time, and the mean, spread and interplay of what is then known."""
    (arm_TB, count_2AB), (plain_TB, plain_2AB) = (played(plainly, POSTERIORS[name], 60) for plainly in (False, True))
    for arm in range(4):
        for time in (0, 1, 5, 20, 40, 59):
            one, other = (int((pulled[time] == arm).sum()) for pulled in (arm_TB, plain_TB))
            assert abs(one - other) < 4.5 * max(3.0, (one + other) ** 0.5), (arm, time, one, other)
    one_8B, other_8B = (count.double().reshape(8, -1).numpy() for count in (count_2AB, plain_2AB))
    for power in (1, 2):
        x, y = one_8B**power, other_8B**power
        error = np.sqrt((x.var(1) + y.var(1)) / BANDITS)
        assert (np.abs(x.mean(1) - y.mean(1)) <= 4.5 * error).all()
    x, y = (z[:, None] * z[None] for z in (one_8B[:, :BANDITS], other_8B[:, :BANDITS]))
    error = np.sqrt((x.var(2) + y.var(2)) / BANDITS)
    assert (np.abs(x.mean(2) - y.mean(2)) <= 4.5 * error).all()


@pytest.mark.parametrize("name", POSTERIORS)
def test_counts_are_those_of_what_was_pulled_and_paid(name: str) -> None:
    count_2AB, noise_TB = counts(POSTERIORS[name]), noise(80, torch.Generator().manual_seed(3))
    index_TB = Contest(count_2AB).play(arms(), noise_TB, torch.Generator().manual_seed(4))
    arm_TB, won_TB = map(torch.from_numpy, (index_TB // BANDITS, noise_TB < np.float32(MEANS)[index_TB // BANDITS]))
    assert (index_TB % BANDITS == np.arange(BANDITS)).all()
    expected_2AB = counts(POSTERIORS[name])
    for row, paid_TB in enumerate((won_TB, ~won_TB)):
        expected_2AB[row] += plain_bandits.tally(arm_TB, paid_TB.float(), 4)
    assert torch.equal(count_2AB, expected_2AB)


@pytest.mark.parametrize("name", CLOSED)
def test_where_one_leads_little_is_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw_all = Contest._draw_all
    monkeypatch.setattr(Contest, "_draw_all", lambda self, b: (drawn.append(len(b)), draw_all(self, b)))
    played(False, POSTERIORS[name], 60)
    assert sum(drawn) < 0.4 * 60 * BANDITS


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("count", [(900.0, 101.0), (17.0, 4.0), (1.0, 2.0), (1.0, 1.0), (2.5, 1.0), (60.0, 20.0)])
def test_a_tangent_bounds_a_tail(count: tuple[float, float], side: float) -> None:
    y = np.linspace(1e-4, 1 - 1e-4, 2_001)
    density = np.exp(contest._log_density(np.array(count)[:, None], y))
    for x in (0.2, 0.5, 0.8, 0.85, 0.95):
        mass, slope = contest._tail(np.array(count), np.float64(x), side)
        beyond = side * (y - x) > 0
        assert density[beyond].sum() * (y[1] - y[0]) <= mass * 1.02 + 1e-6
        if mass < 1.0:
            assert (density[beyond] <= mass * slope * np.exp(-slope * np.abs(y - x)[beyond]) * (1 + 1e-9)).all()


def test_a_leaders_bound_holds_whatever_it_wins_and_until_it_has_lost_as_foreseen() -> None:
    won, lost, losses, x = 300.0, 40.0, 12, 0.82
    mass, slope = contest._tail(np.array((won, lost + losses)), np.float64(x), -1.0)
    y = np.linspace(1e-3, x, 1_000)
    bound = mass * slope * np.exp(-slope * (x - y)) * (1 + 1e-9)
    for more_won in range(0, 200, 7):
        for more_lost in range(losses + 1):
            density = np.exp(contest._log_density(np.array((won + more_won, lost + more_lost))[:, None], y))
            assert (density <= bound).all()
    assert (np.exp(contest._log_density(np.array((won, lost + losses + 3))[:, None], y)) > bound).any()


@pytest.mark.parametrize("name", CLOSED)
def test_no_leader_loses_more_often_than_was_foreseen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    most_B, lost = np.zeros(BANDITS), []

    def losses(self: Contest, bandit_L: np.ndarray) -> np.ndarray:
        return self._count_2AB[1, self._leader_B[bandit_L], bandit_L]

    def foresee(self: Contest, bandit_L: np.ndarray) -> np.ndarray:
        foreseen_L = foreseen(self, bandit_L)
        most_B[bandit_L] = losses(self, bandit_L) + foreseen_L
        return foreseen_L

    def ask(self: Contest, bandit_L: np.ndarray) -> np.ndarray:
        assert (losses(self, bandit_L) <= most_B[bandit_L]).all()
        lost.append((losses(self, bandit_L) == most_B[bandit_L]).sum())
        return asked(self, bandit_L)

    foreseen, asked = Contest._foresee, Contest._ask
    monkeypatch.setattr(Contest, "_foresee", foresee)
    monkeypatch.setattr(Contest, "_ask", ask)
    played(False, POSTERIORS[name], 60)
    assert sum(lost) > 100  # and no fewer than can happen


def test_a_contest_goes_on_where_it_was_saved() -> None:
    def learner() -> Any:
        return plain_bandits.make(Thompson, ThompsonConfig(pulls_per_step=30), means=[0.9, 0.5, 0.2])

    one, other = learner(), learner()
    one.learn(750)
    other.load_state_dict(one.state_dict())
    for each in (one, other):
        each.learn(900)
    assert torch.equal(one.rule.posterior.count_2AB, other.rule.posterior.count_2AB)
    assert (one.rule.contest._chance_B < 1.0).any()
