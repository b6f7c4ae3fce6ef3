"""Discrete SAC reaches the known values of the probes, entropy included, and not with its update switched off."""

import math
from typing import Any

import pytest
import torch
from matrix import slow_but
from time_limits import collect_confused
from torch import Tensor

from palestra.engine import interaction
from palestra.envs.world import World
from palestra.learners.off_policy.discrete_sac import DiscreteSAC, DiscreteSACConfig
from palestra.ops.critic_losses import entropy_to_hold

GAMMA, ALPHA = 0.9, 0.5
UNIFORM = ALPHA * math.log(2)
"""What the entropy of two equally good actions is worth."""
SETTINGS: dict[str, Any] = {
    "gamma": GAMMA, "learning_rate": 1e-2, "hidden_sizes": (32,), "batch_size": 64, "buffer_size": 10_000,
    "learning_starts": 128, "train_frequency": 16, "gradient_steps": 8, "tau": 0.1, "temperature": ALPHA,
}  # fmt: skip

Check = tuple[float, float, float]
"""Measured, expected, tolerance."""


def train(probe: str, steps: int = 3_200, **settings: Any) -> DiscreteSAC:
    config = DiscreteSACConfig(**{**SETTINGS, **settings})
    return DiscreteSAC(World(f"probe/{probe}", 8), config, seed=0).learn(steps)


def q(agent: DiscreteSAC, obs: float) -> Tensor:
    """Values of both actions, of the smaller critic."""
    with torch.no_grad():
        return agent.critics(torch.tensor([[obs]])).amin(0)[0]


def prob(agent: DiscreteSAC, obs: float = 0.0) -> float:
    """Of action 1."""
    with torch.no_grad():
        return float(agent.actor(torch.tensor([[obs]]))[0].softmax(1)[0, 1])


def both(agent: DiscreteSAC, obs: float, expected: float, tolerance: float) -> list[Check]:
    return [(float(value), expected, tolerance) for value in q(agent, obs)]


def action_dependent(agent: DiscreteSAC) -> list[Check]:
    low, high = q(agent, 0.0).tolist()
    best = 1 / (1 + math.exp(-2 / ALPHA))  # softmax of (-1, 1) / alpha
    score = agent.evaluate(episodes=10, seed=0).score
    return [(low, -1.0, 0.1), (high, 1.0, 0.1), (prob(agent), best, 0.02), (score, 1.0, 0.0)]


CHECKS: dict[str, Any] = {
    "ConstantReward": lambda agent: [*both(agent, 0.0, 1.0, 0.05), (prob(agent), 0.5, 0.05)],
    # At the second state there is a reward and an entropy to be had; what follows it is worth nothing.
    "DelayedReward": lambda agent: both(agent, 0.0, GAMMA * (1 + UNIFORM), 0.07) + both(agent, 1.0, 1.0, 0.05),
    "ObservationDependent": lambda agent: both(agent, -1.0, -1.0, 0.1) + both(agent, 1.0, 1.0, 0.1),
    "ActionDependent": action_dependent,
    # Q = 1 + gamma V and V = Q + alpha log 2; a time limit taken for an end gives 9 at most.
    "ForeverOne": lambda agent: both(agent, 0.0, (1 + GAMMA * UNIFORM) / (1 - GAMMA), 0.7),
}
PROBES = pytest.mark.parametrize("probe", CHECKS)


def wrong(probe: str, agent: DiscreteSAC) -> list[Check]:
    """What does not hold."""
    return [(m, e, t) for m, e, t in CHECKS[probe](agent) if not abs(m - e) <= t]


@pytest.mark.parametrize("probe", slow_but(["ActionDependent", "ForeverOne"], CHECKS))
def test_the_known_values_are_learned(probe: str) -> None:
    assert wrong(probe, train(probe)) == []


@PROBES
def test_without_the_update_they_are_not(probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DiscreteSAC, "update", lambda *_: {})
    assert wrong(probe, train(probe))


def test_a_time_limit_taken_for_an_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "collect", collect_confused)
    assert wrong("ForeverOne", train("ForeverOne"))


SIDES = [(share, begin) for share in (0.3, 0.8) for begin in (0.05, 4.0)]
"""Of log 2, the entropy to hold; and the temperature to begin with, below or above the one that holds it."""


@pytest.mark.parametrize(("share", "begin"), slow_but([(0.3, 4.0)], SIDES))
def test_the_temperature_finds_the_entropy_to_hold(share: float, begin: float) -> None:
    agent = train(
        "ActionDependent", 6_400, temperature=None, initial_temperature=begin, target_entropy_share=share
    )  # fmt: skip
    p = prob(agent)
    entropy = -(p * math.log(p) + (1 - p) * math.log(1 - p))
    assert entropy == pytest.approx(share * math.log(2), abs=0.05)
    # With values -1 and 1 the policy is softmax of them over alpha, so the entropy decides the temperature as well.
    assert float(agent.temperature.log.detach().exp()) == pytest.approx(2 / math.log(p / (1 - p)), rel=0.15)


@pytest.mark.parametrize(("entropy", "direction"), [(0.1, 1), (0.6, -1)], ids=["too sure", "too random"])
def test_the_temperature_moves_towards_its_target(entropy: float, direction: int) -> None:
    agent = DiscreteSAC("probe/ActionDependent")  # holds half of log 2, 0.35
    before = float(agent.temperature.log.detach().exp())
    t = agent.temperature
    agent.actor_optimizer.descend(entropy_to_hold(t.log, torch.full((8,), -entropy), t.target_entropy))
    assert math.copysign(1, float(agent.temperature.log.detach().exp()) - before) == direction
