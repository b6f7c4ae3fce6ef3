"""DDPG, TD3 and SAC reach the known values of the probes with continuous actions, and not with their update off."""

import math
from typing import Any

import pytest
import torch
from matrix import slow_but
from time_limits import collect_confused

from palestra.engine import interaction
from palestra.envs.world import World
from palestra.learners.off_policy.ddpg import DDPG, DDPGConfig
from palestra.learners.off_policy.noise import OU_RATE, OrnsteinUhlenbeckNoise
from palestra.learners.off_policy.sac import SAC
from palestra.learners.off_policy.td3 import TD3
from palestra.ops.critic_losses import entropy_to_hold
from palestra.ops.squashed_gaussian import squashed

GAMMA = 0.9
SETTINGS: dict[str, Any] = {
    "gamma": GAMMA, "learning_rate": 3e-3, "hidden_sizes": (32, 32), "batch_size": 64, "buffer_size": 10_000,
    "learning_starts": 128, "train_frequency": 16, "gradient_steps": 16, "tau": 0.1,
}  # fmt: skip
OWN: dict[Any, dict[str, Any]] = {
    DDPG: {"noise_std": 0.3},
    TD3: {"noise_std": 0.3},
    SAC: {"temperature": 0.01},
}
LEARNERS, IDS = [DDPG, TD3, SAC], ["ddpg", "td3", "sac"]
EVERY = pytest.mark.parametrize("learner", LEARNERS, ids=IDS)


def train(learner: type[DDPG | TD3 | SAC], probe: str, steps: int = 2_500, **settings: Any) -> Any:
    config = learner.config_type(**{**SETTINGS, **OWN[learner], **settings})
    return learner(World(f"probe/{probe}", 8), config, seed=0).learn(steps)


def q(agent: Any, obs: float) -> float:
    """The smallest critic's value of what the actor does in an observation, without the entropy of that action."""
    x = torch.tensor([[obs]])
    with torch.no_grad():
        action = agent.actor(x)[0, :, : agent.actions.size].tanh()
        return float(agent.critics(torch.cat((x, action), 1)).amin())


CHECKS: dict[str, Any] = {
    "ConstantRewardBox": lambda agent: [(q(agent, 0.0), 1.0, 0.05)],
    "DelayedRewardBox": lambda agent: [(q(agent, 0.0), GAMMA, 0.05), (q(agent, 1.0), 1.0, 0.05)],
    "ObservationDependentBox": lambda agent: [(q(agent, obs), obs, 0.1) for obs in (-1.0, 1.0)],
    # Taking the time limit for an end would give 6.51 at most, on the first step.
    "ForeverOneBox": lambda agent: [(q(agent, 0.0), 1 / (1 - GAMMA), 0.5)],
    "ContinuousTarget": lambda agent: [(agent.evaluate(episodes=1).score, 0.0, 0.02), (q(agent, 0.0), 0.0, 0.1)],
    "TwoTargets": lambda agent: [(agent.evaluate(episodes=1).score, 0.0, 0.02), (q(agent, 0.0), 0.0, 0.1)],
}
PROBES = pytest.mark.parametrize("probe", CHECKS)
CASES = [(learner, probe) for learner in LEARNERS for probe in CHECKS]
QUICK = [(SAC, "ForeverOneBox"), (DDPG, "ForeverOneBox"), (TD3, "TwoTargets")]
"""What follows is worth something, or one action is better than others: of each learner one, and of both one."""


def wrong(probe: str, agent: Any) -> list[tuple[float, float, float]]:
    """(measured, expected, tolerance) of what does not hold."""
    return [(m, e, t) for m, e, t in CHECKS[probe](agent) if not abs(m - e) <= t]


@pytest.mark.parametrize(("learner", "probe"), slow_but(QUICK, CASES))
def test_the_known_values_are_learned(learner: type[DDPG | TD3 | SAC], probe: str) -> None:
    assert wrong(probe, train(learner, probe)) == []


@PROBES
@EVERY
def test_without_the_update_they_are_not(
    learner: type[DDPG | TD3 | SAC], probe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner, "update", lambda *_: {})
    assert wrong(probe, train(learner, probe))


