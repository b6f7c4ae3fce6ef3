"""The bandit: what is shown is the learner's own, stepped by the Trainer; a dragged arm pays anew; presets fail."""

from typing import Any

import pytest
import torch
from same_state import differing

from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import learner_type
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.bandit import BanditAsked
from palestra.playgrounds.played.bandit import BanditPlayground, beliefs
from palestra.playgrounds.timeline import Timeline

MEANS = (0.2, 0.7, 0.5)
WAYS = {
    "epsilon-greedy": {"epsilon": 0.2, "initial_value": 0.5},
    "ucb": {"power": 2.0},
    "thompson": {},
    "gradient-bandit": {"step_size": 0.3, "baseline": False},
}


@pytest.mark.parametrize("reward", ["bernoulli", "gaussian"])
@pytest.mark.parametrize("algorithm", WAYS)
def test_it_is_the_learner_stepped_by_the_trainer(algorithm: Any, reward: Any) -> None:
    given = {"means": MEANS, "gamblers": 7, "seed": 5, **WAYS[algorithm]}
    playground = BanditPlayground(BanditAsked(algorithm, reward, **given))
    kind = learner_type(algorithm)
    extra = {"scale": 2.0} if (algorithm, reward) == ("ucb", "gaussian") else {}
    config = kind.config_type(pulls_per_step=1, **WAYS[algorithm], **extra)  # type: ignore[call-arg]
    other: Any = kind(World(f"bandit/{reward}", 7, kwargs={"means": list(MEANS)}), config, seed=5, device="cpu")
    placed = torch.tensor(MEANS)[:, None].expand(-1, 7)
    other.arms.load_state_dict({**other.arms.state_dict(), "mean": placed})
    other.learn(60)
    timeline = Timeline(playground)
    timeline.forward(60)
    assert differing(playground.learner, other) == []
    assert playground.frame()["regret"] == float(other.regret_B.mean())
    timeline.forward(30)
    timeline.back(30)
    assert differing(playground.learner, other) == []


def test_arms_stand_as_they_were_set_and_pay_what_they_were_dragged_to() -> None:
    playground = BanditPlayground(BanditAsked(means=(0.0, 0.0, 1.0), gamblers=3, epsilon=0.0))
    for _ in range(20):
        playground.step()
    shown = playground.frame()["arms"]
    assert [arm["estimate"] for arm in shown] == [0.0, 0.0, 1.0]
    assert [arm["count"] for arm in shown] == [1, 1, 18]
    playground.edit({"arm": 0, "mean": 1.0})
    playground.edit({"arm": 2, "mean": 0.0})
    assert playground.asked.means == (1.0, 0.0, 0.0)
    for _ in range(60):
        playground.step()
    assert playground.frame()["arms"][2]["estimate"] < 0.6
    with pytest.raises(UsageError, match="probabilities"):
        playground.edit({"arm": 1, "mean": 2.0})
    assert playground.asked.means == (1.0, 0.0, 0.0)


def test_beliefs_are_those_of_the_textbook() -> None:
    ucb = BanditPlayground(BanditAsked("ucb", means=(1.0, 0.0), gamblers=1, power=4.0))
    for _ in range(2):
        ucb.step()
    first, second = beliefs(ucb.learner.rule, 2)
    assert (first["estimate"], second["estimate"]) == (1.0, 0.0)
    # Auer et al. 2002: sqrt(2 ln t / N) at t = 3, N = 1
    assert first["doubt"] == pytest.approx((2 * 1.0986122887) ** 0.5, rel=1e-6)
    thompson = BanditPlayground(BanditAsked("thompson", means=(1.0, 0.0), gamblers=1))
    before = beliefs(thompson.learner.rule, 0)[0]
    assert before == {"estimate": 0.5, "doubt": pytest.approx((1 / 12) ** 0.5), "count": 0.0, "chance": None}
    for _ in range(30):
        thompson.step()
    assert sum(arm["count"] or 0 for arm in beliefs(thompson.learner.rule, 30)) == 30
    gaussian = BanditPlayground(BanditAsked("thompson", "gaussian", means=(1.0, 0.0), gamblers=1))
    for _ in range(30):
        gaussian.step()
    assert sum(arm["count"] or 0 for arm in beliefs(gaussian.learner.rule, 30)) == 30
    gradient = BanditPlayground(BanditAsked("gradient-bandit", gamblers=1))
    gradient.step()
    assert sum(arm["chance"] or 0 for arm in beliefs(gradient.learner.rule, 1)) == pytest.approx(1.0)


def share_after(pulls: int, **settings: Any) -> float:
    playground = BanditPlayground(find_offer("bandit").settings(settings))  # type: ignore[arg-type]
    for _ in range(pulls):
        playground.step()
    return float(playground.frame()["recent_share"])


@pytest.mark.slow
def test_presets_fail_for_the_reason_that_they_give() -> None:
    presets = {preset.name: dict(preset.settings) for preset in find_offer("bandit").presets}
    assert share_after(500, **presets["greedy"]) < 0.5 < share_after(500)
    without = share_after(600, **presets["no-baseline"])
    with_one = share_after(600, **{**presets["no-baseline"], "baseline": True})
    assert with_one > without + 0.2
