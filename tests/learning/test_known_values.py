"""Learners reach the known values of the probe environments, and do not when their update is switched off."""

from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from palestra.data.rollout import Rollout, collect
from palestra.engine.agent import Agent
from palestra.engine.env_config import EnvConfig
from palestra.learners.deep import dqn, ppo
from palestra.learners.deep.dqn import DQN
from palestra.learners.deep.ppo import PPO

GAMMA = 0.9
SETTINGS: dict[type[Agent], dict[str, Any]] = {
    PPO: {"num_steps": 16, "minibatch_size": 64, "num_epochs": 4, "learning_rate": 1e-2, "hidden_sizes": (16,)},
    DQN: {"train_frequency": 16, "gradient_steps": 8, "learning_rate": 1e-2, "hidden_sizes": (16,), "batch_size": 32,
          "buffer_size": 10_000, "learning_starts": 64, "target_update_interval": 32,
          "exploration_fraction": 0.5, "loss": "squared"},
}  # fmt: skip
"""Small and quick; with the Huber loss, which is deaf to rare large errors, a mistaken time limit would hide."""


class Check(NamedTuple):
    """A measured quantity and what it must be."""

    what: str
    measured: float
    expected: float
    tolerance: float

    @property
    def holds(self) -> bool:
        return abs(self.measured - self.expected) <= self.tolerance


def value(agent: Agent, obs: float) -> float:
    """The learner's own estimate of the value of an observation."""
    with torch.no_grad():
        x = torch.tensor([[obs]])
        return float(agent.value(x)) if isinstance(agent, PPO) else float(agent.q(x).amax())


def constant_reward(agent: Agent) -> list[Check]:
    return [Check("V(0)", value(agent, 0.0), 1.0, 0.05)]


def delayed_reward(agent: Agent) -> list[Check]:
    return [Check("V(0)", value(agent, 0.0), GAMMA, 0.05), Check("V(1)", value(agent, 1.0), 1.0, 0.05)]


def observation_dependent(agent: Agent) -> list[Check]:
    return [Check(f"V({obs})", value(agent, obs), obs, 0.1) for obs in (-1.0, 1.0)]


def action_dependent(agent: Agent) -> list[Check]:
    score = agent.evaluate(episodes=10, seed=0).score
    checks = [Check("greedy return", score, 1.0, 0.0), Check("V(0)", value(agent, 0.0), 1.0, 0.1)]
    if isinstance(agent, PPO):
        probability = float(torch.softmax(agent.policy(torch.zeros(1, 1)).detach(), 1)[0, 1])
        checks.append(Check("pi(1)", probability, 1.0, 0.05))
    else:
        checks.append(Check("Q(0, 0)", float(agent.q(torch.zeros(1, 1)).detach()[0, 0]), -1.0, 0.1))
    return checks


def forever_one(agent: Agent) -> list[Check]:
    # Taking the time limit for an end would give between 1 (on the last step) and 6.51 (on the first).
    return [Check("V(0)", value(agent, 0.0), 1 / (1 - GAMMA), 0.5)]


def continuous_target(agent: Agent) -> list[Check]:
    # The mean of the policy itself, before clipping: within [-1, 3] it is not the bounds that hold it.
    mean = float(agent.policy(torch.zeros(1, 1)).detach())
    return [Check("mean action", mean, 2.0, 0.2), Check("return", agent.evaluate(episodes=1).score, 0.0, 0.04)]


CASES = [
    (learner, probe, check)
    for probe, check in {
        "ConstantReward": constant_reward,
        "DelayedReward": delayed_reward,
        "ObservationDependent": observation_dependent,
        "ActionDependent": action_dependent,
        "ForeverOne": forever_one,
    }.items()
    for learner in (PPO, DQN)
] + [(PPO, "ContinuousTarget", continuous_target)]
IDS = [f"{learner.name}-{probe}" for learner, probe, _ in CASES]


def train(learner: type[Agent], probe: str) -> Agent:
    config = learner.config_type(gamma=GAMMA, **SETTINGS[learner])
    agent = learner(EnvConfig(f"probe/{probe}", 8), config, seed=0)
    return agent.learn({PPO: 5_120, DQN: 3_200}[learner])


@pytest.mark.parametrize(("learner", "probe", "check"), CASES, ids=IDS)
def test_the_known_values_are_learned(learner: type[Agent], probe: str, check: Any) -> None:
    assert [c for c in check(train(learner, probe)) if not c.holds] == []


@pytest.mark.parametrize(("learner", "probe", "check"), CASES, ids=IDS)
def test_without_the_update_they_are_not(
    learner: type[Agent], probe: str, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner, "update", lambda *_: {})
    assert not all(c.holds for c in check(train(learner, probe)))


@pytest.mark.parametrize("learner", [PPO, DQN], ids=["ppo", "dqn"])
def test_a_time_limit_taken_for_an_end_is_caught(learner: type[Agent], monkeypatch: pytest.MonkeyPatch) -> None:
    def confused(*args: Any, **kwargs: Any) -> tuple[Rollout, Tensor]:
        rollout, obs = collect(*args, **kwargs)
        return rollout._replace(terminated=rollout.done, truncated=torch.zeros_like(rollout.done)), obs

    monkeypatch.setattr({PPO: ppo, DQN: dqn}[learner], "collect", confused)
    (check,) = forever_one(train(learner, "ForeverOne"))
    assert check.measured < 6.6
    assert not check.holds