@pytest.mark.parametrize("learner", slow_but([TD3], LEARNERS), ids=IDS)
def test_a_time_limit_taken_for_an_end_is_caught(
    learner: type[DDPG | TD3 | SAC], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interaction, "collect", collect_confused)
    ((measured, _, _),) = wrong("ForeverOneBox", train(learner, "ForeverOneBox"))
    assert measured < 9


@pytest.mark.slow
def test_sacs_values_hold_the_entropy_of_what_follows() -> None:
    alpha = 0.5
    agent = train(SAC, "ForeverOneBox", temperature=alpha, steps=3_000)
    # Nothing is to be gained by any action, so the best policy is uniform: log 2 nats in each of two dimensions.
    expected = (1 + GAMMA * alpha * 2 * math.log(2)) / (1 - GAMMA)
    assert q(agent, 0.0) == pytest.approx(expected, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("begin", [0.01, 3.0], ids=["from below", "from above"])
def test_the_temperature_finds_the_entropy_to_hold(begin: float) -> None:
    learned = {"temperature": None, "initial_temperature": begin, "target_entropy": -1.0, "learning_rate": 1e-2}
    agent = train(SAC, "TwoTargets", steps=4_000, **learned)
    with torch.no_grad():
        out = agent.actor(torch.zeros(4096, 1))[0]
        noise = torch.randn(4096, agent.actions.size, generator=torch.Generator().manual_seed(0))
        entropy = -squashed(out, noise).log_prob_B.mean()
    assert float(entropy) == pytest.approx(-1.0, abs=0.3)


@pytest.mark.parametrize(("log_prob", "direction"), [(5.0, 1), (-5.0, -1)], ids=["too sure", "too random"])
def test_the_temperature_moves_towards_its_target(log_prob: float, direction: int) -> None:
    agent = SAC("probe/TwoTargets")  # holds an entropy of -2
    before = float(agent.temperature.log.detach().exp())
    t = agent.temperature
    agent.actor_optimizer.descend(entropy_to_hold(t.log, torch.full((8,), log_prob), t.target_entropy))
    assert math.copysign(1, float(agent.temperature.log.detach().exp()) - before) == direction


@pytest.mark.parametrize("learner", [DDPG, TD3])
@pytest.mark.parametrize("noise", ["gaussian", "ou"])
def test_exploration_stays_within_the_bounds(learner: type[DDPG | TD3], noise: str) -> None:
    agent = learner(World("probe/TwoTargets", 8), learner.config_type(noise=noise, noise_std=2.0, learning_starts=0))
    obs = torch.zeros(8, 1)
    actions = torch.stack([agent.actions.to_env(agent.policy.explore(obs)) for _ in range(200)])
    assert ((actions >= agent.actions.low) & (actions <= agent.actions.high)).all()
    for k in range(2):  # and reaches both
        assert actions[..., k].min() == agent.actions.low[k]
        assert actions[..., k].max() == agent.actions.high[k]


def test_ornstein_uhlenbeck_noise_has_its_stationary_law() -> None:
    std = 0.01  # small, so that nothing is clipped
    agent = DDPG(World("probe/ForeverOneBox", 512), DDPGConfig(noise="ou", noise_std=std, learning_starts=0))
    for _ in range(60):
        agent.policy.explore(torch.zeros(512, 1))
    noise = agent.policy.noise
    assert isinstance(noise, OrnsteinUhlenbeckNoise)
    first = noise.now_EA.clone()
    agent.policy.explore(torch.zeros(512, 1))
    keep = 1 - OU_RATE  # an autoregression: variance std^2 / (1 - keep^2), correlation keep
    assert float(first.std()) == pytest.approx(std / math.sqrt(1 - keep**2), rel=0.08)
    pair = torch.stack((first.flatten(), noise.now_EA.flatten()))
    assert float(torch.corrcoef(pair)[0, 1]) == pytest.approx(keep, abs=0.04)
    noise.begin(torch.ones(512, dtype=torch.bool))
    assert not noise.now_EA.any()
