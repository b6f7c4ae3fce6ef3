"""Learners reach the known values of the probe environments, and do not when their update is switched off."""

from typing import Any, NamedTuple, get_args

import pytest
import torch
from matrix import slow_but
from time_limits import collect_confused

from palestra.engine import interaction
from palestra.engine.agent import Agent
from palestra.envs.world import World
from palestra.learners.off_policy.dqn import DQN
from palestra.learners.on_policy.a2c import A2C
from palestra.learners.on_policy.ppo import PPO
from palestra.learners.on_policy.trpo import TRPO
from palestra.learners.on_policy.vpg import VPG, VPGConfig
from palestra.ops.phi import Phi

GAMMA = 0.9
ON_POLICY: dict[str, Any] = {"num_steps": 16, "learning_rate": 1e-2, "hidden_sizes": (16,)}
PPO_SIZES: dict[str, Any] = {"minibatch_size": 64, "num_epochs": 4, "normalize_obs": False, "normalize_reward": False}
CRITIC: dict[str, Any] = {"value_learning_rate": 1e-2, "value_epochs": 4, "value_minibatch_size": 64}
TRIALS: dict[str, tuple[type[Agent], int, dict[str, Any]]] = {
    "ppo": (PPO, 5_120, {**ON_POLICY, **PPO_SIZES}),
    "ppo-kl": (PPO, 5_120, {**ON_POLICY, **PPO_SIZES, "surrogate": "kl_penalty", "target_kl": 0.02}),
    "trpo": (TRPO, 5_120, {**CRITIC, "num_steps": 16, "hidden_sizes": (16,), "target_kl": 0.05}),
    "a2c": (A2C, 15_360, {**ON_POLICY, "num_steps": 8, "optimizer": "adam"}),
    "vpg": (VPG, 10_240, {**ON_POLICY, **CRITIC, "learning_rate": 3e-2}),
    "dqn": (DQN, 3_200, {"train_frequency": 16, "gradient_steps": 8, "learning_rate": 1e-2, "hidden_sizes": (16,),
                         "batch_size": 32, "buffer_size": 10_000, "learning_starts": 64, "target_update_interval": 32,
                         "exploration_fraction": 0.5, "loss": "squared"}),
}  # fmt: skip
"""Learner, environment steps and settings, all of them small and quick.

With the Huber loss, which is deaf to rare large errors, a mistaken time limit would hide."""


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
        return float(agent.nets.value(x)) if hasattr(agent, "nets") else float(agent.q(x).amax())


def constant_reward(agent: Agent) -> list[Check]:
    return [Check("V(0)", value(agent, 0.0), 1.0, 0.05)]


def delayed_reward(agent: Agent) -> list[Check]:
    return [Check("V(0)", value(agent, 0.0), GAMMA, 0.05), Check("V(1)", value(agent, 1.0), 1.0, 0.05)]


def observation_dependent(agent: Agent) -> list[Check]:
    return [Check(f"V({obs})", value(agent, obs), obs, 0.1) for obs in (-1.0, 1.0)]


def action_dependent(agent: Agent) -> list[Check]:
    score = agent.evaluate(episodes=10, seed=0).score
    checks = [Check("greedy return", score, 1.0, 0.0), Check("V(0)", value(agent, 0.0), 1.0, 0.1)]
    if hasattr(agent, "nets"):
        probability = float(torch.softmax(agent.nets.actor(torch.zeros(1, 1)).detach(), 1)[0, 1])
        checks.append(Check("pi(1)", probability, 1.0, 0.05))
    else:
        checks.append(Check("Q(0, 0)", float(agent.q(torch.zeros(1, 1)).detach()[0, 0]), -1.0, 0.1))
    return checks


def forever_one(agent: Agent) -> list[Check]:
    # Taking the time limit for an end would give between 1 (on the last step) and 6.51 (on the first).
    return [Check("V(0)", value(agent, 0.0), 1 / (1 - GAMMA), 0.5)]


def continuous_target(agent: Agent) -> list[Check]:
    # The mean of the policy itself, stretched and before clipping: within [-1, 3] it is not the bounds that hold it.
    mean = 1.0 + 2.0 * float(agent.nets.actor(torch.zeros(1, 1)).detach())
    return [Check("mean action", mean, 2.0, 0.2), Check("return", agent.evaluate(episodes=1).score, 0.0, 0.04)]


PROBES = {
    "ConstantReward": constant_reward,
    "DelayedReward": delayed_reward,
    "ObservationDependent": observation_dependent,
    "ActionDependent": action_dependent,
    "ForeverOne": forever_one,
    "ContinuousTarget": continuous_target,
}
CASES = [
    (trial, probe)
    for probe in PROBES
    for trial, (learner, *_) in TRIALS.items()
    if probe != "ContinuousTarget" or learner is not DQN
]
QUICK = [case for case in CASES if case[0] == "ppo" or case[1] in ("ActionDependent", "ForeverOne")]
QUICK += [("trpo", "ContinuousTarget")]
"""All probes of PPO, and of the others that of the better action and that of what goes on: these are quick."""


def train(trial: str, probe: str) -> Agent:
    learner, steps, settings = TRIALS[trial]
    config = learner.config_type(**{"gamma": GAMMA, **settings})
    return learner(World(f"probe/{probe}", 8), config, seed=0).learn(steps)


@pytest.mark.parametrize(("trial", "probe"), slow_but(QUICK, CASES))
def test_the_known_values_are_learned(trial: str, probe: str) -> None:
    assert [c for c in PROBES[probe](train(trial, probe)) if not c.holds] == []


@pytest.mark.parametrize(("trial", "probe"), slow_but(QUICK, CASES))
def test_without_the_update_they_are_not(trial: str, probe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TRIALS[trial][0], "update", lambda *_: {})
    assert not all(c.holds for c in PROBES[probe](train(trial, probe)))


@pytest.mark.parametrize("trial", TRIALS)
def test_a_time_limit_taken_for_an_end_is_caught(trial: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interaction, "collect", collect_confused)
    (check,) = forever_one(train(trial, "ForeverOne"))
    assert check.measured < 6.6
    assert not check.holds


@pytest.mark.parametrize("phi", get_args(Phi))
def test_every_weight_of_the_policy_gradient_finds_the_better_action(phi: Phi) -> None:
    config = VPGConfig(gamma=GAMMA, phi=phi, **TRIALS["vpg"][2])
    agent = VPG(World("probe/ActionDependent", 8), config, seed=0).learn(TRIALS["vpg"][1])
    assert [c for c in action_dependent(agent) if not c.holds] == []
