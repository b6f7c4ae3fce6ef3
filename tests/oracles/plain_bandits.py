"""The batched bandit policies by plain loops, bandit by bandit and pull by pull, on the same random numbers.

The plain ones are written to be read: one number at a time, from the definitions. They work in float32 as the batched
ones do, since rewards of 0 and 1 make ties, and a tie must be a tie in both.
"""

import math
from typing import Any

import numpy as np
import torch

from palestra.engine import seeding
from palestra.envs.bandits import Arms
from palestra.envs.world import World
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.bandits.gamma import GammaSampler
from palestra.learners.bandits.rule import BanditRule
from palestra.ops.bandits import explorers

BLOCK, BLOCKS, BANDITS, ARMS, SEED = 50, 6, 30, 4, 3
one = np.float32(1)


def first_best(values: Any) -> int:
    """The first of the largest."""
    best = 0
    for arm in range(len(values)):
        if values[arm] > values[best]:
            best = arm
    return best


class Plain:
    """One policy on B bandits, each with lists of its own."""

    def __init__(self, config: Any, generator: torch.Generator) -> None:
        self.config, self.generator = config, generator
        self.count = [[0] * ARMS for _ in range(BANDITS)]
        self.mean = [[np.float32(getattr(config, "initial_value", 0))] * ARMS for _ in range(BANDITS)]

    def begin_block(self, first: int) -> None:
        """Draw what the block needs, in the order in which the batched policy draws it."""

    def begin_pull(self) -> None:
        """Draw what a pull needs."""

    def learn(self, b: int, arm: int, reward: np.float32, t: int) -> None:
        self.count[b][arm] += 1
        error = reward - self.mean[b][arm]
        step = getattr(self.config, "step_size", None)
        self.mean[b][arm] += error / np.float32(self.count[b][arm]) if step is None else np.float32(step) * error


class PlainEpsilonGreedy(Plain):
    def begin_block(self, first: int) -> None:
        c, time = self.config, range(first, first + BLOCK)
        epsilon = [{"constant": c.epsilon, "inverse": min(1.0, c.epsilon / t)}[c.schedule] for t in time]
        place = explorers(torch.tensor(epsilon), BANDITS, self.generator)
        arm = torch.randint(ARMS, place.shape, generator=self.generator)
        self.explores = {divmod(int(at), BANDITS): int(a) for at, a in zip(place, arm, strict=True)}

    def choose(self, b: int, p: int, t: int) -> int:
        return self.explores[p, b] if (p, b) in self.explores else first_best(self.mean[b])


class PlainUCB(Plain):
    def choose(self, b: int, p: int, t: int) -> int:
        if t <= ARMS:
            return t - 1
        c = self.config
        bound = [c.scale * math.sqrt(c.power * math.log(t) / (2 * self.count[b][arm])) for arm in range(ARMS)]
        return first_best([float(self.mean[b][arm]) + bound[arm] for arm in range(ARMS)])


class PlainBetaThompson(Plain):
    def begin_pull(self) -> None:
        wins = [[self.config.prior_alpha + self.wins[b][arm] for b in range(BANDITS)] for arm in range(ARMS)]
        losses = [
            [self.config.prior_beta + self.count[b][arm] - self.wins[b][arm] for b in range(BANDITS)]
            for arm in range(ARMS)
        ]
        counts = torch.tensor([wins, losses])
        drawn = GammaSampler(counts.numel()).sample(counts.view(-1).numpy(), self.generator)
        x, y = torch.from_numpy(drawn).view_as(counts).double()
        self.drawn = (x / (x + y)).T.tolist()

    def begin_block(self, first: int) -> None:
        if first == 1:
            self.wins = [[0] * ARMS for _ in range(BANDITS)]

    def choose(self, b: int, p: int, t: int) -> int:
        return first_best(self.drawn[b])

    def learn(self, b: int, arm: int, reward: np.float32, t: int) -> None:
        self.count[b][arm] += 1
        self.wins[b][arm] += int(reward)


class PlainGaussianThompson(Plain):
    def begin_block(self, first: int) -> None:
        if first == 1:
            self.m = [[self.config.prior_mean] * ARMS for _ in range(BANDITS)]
            self.v = [[self.config.prior_std**2] * ARMS for _ in range(BANDITS)]

    def begin_pull(self) -> None:
        self.z = torch.empty(ARMS, BANDITS).normal_(generator=self.generator).T.tolist()

    def choose(self, b: int, p: int, t: int) -> int:
        return first_best([self.m[b][a] + math.sqrt(self.v[b][a]) * self.z[b][a] for a in range(ARMS)])

    def learn(self, b: int, arm: int, reward: np.float32, t: int) -> None:
        m, v, noise = self.m[b], self.v[b], self.config.noise_std**2
        precision = 1 / v[arm] + 1 / noise
        m[arm] = (m[arm] / v[arm] + float(reward) / noise) / precision
        v[arm] = 1 / precision
        for a in range(ARMS):
            v[a] += self.config.drift**2


