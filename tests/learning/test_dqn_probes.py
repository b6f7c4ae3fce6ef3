"""Every flag of DQN, and all of them together, reach the known values of the probes, and do not without the update."""

from typing import Any

import pytest
import torch
from matrix import slow_but
from time_limits import collect_confused

from palestra.engine import interaction
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN, DQNConfig

GAMMA = 0.9
RAINBOW = {"double": True, "dueling": "mean", "n_step": 3, "prioritised": True, "noisy": True, "distributional": "c51"}
FLAGS: dict[str, dict[str, Any]] = {
    "double": {"double": True},
    "dueling-mean": {"dueling": "mean"},
    "dueling-max": {"dueling": "max"},
    "n-step": {"n_step": 3},
    "prioritised": {"prioritised": True},
    "noisy": {"noisy": True},
    "c51": {"distributional": "c51"},
    "quantile": {"distributional": "quantile"},
    "rainbow": RAINBOW,
    "rainbow-quantile": RAINBOW | {"distributional": "quantile"},
}
EXPECTED: dict[str, dict[float, tuple[float, float]]] = {  # observation to the best action's value, and the tolerance
    "ConstantReward": {0.0: (1.0, 0.05)},
    "DelayedReward": {0.0: (GAMMA, 0.05), 1.0: (1.0, 0.05)},
    "ObservationDependent": {-1.0: (-1.0, 0.1), 1.0: (1.0, 0.1)},
    "ActionDependent": {0.0: (1.0, 0.1)},
    "ForeverOne": {0.0: (1 / (1 - GAMMA), 0.5)},  # a time limit taken for an end would give 6.51 at most
}
CASES = [(flags, probe) for flags in FLAGS for probe in EXPECTED if flags != "rainbow-quantile"]
CASES += [("rainbow-quantile", probe) for probe in ("DelayedReward", "ActionDependent", "ForeverOne")]
QUICK = [(flags, "ForeverOne") for flags in FLAGS if "rainbow" not in flags]
QUICK += [("rainbow", "ActionDependent"), ("rainbow-quantile", "ForeverOne")]
"""Each flag where values feed on values, and all of them together where one action is better than another."""


def train(flags: str, probe: str) -> DQN:
    config = DQNConfig(
        gamma=GAMMA, train_frequency=16, gradient_steps=8, learning_rate=1e-2, hidden_sizes=(16,), batch_size=32,
        buffer_size=10_000, learning_starts=64, target_update_interval=32, exploration_fraction=0.5, loss="squared",
        num_atoms=29, value_range=(-2.0, 12.0), **FLAGS[flags],
    )  # fmt: skip
    return DQN(World(f"probe/{probe}", 8), config, seed=0).learn(1_600)


def misses(agent: DQN, probe: str) -> list[str]:
    """What is not as it must be."""
    wrong = []
    for obs, (expected, tolerance) in EXPECTED[probe].items():
        with torch.no_grad():
            values = agent.head.values(agent.q(torch.tensor([[obs]])))[0]
        if not abs(float(values.max()) - expected) <= tolerance:
            wrong.append(f"V({obs}) = {float(values.max()):.3f}, not {expected}")
        if probe == "ActionDependent" and not float(values[0]) < 0 < float(values[1]):
            wrong.append(f"Q(0, .) = {values.tolist()}, not about (-1, 1)")
    if probe == "ActionDependent" and agent.evaluate(episodes=5).score != 1.0:
        wrong.append("greedy actions are not the best")
    return wrong


@pytest.mark.parametrize(("flags", "probe"), slow_but(QUICK, CASES))
def test_the_known_values_are_learned(flags: str, probe: str) -> None:
    assert misses(train(flags, probe), probe) == []


@pytest.mark.parametrize(("flags", "probe"), slow_but(QUICK, CASES))
def test_without_the_update_they_are_not(flags: str, probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DQN, "update", lambda *_: {})
    assert misses(train(flags, probe), probe) != []


@pytest.mark.parametrize("flags", slow_but(["n-step"], ["n-step", "rainbow"]))
def test_a_time_limit_taken_for_an_end_is_caught(flags: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "collect", collect_confused)
    assert misses(train(flags, "ForeverOne"), "ForeverOne") != []
