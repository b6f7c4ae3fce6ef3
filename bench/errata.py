"""What do the faults of the notes do to learning? Each faulty update beside the right one, on the same seeds.

The right update is Palestra's own. The faulty one is what the notes write, put in its place and nowhere else: a
subclass that overrides one method, or one function exchanged for another. ``docs/errata.md`` explains each.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import Rollout, collect
from palestra.engine.env_config import EnvConfig
from palestra.engine.learner import Metrics
from palestra.envs import registry
from palestra.envs.finite.gym_env import FiniteEnv
from palestra.envs.finite.mdp import from_table
from palestra.envs.probes import ConstantReward
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedy, EpsilonGreedyConfig
from palestra.learners.bandits.ucb import UCB, UCBConfig
from palestra.learners.deep import actor_critic, ppo, sac
from palestra.learners.deep.a2c import A2C, A2CConfig
from palestra.learners.deep.actor_critic import Batch
from palestra.learners.deep.ddpg import DDPG, DDPGConfig
from palestra.learners.deep.dqn import DQN, DQNConfig
from palestra.learners.deep.ppo import PPO, PPOConfig
from palestra.learners.deep.sac import SAC, SACConfig
from palestra.learners.deep.trpo import TRPO, TRPOConfig
from palestra.learners.tabular.double_q_learning import DoubleQLearning
from palestra.learners.tabular.n_step import NStepConfig
from palestra.learners.tabular.n_step_sarsa import NStepSarsa
from palestra.learners.tabular.q_learning import QLearning
from palestra.learners.tabular.table import Step, TabularConfig
from palestra.ops import distributions
from palestra.ops.distributions import SquashedSample
from palestra.ops.tables import Floats, Ints
from report import publish

Figure = Callable[[int, bool], float]


@dataclass(frozen=True)
class Fault:
    """One fault and what is measured of it."""

    name: str
    measured: str
    seeds: int
    figure: Figure


FAULTS: list[Fault] = []


def fault(name: str, measured: str, *, seeds: int = 5) -> Callable[[Figure], Figure]:
    """Register a function of (seed, faulty) that returns the figure."""

    def register(figure: Figure) -> Figure:
        FAULTS.append(Fault(name, measured, seeds, figure))
        return figure

    return register


def put(faulty: bool, owner: Any, name: str, wrong: Any) -> AbstractContextManager[Any]:
    """Within this, ``owner.name`` is the wrong one if ``faulty``."""
    return patch.object(owner, name, wrong) if faulty else nullcontext()


def score(agent: Any, episodes: int = 50) -> float:
    """Mean greedy return, with seeds that training never used."""
    return float(agent.evaluate(episodes=episodes, seed=1).score)


# A2: bandits


@fault("best-arm", "regret as the notes' class would book it, 5,000 pulls of epsilon-greedy, 200 bandits", seeds=3)
def best_arm(seed: int, faulty: bool) -> float:
    config = EpsilonGreedyConfig(epsilon=0.01)
    player = EpsilonGreedy(EnvConfig("bandit/bernoulli", 200), config, seed=seed).learn(5_000)
    regret_B = player.regret_B
    if faulty:  # the index of the best arm is a vector of numbers in [0, 1): as integers, all of them arm 0
        regret_B = regret_B - player.clock * player.arms.gap_AB[0]
    return float(regret_B.mean())


class NotesUCB(UCB):
    """U = sqrt(-log p / 2N), typed as it is written: divided by 2, then times N."""

    def choose(self, t: int, p: int) -> Tensor:
        if t <= self.shape[0]:
            return super().choose(t, p)
        return torch.add(self.means.mean_AB, 1.0 / self.width_AB, alpha=(0.5 * np.log(t)) ** 0.5).max(0).indices


@fault("ucb-precedence", "regret of UCB after 5,000 pulls, p = 1/t, 200 bandits", seeds=3)
def ucb_precedence(seed: int, faulty: bool) -> float:
    kind = NotesUCB if faulty else UCB
    player = kind(EnvConfig("bandit/bernoulli", 200), UCBConfig(power=1.0), seed=seed).learn(5_000)
    return float(player.regret_B.mean())


@fault(
    "epsilon-one-over-t", "regret of epsilon-greedy after 5,000 pulls, epsilon 50 / t or 1 / t, 200 bandits", seeds=3
)
def epsilon_one_over_t(seed: int, faulty: bool) -> float:
    config = EpsilonGreedyConfig(schedule="inverse", epsilon=1.0 if faulty else 50.0)
    world = EnvConfig("bandit/bernoulli", 200, kwargs={"means": [0.9] + [0.6] * 9})
    return float(EpsilonGreedy(world, config, seed=seed).learn(5_000).regret_B.mean())


# A3: dynamic programming, with the notes' own loops


def q_of(table: Any, state: int, value: Floats, gamma: float, terminal_counts: bool) -> list[float]:
    """The values of the actions in a state; ``terminal_counts`` forgets that nothing follows a terminal outcome."""
    return [
        sum(p * (r + gamma * value[s] * (1.0 if terminal_counts else 1.0 - done)) for p, s, r, done in outcomes)
        for outcomes in table[state].values()
    ]


@fault("evaluation-terminal", "V(start) of the optimal policy of CliffWalking by evaluation, gamma 0.9", seeds=1)
def evaluation_terminal(seed: int, faulty: bool) -> float:
    table, gamma = gym.make("CliffWalking-v1").unwrapped.P, 0.9  # type: ignore[attr-defined]
    best = np.zeros(48)
    for _ in range(200):
        best = np.array([max(q_of(table, s, best, gamma, False)) for s in range(48)])
    policy = [int(np.argmax(q_of(table, s, best, gamma, False))) for s in range(48)]
    value = np.zeros(48)
    for _ in range(300):
        value = np.array([q_of(table, s, value, gamma, faulty)[policy[s]] for s in range(48)])
    return float(value[36])


@fault("greedy-in-v", "return of the policy drawn from V*, FrozenLake without slipping", seeds=1)
def greedy_in_v(seed: int, faulty: bool) -> float:
    env = gym.make("FrozenLake-v1", is_slippery=False)
    table, gamma, value = env.unwrapped.P, 0.9, np.zeros(16)  # type: ignore[attr-defined]
    for _ in range(100):
        value = np.array([max(q_of(table, s, value, gamma, False)) for s in range(16)])
    state, total, done = int(env.reset(seed=seed)[0]), 0.0, False
    while not done:
        by_action = (
            [value[table[state][a][0][1]] for a in range(4)] if faulty else q_of(table, state, value, gamma, False)
        )
        state, reward, terminated, truncated, _ = env.step(int(np.argmax(by_action)))
        total, done = total + float(reward), terminated or truncated
    return total


@fault("bellman-without-chance", "true V(start) of the policy planned for slippery FrozenLake, gamma 0.9", seeds=1)
def bellman_without_chance(seed: int, faulty: bool) -> float:
    table, gamma = gym.make("FrozenLake-v1").unwrapped.P, 0.9  # type: ignore[attr-defined]
    # r + gamma max Q(s', a'): one successor, the one that is meant, in the place of a mean over all three
    meant = {s: {a: [(1.0, *row[1][1:])] if len(row) == 3 else row for a, row in table[s].items()} for s in table}
    world, value = meant if faulty else table, np.zeros(16)
    for _ in range(300):
        value = np.array([max(q_of(world, s, value, gamma, False)) for s in range(16)])
    policy = [int(np.argmax(q_of(world, s, value, gamma, False))) for s in range(16)]
    for _ in range(300):
        value = np.array([q_of(table, s, value, gamma, False)[policy[s]] for s in range(16)])
    return float(value[0])


# A4: temporal differences

LAKE = EnvConfig("FrozenLake-v1", 8, kwargs={"is_slippery": False})
LAKE_CONFIG: dict[str, float] = {"gamma": 0.95, "learning_rate": 0.2, "epsilon_start": 1.0, "epsilon_end": 0.1}


class NotesNStepSarsa(NStepSarsa):
    """The sum of gamma^i r_{t+1} over i: the first reward, n times."""

    def targets(self, s: Step, next_action_E: Ints, copy_B: Ints) -> Floats:
        w, length_B, gamma = self.window, self.window.count_E[copy_B], self.config.gamma
        first_B = w.reward_NE[(w._newest - length_B + 1) % w.size, copy_B]
        bootstrap_B = (
            s.discount_E[copy_B] * self.values(s.next_state_E[copy_B])[np.arange(len(copy_B)), next_action_E[copy_B]]
        )
        return first_B * (1.0 - gamma**length_B) / (1.0 - gamma) + gamma ** (length_B - 1) * bootstrap_B


@fault("n-step-index", "return of 4-step SARSA on FrozenLake without slipping, 20,000 steps")
def n_step_index(seed: int, faulty: bool) -> float:
    kind = NotesNStepSarsa if faulty else NStepSarsa
    return score(kind(LAKE, NStepConfig(**LAKE_CONFIG), seed=seed).learn(20_000), episodes=1)


class NotesQLearning(QLearning):
    """Max Q(s_{t+1}, a_t): there is nothing left to maximise over."""

    def update(self, s: Step, uniform_KE: Floats) -> Ints:
        next_value_E = self.values(s.next_state_E)[np.arange(len(s.action_E)), s.action_E]
        self.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)
        return self.explore(s.onward_E, uniform_KE[0])


@fault("max-over-nothing", "return of Q-learning on FrozenLake without slipping, 20,000 steps")
def max_over_nothing(seed: int, faulty: bool) -> float:
    kind = NotesQLearning if faulty else QLearning
    return score(kind(LAKE, TabularConfig(**LAKE_CONFIG), seed=seed).learn(20_000), episodes=1)


class NotesSign(A2C):
    """Climbs along Q - (r + gamma Q'), the error with its sign turned."""

    def update(self, b: Batch) -> Metrics:
        return super().update(b._replace(advantage_B=-b.advantage_B))


@fault("td-sign", "return of A2C on CartPole, 30,000 steps", seeds=3)
def td_sign(seed: int, faulty: bool) -> float:
    config = A2CConfig(num_steps=16, learning_rate=3e-3, optimizer="adam", normalize_advantage=True)
    return score((NotesSign if faulty else A2C)(EnvConfig("CartPole-v1", 8), config, seed=seed).learn(30_000))


# A5 to A7: DQN


class NoTerminalDQN(DQN):
    """Replay hands back (s, a, r, s') without done, so that every target bootstraps."""

    def targets(self, b: Transitions, next_out_BK: Tensor) -> Tensor:
        return super().targets(b._replace(discount_B=torch.full_like(b.discount_B, self.config.gamma)), next_out_BK)


class BroadcastDQN(DQN):
    """Rewards (B, 1) plus values (B,) make targets (B, B): each Q regresses to r_i + gamma mean_j max_a Q(s'_j, a)."""

    def targets(self, b: Transitions, next_out_BK: Tensor) -> Tensor:
        return super().targets(b, next_out_BK.amax(1).mean().expand_as(next_out_BK))


@cache
def lately(kind: type[DQN], seed: int) -> float:
    """Mean return of the last 100 episodes of training."""
    config = DQNConfig(
        learning_rate=1e-3, train_frequency=64, gradient_steps=32, target_update_interval=256, hidden_sizes=(64, 64),
        epsilon_end=0.04,
    )  # fmt: skip
    agent = kind(EnvConfig("CartPole-v1", 4), config, seed=seed).learn(20_000)
    return agent.episodes.metrics()["train/return_mean"]


@fault("replay-without-done", "return of DQN's last 100 episodes on CartPole, 20,000 steps", seeds=3)
def replay_without_done(seed: int, faulty: bool) -> float:
    return lately(NoTerminalDQN if faulty else DQN, seed)


@fault("target-broadcast", "return of DQN's last 100 episodes on CartPole, 20,000 steps", seeds=3)
def target_broadcast(seed: int, faulty: bool) -> float:
    return lately(BroadcastDQN if faulty else DQN, seed)


@fault("mean-of-mean", "norm of the gradient of the loss", seeds=1)
def mean_of_mean(seed: int, faulty: bool) -> float:
    value = torch.linspace(-1, 1, 64, requires_grad=True)
    loss = F.mse_loss(value, torch.zeros(64))
    (torch.mean(loss) if faulty else loss).backward()
    assert value.grad is not None
    return float(value.grad.norm())


@fault("buffer-off-by-one", "pushes since the oldest transition of a buffer of 100 came, after 10,050 pushes", seeds=1)
def buffer_off_by_one(seed: int, faulty: bool) -> float:
    if faulty:
        buffer: list[int] = []
        place = 0
        for pushed in range(10_050):
            if len(buffer) <= 100:  # one too many, and that one is never the next to be written
                buffer.append(pushed)
            else:
                buffer[place] = pushed
            place = (place + 1) % 100
        return 10_050 - min(buffer)
    replay = _replay(100, 1)
    for pushed in range(10_050):
        replay.add(_row(float(pushed)))
    return 10_050 - float(replay.state_dict()["fields"]["reward"].min())


def _replay(capacity: int, size: int) -> ReplayBuffer:
    return ReplayBuffer(capacity, 1, spaces.Box(-1.0, 1.0, (size,)), (), torch.int64, torch.device("cpu"))


def _row(reward: float, size: int = 1) -> Rollout:
    flag, obs = torch.zeros(1, 1, dtype=torch.bool), torch.zeros(1, 1, size)
    return Rollout(obs, torch.zeros(1, 1, dtype=torch.int64), torch.full((1, 1), reward), flag, flag, obs)


@fault("loop-over-samples", "microseconds to draw 64 transitions of 8 numbers from a buffer", seeds=3)
def loop_over_samples(seed: int, faulty: bool) -> float:
    replay, generator = _replay(1_000, 8), torch.Generator().manual_seed(seed)
    for step in range(1_000):
        replay.add(_row(float(step), 8))
    rows = [(np.zeros(8, np.float32), 0, float(step), np.zeros(8, np.float32), False) for step in range(1_000)]

    def loop() -> None:
        drawn = [rows[int(torch.randint(1_000, (), generator=generator))] for _ in range(64)]
        obs, action, reward, next_obs, done = zip(*drawn)
        torch.cat([torch.from_numpy(x)[None] for x in obs]), torch.tensor(action), torch.tensor(reward)
        torch.cat([torch.from_numpy(x)[None] for x in next_obs]), torch.tensor(done)

    return quickest(loop if faulty else lambda: replay.sample(64, generator, gamma=0.99))


def quickest(work: Callable[[], Any], repeats: int = 200) -> float:
    """Microseconds of the quickest of many calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def _bias_world() -> gym.Env[Any, Any]:
    """From A half of the ten actions end for 0; the others lead to B, where all of them end for -0.1 on average."""
    to_b, end = [(1.0, 1, 0.0, False)], [(1.0, 2, 0.0, True)]
    gamble = [(0.5, 2, -1.1, True), (0.5, 2, 0.9, True)]
    table = {0: {a: to_b if a % 2 else end for a in range(10)}, 1: dict.fromkeys(range(10), gamble)}
    return FiniteEnv(from_table({**table, 2: dict.fromkeys(range(10), end)}, [1.0, 0.0, 0.0]))


@fault("double-never-on", "share of 300 episodes that take the losing turn (5% are random)", seeds=10)
def double_never_on(seed: int, faulty: bool) -> float:
    kind = QLearning if faulty else DoubleQLearning  # asked for double, and got the plain one
    config = TabularConfig(gamma=1.0, learning_rate=0.1)
    agent = kind(EnvConfig("errata/Bias-v0", backend="sync"), config, seed=seed)
    while agent.visits[:, 0].sum() < 300:
        agent.step()
    return float(agent.visits[:, 1].sum() / agent.visits[:, 0].sum())


@fault("shared-layer-twice", "microseconds of a dueling network forwards and backwards, 64 samples", seeds=3)
def shared_layer_twice(seed: int, faulty: bool) -> float:
    shared, to_a, to_v = nn.Linear(8, 256), nn.Linear(256, 4), nn.Linear(256, 1)
    x = torch.randn(64, 8)

    def work() -> None:
        hidden = F.relu(shared(x))
        other = F.relu(shared(x)) if faulty else hidden
        a, v = to_a(hidden), to_v(other)
        (v + a - a.mean(1, keepdim=True)).square().mean().backward()

    return quickest(work)


# A8 and A9: policy gradients


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
    return float(distributions.categorical_log_prob(logits, torch.tensor([1])))


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


class StayOrLeave(ConstantReward):
    """Staying pays 1 for ever (10 at gamma 0.9), leaving 7 at once. A time limit cuts every episode at 10 steps."""

    max_episode_steps = 10

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state, 1.0 + 6.0 * action, action == 1


QUICK_A2C = A2CConfig(gamma=0.9, num_steps=8, learning_rate=1e-2, optimizer="adam", hidden_sizes=(16,))


@fault("time-limit", "A2C's value of a state that pays 1 for ever, cut at 10 steps, gamma 0.9 (true: 10)")
def time_limit(seed: int, faulty: bool) -> float:
    with put(faulty, actor_critic, "collect", limit_as_death):
        agent = A2C(EnvConfig("probe/ForeverOne", 8), QUICK_A2C, seed=seed).learn(15_000)
    return float(agent.value(torch.zeros(1, 1)).detach())


@fault("time-limit-choice", "worth of A2C's policy where staying is worth 10 and leaving 7, cut at 10 steps")
def time_limit_choice(seed: int, faulty: bool) -> float:
    with put(faulty, actor_critic, "collect", limit_as_death):
        config = A2CConfig(**{**vars(QUICK_A2C), "entropy_coef": 0.02})
        agent = A2C(EnvConfig("probe/StayOrLeave", 8), config, seed=seed).learn(20_000)
    stay = float(torch.softmax(agent.policy(torch.zeros(1, 1)).detach(), 1)[0, 0])
    return (stay + 7.0 * (1.0 - stay)) / (1.0 - 0.9 * stay)  # V = stay (1 + 0.9 V) + (1 - stay) 7


# A10 to A12: trust regions


class BallTRPO(TRPO):
    """Keeps the parameters in a ball in place of the distributions: a step of one length along the gradient.

    The length is the one that moves the policy by ``target_kl`` in the first iteration, to second order.
    """

    length = 0.0
    furthest = 0.0

    def improve_policy(self, b: Batch) -> Metrics:
        out_BK = self.policy(b.obs_BF)
        frozen_BP = self.head.frozen(out_BK)
        log_prob_B = self.head.log_prob(out_BK, b.action_B)
        gain = ((log_prob_B - log_prob_B.detach()).exp() * ppo.standardised(b.advantage_B)).mean()
        slope_K = torch.cat([g.flatten() for g in torch.autograd.grad(gain, self.parameters, retain_graph=True)])
        unit_K = slope_K / slope_K.norm()
        if not self.length:
            curvature = float(unit_K.dot(self.fisher_product(frozen_BP, out_BK)(unit_K))) - self.config.cg_damping
            self.length = (2.0 * self.config.target_kl / curvature) ** 0.5
        with torch.no_grad():
            self.theta_K += self.length * unit_K
            kl = float(self.head.kl(frozen_BP, self.policy(b.obs_BF)).mean())
        self.furthest = max(self.furthest, kl)
        return {"train/kl": kl}


class WatchedTRPO(TRPO):
    """Remembers its longest step."""

    furthest = 0.0

    def improve_policy(self, b: Batch) -> Metrics:
        metrics = super().improve_policy(b)
        self.furthest = max(self.furthest, metrics["train/kl"])
        return metrics


@fault("ball-of-parameters", "largest KL of an iteration of TRPO on Pendulum, 30,000 steps, delta 0.01", seeds=3)
def ball_of_parameters(seed: int, faulty: bool) -> float:
    kind = BallTRPO if faulty else WatchedTRPO
    return kind(EnvConfig("Pendulum-v1", 8), TRPOConfig(num_steps=100, gamma=0.9), seed=seed).learn(30_000).furthest


def ratio_in_a_sum(ratio_B: Tensor, advantage_B: Tensor, clip_range: float) -> Tensor:
    """Derivative by the log ratios of sum_i min(R A_i, clip(R) A_i) with R the sum of all ratios, about B.

    R is far above 1 + eps, so that positive advantages have no gradient, and the negative ones push every action.
    """
    return ratio_B * advantage_B.clamp(max=0.0).sum() * (-1.0 / len(ratio_B))


FAST_PPO = PPOConfig(num_steps=64, num_epochs=4, learning_rate=2e-3, clip_range=0.3)


@fault("ratio-in-a-sum", "return of PPO on CartPole, 25,000 steps")
def ratio_sum(seed: int, faulty: bool) -> float:
    with put(faulty, ppo, "clipped_surrogate_gradient", ratio_in_a_sum):
        return score(PPO(EnvConfig("CartPole-v1", 16), FAST_PPO, seed=seed).learn(25_000))


class NotesPPO(PPO):
    """Weighs the ratio by the return itself, all of it positive on CartPole."""

    def advantages(self, rollout: Rollout) -> Batch:
        b = super().advantages(rollout)
        return b._replace(advantage_B=b.return_B)


@fault("value-for-advantage", "return of PPO on CartPole, 25,000 steps, advantages not normalised")
def value_for_advantage(seed: int, faulty: bool) -> float:
    config = PPOConfig(**{**vars(FAST_PPO), "normalize_advantage": False})
    return score((NotesPPO if faulty else PPO)(EnvConfig("CartPole-v1", 16), config, seed=seed).learn(25_000))


# A13 and A14: continuous control

QUICK: dict[str, Any] = {
    "gamma": 0.9, "learning_rate": 3e-3, "hidden_sizes": (32, 32), "batch_size": 64, "buffer_size": 10_000,
    "learning_starts": 128, "train_frequency": 16, "gradient_steps": 16, "tau": 0.1,
}  # fmt: skip


class CountingDDPG(DDPG):
    """Counts the actions that lie outside of the bounds."""

    outside = 0

    def to_env(self, action_EA: Tensor) -> Tensor:
        action = super().to_env(action_EA)
        self.outside += int(((action < self.low) | (action > self.high)).sum())
        return action


class NotesDDPG(CountingDDPG):
    """Tanh times the largest action, and noise on top that nothing holds."""

    def explore(self, obs_EF: Tensor) -> Tensor:
        action_EA = self.actor(obs_EF)[0].tanh()
        return action_EA + self.config.noise_std * self._normal(action_EA)

    def to_env(self, action_EA: Tensor) -> Tensor:
        action = action_EA * self.high
        self.outside += int(((action < self.low) | (action > self.high)).sum())
        return action


@fault("noise-beyond-bounds", "share of DDPG's actions outside of the bounds [-1, 3], where the best is 2", seeds=3)
def noise_beyond_bounds(seed: int, faulty: bool) -> float:
    kind = NotesDDPG if faulty else CountingDDPG
    agent = kind(EnvConfig("probe/ContinuousTarget", 8), DDPGConfig(**QUICK, noise_std=0.3), seed=seed).learn(2_000)
    return agent.outside / agent.clock


def squashed_twice(mean_BA: Tensor, log_std_BA: Tensor, noise_BA: Tensor) -> SquashedSample:
    """``squashed_gaussian_sample`` with log(1 - tanh(a)^2) at the action a = tanh(u), not at u."""
    right = distributions.squashed_gaussian_sample(mean_BA, log_std_BA, noise_BA)
    u_BA, a_BA = mean_BA + right.std_BA * noise_BA, right.action_BA
    gaussian_BA = -0.5 * noise_BA.square() - right.std_BA.log() - distributions.HALF_LOG_2PI
    wrong_B = (gaussian_BA - torch.log(1.0 - a_BA.tanh().square() + 1e-7)).sum(1)
    assert u_BA.shape == a_BA.shape
    return right._replace(log_prob_B=wrong_B)


def squashed_twice_gradient(sample: SquashedSample, to_action_BA: Tensor, to_log_prob: Tensor | float) -> Tensor:
    """Its derivative: d/du of -log(1 - tanh(a)^2) is 2 tanh(a) (1 - a^2)."""
    a_BA = sample.action_BA
    slope_BA = 1.0 - a_BA.square()
    to_u_BA = to_action_BA * slope_BA + 2.0 * to_log_prob * a_BA.tanh() * slope_BA
    to_log_std_BA = (to_u_BA * sample.std_BA * sample.noise_BA - to_log_prob) * sample.free_BA
    return torch.cat((to_u_BA, to_log_std_BA), 1)


@fault("density-of-squashed", "integral over all actions of what is taken for a density, of tanh(N(0, 1))", seeds=1)
def density_of_squashed(seed: int, faulty: bool) -> float:
    u = torch.linspace(-8.0, 8.0, 100_001, dtype=torch.float64)[:, None]
    zero = torch.zeros_like(u)
    sample = (squashed_twice if faulty else distributions.squashed_gaussian_sample)(zero, zero, u)
    return float(torch.trapezoid(sample.log_prob_B.exp(), sample.action_BA.squeeze(1)))


class Follow(ConstantReward):
    """One step: observes a number, and is paid by how near to 0.8 times it the action is."""

    action_space = spaces.Box(-1.0, 1.0, (1,))

    def initial_state(self, num: int) -> Tensor:
        return torch.rand(num, 1, device=self.device, generator=self.generator) * 2.0 - 1.0

    def transition(self, state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return state, -(action - 0.8 * state).square().squeeze(1), ~self.never


@cache
def soft(kind: type[SAC], seed: int, *, twice: bool = False, **settings: Any) -> SAC:
    """SAC after 2,000 steps of Follow; ``twice`` squashes the sample a second time where its density is taken."""
    config = SACConfig(**{**QUICK, "initial_temperature": 0.1, **settings})
    with (
        put(twice, sac, "squashed_gaussian_sample", squashed_twice),
        put(twice, sac, "squashed_gaussian_gradient", squashed_twice_gradient),
    ):
        return kind(EnvConfig("probe/Follow", 8), config, seed=seed).learn(2_000)


def entropy(agent: SAC) -> float:
    """Nats of the policy, by the exact density, over 20,000 observations."""
    generator = torch.Generator().manual_seed(1)
    obs = torch.rand(20_000, 1, generator=generator) * 2.0 - 1.0
    mean, log_std = agent.actor(obs)[0].detach().chunk(2, 1)
    sample = distributions.squashed_gaussian_sample(mean, log_std, torch.randn(20_000, 1, generator=generator))
    return -float(sample.log_prob_B.mean())


@fault("correction-of-squashed", "return of SAC with a learned temperature on a task of one step (best: 0)", seeds=3)
def correction_of_squashed(seed: int, faulty: bool) -> float:
    return score(soft(SAC, seed, twice=faulty, target_entropy=-0.5), episodes=1_000)


class UnweightedSAC(SAC):
    """The soft value as E[Q] + H, its entropy without the weight alpha."""

    def learn_critics(self, b: Transitions, then: SquashedSample, alpha: Tensor) -> tuple[Tensor, Tensor]:
        return super().learn_critics(b, then, torch.ones_like(alpha))


@fault("entropy-unweighted", "SAC's value of 1 for ever, alpha 0.1, gamma 0.9 (true: 10 + 1.8 ln 2 = 11.25)", seeds=2)
def entropy_unweighted(seed: int, faulty: bool) -> float:
    config = SACConfig(**QUICK, temperature=0.1)
    agent = (UnweightedSAC if faulty else SAC)(EnvConfig("probe/ForeverOneBox", 8), config, seed=seed).learn(2_500)
    return float(agent.critics(torch.zeros(1, 3)).detach().amin())


class MinimumOfBatchSAC(SAC):
    """``torch.min(q1)``: one number, the least value of the first critic in the whole batch; the second is unused."""

    def learn_actor(self, obs_BF: Tensor, recorded: Any, now: SquashedSample, alpha: Tensor) -> None:
        judged = self.critics.record(torch.cat((obs_BF, now.action_BA), 1))
        chosen_NB1 = torch.zeros_like(judged.out)
        chosen_NB1[0, judged.out[0].argmin()] = 1.0
        to_action_BA = self.critics.backward_to_input(judged, chosen_NB1, first=obs_BF.shape[1]).sum(0)
        to_out_BK = sac.squashed_gaussian_gradient(now, -to_action_BA, alpha / len(obs_BF))
        self.actor.backward(recorded, to_out_BK[None])
        self.actor_optimiser.step()


@fault("minimum-of-batch", "return of SAC with temperature 0.01 on a task of one step (best: 0)", seeds=3)
def minimum_of_batch(seed: int, faulty: bool) -> float:
    return score(soft(MinimumOfBatchSAC if faulty else SAC, seed, temperature=0.01), episodes=1_000)


class NotesTemperatureSAC(SAC):
    """Loss alpha (entropy - target) with all but alpha detached, as the notes have it."""

    def learn_temperature(self, log_prob_B: Tensor) -> None:
        wrong = self.temperature() * (-log_prob_B.mean() - self.target_entropy)
        assert self.log_temperature.grad is not None
        self.log_temperature.grad.copy_(wrong)


@fault("temperature-detached", "true entropy of SAC's policy whose temperature is to hold -0.5 nats", seeds=3)
def temperature_detached(seed: int, faulty: bool) -> float:
    return entropy(soft(NotesTemperatureSAC if faulty else SAC, seed, target_entropy=-0.5))


class ReshapingQLearning(QLearning):
    """The agent turns r into (r + 8) / 8 whatever the world."""

    def update(self, s: Step, uniform_KE: Floats) -> Ints:
        return super().update(s._replace(reward_E=(s.reward_E + 8.0) / 8.0), uniform_KE)


@fault("reward-reshaped", "return of Q-learning on CliffWalking, at most 200 steps (best: -13), 50,000 steps", seeds=3)
def reward_reshaped(seed: int, faulty: bool) -> float:
    world = EnvConfig("CliffWalking-v1", 8, kwargs={"max_episode_steps": 200})
    return score((ReshapingQLearning if faulty else QLearning)(world, seed=seed).learn(50_000), episodes=1)


def shown(values: list[float]) -> str:
    """The mean, and where seeds differ the lowest and highest."""
    mean, low, high = (number(value) for value in (sum(values) / len(values), min(values), max(values)))
    return mean if low == high else f"{mean} [{low}, {high}]"


def number(value: float) -> str:
    """Four digits."""
    return f"{value:,.0f}" if 1000 <= abs(value) < float("inf") else f"{value:.4g}"


def main() -> None:
    """Measure every fault, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[f.name for f in FAULTS])
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    registry.PROBES.update({f"probe/{kind.__name__}": kind for kind in (StayOrLeave, Follow)})
    gym.register("errata/Bias-v0", _bias_world)
    table, began = [], time.perf_counter()
    for f in [f for f in FAULTS if f.name in args.names]:
        start = time.process_time()
        right, faulty = ([f.figure(seed, wrong) for seed in range(f.seeds)] for wrong in (False, True))
        table.append({
            "fault": f.name, "measured": f.measured, "right": shown(right), "faulty": shown(faulty), "seeds": f.seeds,
        })  # fmt: skip
        print(table[-1], f"{time.process_time() - start:.1f} s of CPU", flush=True)
    if len(table) < len(FAULTS):
        return
    differing = sum(row["right"] != row["faulty"] for row in table)
    publish(
        "errata",
        "What the faults of the notes do to learning",
        {
            "ours": differing,
            "peer": len(table),
            "ratio": differing / len(table),
            "unit": "figures that are not the same to the last digit, of all",
            "seconds": time.perf_counter() - began,
            "seeds": list(range(max(f.seeds for f in FAULTS))),
        },
        table,
        [
            "right: our own update; faulty: the same with the fault put in. Mean [lowest, highest] of the seeds.",
            "Microseconds are those of the quickest of many calls, and of no other machine.",
            "`mean-of-mean` and `temperature-detached` look like faults and are none: the figures agree.",
        ],
    )


if __name__ == "__main__":
    main()