class PlainGradient(Plain):
    def begin_block(self, first: int) -> None:
        self.uniform = torch.rand(BLOCK, BANDITS, generator=self.generator).tolist()
        if first == 1:
            self.h = [[0.0] * ARMS for _ in range(BANDITS)]
            self.rewards: list[list[float]] = [[] for _ in range(BANDITS)]

    def policy(self, b: int) -> list[float]:
        total = sum(math.exp(h) for h in self.h[b])
        return [math.exp(h) / total for h in self.h[b]]

    def choose(self, b: int, p: int, t: int) -> int:
        reached = 0.0
        for arm, probability in enumerate(self.policy(b)):
            reached += probability
            if self.uniform[p][b] < reached:
                return arm
        return ARMS - 1

    def learn(self, b: int, arm: int, reward: np.float32, t: int) -> None:
        before = self.rewards[b] or [float(reward)]
        baseline = sum(before) / len(before) if self.config.baseline else 0.0
        probability = self.policy(b)
        for a in range(ARMS):
            chosen = 1.0 if a == arm else 0.0
            self.h[b][a] += self.config.step_size * (float(reward) - baseline) * (chosen - probability[a])
        self.rewards[b].append(float(reward))


def batched(cls: type[BanditRule], config: Any, kind: str) -> tuple[list[list[int]], list[list[float]]]:
    """Arms chosen and rewards earned at every pull of every bandit."""
    learner = BanditLearner(
        cls, World(f"bandit/{kind}", BANDITS, kwargs={"arms": ARMS}), config, seed=SEED, device="cpu"
    )
    chosen, earned, update = [], [], learner.rule.update

    def watched(index_B: torch.Tensor, reward_B: torch.Tensor, t: int) -> None:
        chosen.append((index_B // BANDITS).tolist())
        earned.append(reward_B.tolist())
        assert t == len(chosen)
        update(index_B, reward_B, t)

    learner.rule.update = watched  # type: ignore[method-assign]
    for _ in range(BLOCKS):
        learner.step()
    return chosen, earned


def plain(
    cls: type[BanditRule], config: Any, kind: str, policy_type: type[Plain]
) -> tuple[list[list[int]], list[list[float]]]:
    """The same by loops."""
    arms = BanditLearner(
        cls, World(f"bandit/{kind}", BANDITS, kwargs={"arms": ARMS}), config, seed=SEED, device="cpu"
    ).arms
    luck = seeding.generator(SEED, "rewards")
    policy: Any = policy_type(config, seeding.generator(SEED, "choices"))
    chosen, earned = [], []
    for block in range(BLOCKS):
        noise = drawn(arms, BLOCK, luck).numpy()
        policy.begin_block(block * BLOCK + 1)
        for p in range(BLOCK):
            t = block * BLOCK + p + 1
            policy.begin_pull()
            mean = arms.mean_AB.numpy().copy()
            row, paid = [], []
            for b in range(BANDITS):
                arm = policy.choose(b, p, t)
                reward = one * (noise[p, b] < mean[arm, b]) if kind == "bernoulli" else mean[arm, b] + noise[p, b]
                policy.learn(b, arm, reward, t)
                row.append(arm)
                paid.append(float(reward))
            chosen.append(row)
            earned.append(paid)
            arms.pull(torch.zeros(BANDITS, dtype=torch.int64), torch.zeros(BANDITS))  # moves what drifts
    return chosen, earned


def drawn(arms: Arms, pulls: int, luck: torch.Generator) -> torch.Tensor:
    """(pulls, B) noise."""
    noise_TB = torch.empty(pulls, arms.num_bandits)
    arms.noise(noise_TB, luck)
    return noise_TB


def check_plain(cls: type[BanditRule], config: Any, kind: str, policy_type: type[Plain]) -> None:
    """The batched policy equals the plain one."""
    assert batched(cls, config, kind) == plain(cls, config, kind, policy_type)


def make(cls: type[BanditRule], config: Any, kind: str = "bernoulli", num: int = 50, **kwargs: Any) -> Any:
    return BanditLearner(cls, World(f"bandit/{kind}", num, kwargs=kwargs), config, seed=0, device="cpu")


def watch(learner: BanditLearner, steps: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Arms (T, B) chosen and rewards (T, B) earned over steps."""
    arms, rewards, update = [], [], learner.rule.update

    def watched(index_B: torch.Tensor, reward_B: torch.Tensor, t: int) -> None:
        arms.append(torch.as_tensor(index_B // learner.arms.num_bandits))
        rewards.append(torch.as_tensor(reward_B).clone())
        update(index_B, reward_B, t)

    learner.rule.update = watched  # type: ignore[method-assign]
    for _ in range(steps):
        learner.step()
    return torch.stack(arms), torch.stack(rewards)


def tally(arm_TB: torch.Tensor, weight_TB: torch.Tensor, num_arms: int = 10) -> torch.Tensor:
    """(A, B) sums of weights over the pulls of each arm."""
    return torch.zeros(num_arms, arm_TB.shape[1]).scatter_add_(0, arm_TB, weight_TB)
