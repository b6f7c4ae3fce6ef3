"""PQN reaches the known values of the probes and balances the pole, and does not without its update."""

import pytest
import torch
from time_limits import collect_confused

from palestra.engine import interaction
from palestra.envs.world import World
from palestra.learners.off_policy.pqn import PQN, PQNConfig

GAMMA = 0.9
EXPECTED: dict[str, dict[float, tuple[float, float]]] = {  # observation to the best action's value, and the tolerance
    "ConstantReward": {0.0: (1.0, 0.05)},
    "DelayedReward": {0.0: (GAMMA, 0.05), 1.0: (1.0, 0.05)},
    "ObservationDependent": {-1.0: (-1.0, 0.1), 1.0: (1.0, 0.1)},
    "ActionDependent": {0.0: (1.0, 0.1)},
    "ForeverOne": {0.0: (1 / (1 - GAMMA), 0.5)},  # a time limit taken for an end would give 6.51 at most
}


def train(probe: str) -> PQN:
    config = PQNConfig(
        gamma=GAMMA, num_steps=16, minibatch_size=32, num_epochs=4, learning_rate=2e-2, hidden_sizes=(16,),
        learning_rate_schedule="linear", optimizer="adam", trace_decay=0.9,  # RAdam only begins in so short a time
    )  # fmt: skip
    steps = 16_000 if probe == "ForeverOne" else 6_400
    return PQN(World(f"probe/{probe}", 8), config, seed=0).learn(steps)


def misses(agent: PQN, probe: str) -> list[str]:
    """What is not as it must be."""
    wrong = []
    for obs, (expected, tolerance) in EXPECTED[probe].items():
        with torch.no_grad():
            values = agent.q(torch.tensor([[obs]]))[0]
        if not abs(float(values.max()) - expected) <= tolerance:
            wrong.append(f"V({obs}) = {float(values.max()):.3f}, not {expected}")
    if probe == "ActionDependent" and agent.evaluate(episodes=5).score != 1.0:
        wrong.append("greedy actions are not the best")
    return wrong


@pytest.mark.parametrize("probe", EXPECTED)
def test_the_known_values_are_learned(probe: str) -> None:
    assert misses(train(probe), probe) == []


@pytest.mark.parametrize("probe", EXPECTED)
def test_without_the_update_they_are_not(probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PQN, "update", lambda *_: {})
    assert misses(train(probe), probe) != []


def test_a_time_limit_taken_for_an_end_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "collect", collect_confused)
    assert misses(train("ForeverOne"), "ForeverOne") != []


def balance() -> float:
    config = PQNConfig(
        num_steps=32, minibatch_size=128, num_epochs=4, learning_rate=1e-3, learning_rate_schedule="linear",
        trace_decay=0.95, reward_scale=0.1,
    )  # fmt: skip
    return PQN(World("CartPole-v1", 32), config, seed=0).learn(60_000).evaluate(episodes=100, seed=1).score


@pytest.mark.slow
def test_the_pole_is_balanced() -> None:
    assert balance() >= 400.0


@pytest.mark.slow
def test_without_the_update_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PQN, "update", lambda *_: {})
    assert balance() < 100.0
