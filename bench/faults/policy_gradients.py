"""Faults in policy gradients and A2C (A8 and A9)."""

import warnings
from typing import Any

import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn import functional as F

from faults.fault import fault, put, quickest
from palestra.data.rollout import Rollout, collect
from palestra.engine import interaction
from palestra.envs import registry
from palestra.envs.dynamics import Dynamics
from palestra.envs.probes import ONE_NUMBER, zeros
from palestra.envs.world import World
from palestra.learners.on_policy.a2c import A2C, A2CConfig
from palestra.ops.categorical import categorical_log_prob


@fault("a-sample-at-a-time", "milliseconds of the gradient of one episode of 200 steps", seeds=3)
def a_sample_at_a_time(seed: int, faulty: bool) -> float:
    net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))
    obs, action, weight = torch.randn(200, 4), torch.randint(2, (200,)), torch.randn(200)

    def loss(rows: slice) -> Tensor:
        return (F.cross_entropy(net(obs[rows]), action[rows], reduction="none") * weight[rows]).sum()

    def work() -> None:
        for rows in [slice(i, i + 1) for i in range(200)] if faulty else [slice(200)]:
            loss(rows).backward()

    return quickest(work, repeats=10) / 1e3


@fault("log-of-softmax", "log probability of an action whose logit is 120 below the other", seeds=1)
def log_of_softmax(seed: int, faulty: bool) -> float:
    logits = torch.tensor([[0.0, -120.0]])
    if faulty:
        return float(torch.log(F.softmax(logits, 1))[0, 1])
    return float(categorical_log_prob(logits, torch.tensor([1])))


@fault("softmax-without-dim", "sum of the probabilities of 2 actions in a rollout of 5 steps, 8 environments", seeds=1)
def softmax_without_dim(seed: int, faulty: bool) -> float:
    logits = torch.zeros(5, 8, 2)
    with warnings.catch_warnings(action="ignore"):
        probability = F.softmax(logits) if faulty else torch.softmax(logits, -1)
    return float(probability.sum(-1).mean())


def limit_as_death(*args: Any, **kwargs: Any) -> tuple[Rollout, Tensor]:
    """``collect``, with done = terminated or truncated in the place of terminated."""
    rollout, obs = collect(*args, **kwargs)
    return rollout._replace(terminated=rollout.done, truncated=torch.zeros_like(rollout.done)), obs


class StayOrLeave(Dynamics):
    """Staying pays 1 for ever (10 at gamma 0.9), leaving 7 at once. A time limit cuts every episode at 10 steps."""

    observation_space = ONE_NUMBER
    action_space = spaces.Discrete(2)
    max_episode_steps = 10

    initial_state = zeros

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state, 1.0 + 6.0 * action, action == 1


registry.PROBES["probe/StayOrLeave"] = StayOrLeave
QUICK_A2C = A2CConfig(gamma=0.9, num_steps=8, learning_rate=1e-2, optimizer="adam", hidden_sizes=(16,))


@fault("time-limit", "A2C's value of a state that pays 1 for ever, cut at 10 steps, gamma 0.9 (true: 10)")
def time_limit(seed: int, faulty: bool) -> float:
    with put(faulty, interaction, "collect", limit_as_death):
        agent = A2C(World("probe/ForeverOne", 8), QUICK_A2C, seed=seed).learn(15_000)
    return float(agent.nets.value(torch.zeros(1, 1)).detach())


@fault("time-limit-choice", "worth of A2C's policy where staying is worth 10 and leaving 7, cut at 10 steps")
def time_limit_choice(seed: int, faulty: bool) -> float:
    with put(faulty, interaction, "collect", limit_as_death):
        config = A2CConfig(**{**vars(QUICK_A2C), "entropy_coef": 0.02})
        agent = A2C(World("probe/StayOrLeave", 8), config, seed=seed).learn(20_000)
    stay = float(torch.softmax(agent.nets.actor(torch.zeros(1, 1)).detach(), 1)[0, 0])
    return (stay + 7.0 * (1.0 - stay)) / (1.0 - 0.9 * stay)  # V = stay (1 + 0.9 V) + (1 - stay) 7
