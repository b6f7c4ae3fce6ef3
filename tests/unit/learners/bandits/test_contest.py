"""The contest is won by each arm as often as its draw is the highest, whichever way that is found."""

from typing import Any

import numpy as np
import plain_bandits
import pytest
import torch

from palestra.learners.bandits import contest
from palestra.learners.bandits.contest import Contest
from palestra.learners.bandits.thompson import BetaPosterior, Thompson, ThompsonConfig
from palestra.ops.columns import first_best

BANDITS, ROUNDS = 20_000, 40

POSTERIORS = {
    "a leader, one that contends, two that are asked": [(900.0, 101.0), (17.0, 4.0), (12.0, 9.0), (60.0, 20.0)],
    "as at first": [(1.0, 1.0), (2.0, 1.0), (1.0, 3.0), (1.5, 2.5)],
    "nobody is likely": [(200.0, 800.0), (4.0, 21.0), (3.0, 40.0), (2.0, 9.0)],
}


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


def counts(posterior: list[tuple[float, float]]) -> torch.Tensor:
    return torch.tensor(posterior).T[:, :, None].repeat(1, 1, BANDITS)


def won(posterior: list[tuple[float, float]]) -> np.ndarray:
    """How often each arm won."""
    contest_, generator = Contest((len(posterior), BANDITS)), torch.Generator().manual_seed(0)
    winners = [contest_.winner(counts(posterior), 1, generator) for _ in range(ROUNDS)]
    return np.bincount(np.concatenate(winners), minlength=len(posterior))


def surprise(posterior: list[tuple[float, float]]) -> float:
    """The largest deviation from what is expected, in standard errors."""
    share, number = shares(posterior), BANDITS * ROUNDS
    return float(np.abs((won(posterior) - number * share) / np.sqrt(number * share * (1 - share))).max())


@pytest.mark.parametrize("posterior", POSTERIORS.values(), ids=POSTERIORS)
def test_each_arm_wins_as_often_as_its_draw_is_the_highest(posterior: list[tuple[float, float]]) -> None:
    assert (BANDITS * ROUNDS * shares(posterior)).min() > 20  # often enough for the test to see
    assert surprise(posterior) < 4


def test_a_full_draw_agrees() -> None:
    posterior = POSTERIORS["nobody is likely"]
    beta, generator = BetaPosterior(ThompsonConfig(), (4, BANDITS), torch.device("cpu")), torch.Generator()
    beta.count_2AB.copy_(counts(posterior))
    full = np.bincount(np.concatenate([first_best(beta.sample(generator)) for _ in range(ROUNDS)]), minlength=4)
    difference = (won(posterior) - full) / np.sqrt(won(posterior) + full)
    assert np.abs(difference).max() < 4


@pytest.mark.parametrize(("name", "value"), [("_ask", lambda *_: None), ("_DEVIATIONS", -1.0)])
def test_it_would_show(name: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """That nobody is asked; that the floor is above half of the draws, and yet those under it are drawn from whole."""
    posterior = POSTERIORS["a leader, one that contends, two that are asked"]
    if name == "_ask":
        monkeypatch.setattr(Contest, name, value)
        assert surprise(posterior) > 8
    else:
        monkeypatch.setattr(contest, name, value)
        assert surprise(posterior) < 4


def test_arms_that_were_pulled_contend() -> None:
    contest_ = Contest((4, BANDITS))
    contest_.winner(counts(POSTERIORS["a leader, one that contends, two that are asked"]), 1, torch.Generator())
    assert contest_.chance_AB[2].all()
    contest_.pulled(2 * BANDITS + np.arange(BANDITS))
    assert not contest_.chance_AB[2].any()
    assert contest_.chance_AB[3].all()


def test_a_contest_goes_on_where_it_was_saved() -> None:
    """Also in the middle of what it knows: who contends is found anew at times of its own, not at a resume."""

    def learner() -> Any:
        return plain_bandits.make(Thompson, ThompsonConfig(pulls_per_step=30), means=[0.9, 0.5, 0.2])

    one, other = learner(), learner()
    plain_bandits.watch(one, 25)
    assert one.rule.contest.chance_AB.any()
    other.load_state_dict(one.state_dict())
    arms, resumed = (plain_bandits.watch(each, 10)[0] for each in (one, other))
    assert torch.equal(arms, resumed)
