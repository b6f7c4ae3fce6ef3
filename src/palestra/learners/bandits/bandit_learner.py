"""What every bandit algorithm shares. It pulls an arm of each of B bandits at a time, and counts regret.

A subclass says which arms to pull (``choose``) and what to make of the rewards (``update``). Everything is a tensor
over arms and bandits, (A, B), so that one pull of thousands of bandits is a dozen tensor operations; random numbers
are drawn for a whole block of pulls. Regret is the pseudo-regret sum_t (mu* - mu_{a_t}): it counts means, not luck.
Counts in float32 are exact up to 2^24 = 16.7 million pulls of an arm, and regret is summed in float64.
"""

import math
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.configured import Configured
from palestra.measure import Evaluation, Metrics
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.bandits import make_arms
from palestra.envs.world import World
from palestra.errors import require
from palestra.ops.bandits import lai_robbins
from palestra.ops.statistics import mean_interval
from palestra.pictures.regret import RegretCurve, draw_regret

GROWTH = 1.05
"""Regret is recorded at pulls 1, 2, 3, ... and from there at every 5% more: evenly on a logarithmic clock."""


@dataclass(frozen=True)
class BanditConfig(AlgorithmConfig):
    """What the settings of all bandit algorithms share."""

    default_num_envs: ClassVar[int] = 2_000

    pulls_per_step: int = 100
    """Pulls of each bandit between reports."""

    def __post_init__(self) -> None:
        require(self.pulls_per_step >= 1, f"pulls_per_step={self.pulls_per_step}", "at least 1")


class BanditLearner(Configured):
    """A Learner that plays many bandits of one kind side by side; its clock counts the pulls of each."""

    clock_unit = "pulls"
    headline = "eval/optimal_share"
    config: BanditConfig

    def __init__(self, env: str | World, config: BanditConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        e = self.world
        require(e.backend in ("auto", "torch"), f"backend={e.backend!r} for {e.id}", "auto or torch")
        arms_generator = seeding.generator(seed, "arms", device=self.device)
        self.arms = make_arms(e.id, e.num_envs, arms_generator, e.kwargs)
        self.luck = seeding.generator(seed, "rewards", device=self.device)
        self.sampling = seeding.generator(seed, "choices", device=self.device)
        self.shape = (self.arms.num_arms, self.arms.num_bandits)
        self.columns_B = torch.arange(self.arms.num_bandits, device=self.device)
        self.regret_B = torch.zeros(self.arms.num_bandits, dtype=torch.float64, device=self.device)
        self.optimal_B = torch.zeros_like(self.regret_B)  # pulls of a best arm so far
        self.recent_B = torch.zeros_like(self.regret_B)  # their share in the latest block
        self.reward_sum = 0.0  # over all bandits and pulls
        self.record: list[list[float]] = []  # rows of _row()

    @abstractmethod
    def prepare(self, first: int, pulls: int) -> None:
        """Draw what ``choose`` needs for pulls ``first``, ``first + 1``, ..., counted from 1."""

    @abstractmethod
    def choose(self, t: int, p: int) -> Tensor:
        """Arms (B,) int64 to pull at time ``t``, the ``p``-th pull of the block that was prepared."""

    @abstractmethod
    def update(self, index_B: Tensor, reward_B: Tensor, t: int) -> None:
        """Learn from rewards (B,) of the arms at flat indices (B,) into (A, B), pulled at time ``t``."""

    @abstractmethod
    def memory(self) -> dict[str, Tensor]:
        """The tensors that ``update`` writes, in place."""

    @torch.inference_mode()
    def step(self) -> Metrics:
        """Pull every bandit ``pulls_per_step`` times."""
        pulls, num_bandits = self.config.pulls_per_step, self.arms.num_bandits
        noise_PB = self.arms.noise(pulls, self.luck)
        gap_PB, reward_PB = torch.empty_like(noise_PB), torch.empty_like(noise_PB)
        self.prepare(self.clock + 1, pulls)
        for p in range(pulls):
            t = self.clock + 1 + p
            index_B = torch.add(self.columns_B, self.choose(t, p), alpha=num_bandits)
            torch.take(self.arms.gap_AB, index_B, out=gap_PB[p])
            reward_PB[p] = self.arms.pull(index_B, noise_PB[p])
            self.update(index_B, reward_PB[p], t)
        self._count(gap_PB, reward_PB)
        return {
            "train/regret_mean": float(self.regret_B.mean()),
            "train/reward_mean": float(reward_PB.mean()),
            "train/optimal_share": float(self.recent_B.mean()),
        }

    def _count(self, gap_PB: Tensor, reward_PB: Tensor) -> None:
        """Take a block into the sums and the record of regret."""
        for t in recorded_times(self.clock + 1, self.clock + len(gap_PB)):
            self.record.append(_row(t, self.regret_B + gap_PB[: t - self.clock].sum(0, dtype=torch.float64)))
        self.regret_B += gap_PB.sum(0, dtype=torch.float64)
        optimal_B = (gap_PB == 0).sum(0).double()
        self.optimal_B += optimal_B
        self.recent_B.copy_(optimal_B / len(gap_PB))
        self.reward_sum += float(reward_PB.sum(dtype=torch.float64))
        self.clock += len(gap_PB)

    def evaluate(self, *, episodes: int = 100, seed: int = 0, reference: bool = False) -> Evaluation:
        """What the bandits of the batch have lived through: regret is a record of learning, there is nothing to replay.

        Every bandit is a sample, whatever ``episodes`` says, and none of it is random: ``seed`` and ``reference``
        change nothing. The score is the share of the latest block's pulls that went to a best arm.
        """
        time = max(1, self.clock)
        mean, low, high = mean_interval(self.regret_B)
        tenth, median, ninetieth = torch.quantile(self.regret_B, _quantiles(self.regret_B)).tolist()
        metrics = {
            "eval/optimal_share": float(self.recent_B.mean()),
            "eval/optimal_share_so_far": float(self.optimal_B.mean()) / time,
            "eval/reward_mean": self.reward_sum / (time * self.arms.num_bandits),
            "eval/regret_mean": mean,
            "eval/regret_p10": tenth,
            "eval/regret_p50": median,
            "eval/regret_p90": ninetieth,
        }
        if self.arms.num_bandits > 1:
            metrics |= {"eval/regret_low": low, "eval/regret_high": high}
        if mean > 0:
            curve = self.curve()
            # Half if regret grows linearly, 0.71 if like sqrt(t), 1 - ln 2 / ln T (0.92 at 5,000) if like log t.
            half = float(np.interp(self.clock / 2, curve.pulls, curve.mean))
            metrics["eval/regret_first_half"] = half / mean
            bound = self.lai_robbins()
            if bound is not None:
                metrics["eval/lai_robbins_share"] = bound * math.log(time) / mean
        return Evaluation(metrics["eval/optimal_share"], self.recent_B.clone(), metrics)

    def lai_robbins(self) -> float | None:
        """C of the lower bound C log t on regret, where there is one for all bandits: stationary arms of given means.

        Over random arms its mean is useless: C grows like 1 / gap, and bandits with two arms that nearly tie, whose
        bound takes hold only after millions of pulls, would lift it above the regret of any policy.
        """
        if not self.arms.is_stationary or self.world.kwargs.get("means") is None:
            return None
        return float(lai_robbins(self.arms.gap_AB, self.arms.kl_AB())[0])

    def curve(self, name: str | None = None) -> RegretCurve:
        """Regret so far, at the times recorded and now."""
        rows = [row for row in self.record if row[0] < self.clock] + [_row(self.clock, self.regret_B)]
        return RegretCurve(name or self.name, *np.array(rows).T)

    def draw(self, folder: Path) -> list[Path]:
        """Draw ``regret.png``: mean, spread over bandits, and the Lai-Robbins bound where there is one."""
        if self.clock == 0:
            return []
        title = f"{self.name} on {self.world.id}: {self.arms.num_bandits:,} bandits, seed {self.seed}"
        path = draw_regret(folder / "regret.png", [self.curve()], title=title, lai_robbins=self.lai_robbins())
        return [path]

    def state_dict(self) -> dict[str, Any]:
        """What the algorithm has learned, the arms, all generators, and the record of regret."""
        return {
            "clock": self.clock,
            "memory": self.memory(),
            "arms": self.arms.state_dict(),
            "luck": self.luck.get_state(),
            "sampling": self.sampling.get_state(),
            "regret": self.regret_B,
            "optimal": self.optimal_B,
            "recent": self.recent_B,
            "reward_sum": self.reward_sum,
            "record": torch.tensor(self.record, dtype=torch.float64).reshape(-1, 6),
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state, exactly."""
        self.clock = state["clock"]
        for name, tensor in self.memory().items():
            tensor.copy_(state["memory"][name])
        self.arms.load_state_dict(state["arms"])
        self.luck.set_state(state["luck"].cpu())
        self.sampling.set_state(state["sampling"].cpu())
        self.regret_B.copy_(state["regret"])
        self.optimal_B.copy_(state["optimal"])
        self.recent_B.copy_(state["recent"])
        self.reward_sum = state["reward_sum"]
        self.record = state["record"].tolist()
        return []


def recorded_times(first: int, last: int) -> list[int]:
    """The times from ``first`` to ``last`` at which regret is recorded: ceil(GROWTH^k), k = 0, 1, ..."""
    k = max(0, math.floor(math.log(first) / math.log(GROWTH)) - 1)
    times: list[int] = []
    while (t := math.ceil(GROWTH**k)) <= last:
        if t >= first and t not in times[-1:]:
            times.append(t)
        k += 1
    return times


def _row(t: int, regret_B: Tensor) -> list[float]:
    """Time, mean, its 95% interval, and the 10th and 90th percentile of regret."""
    mean, low, high = mean_interval(regret_B)
    if not math.isfinite(low):  # of a single bandit
        low = high = mean
    return [t, mean, low, high, *torch.quantile(regret_B, _quantiles(regret_B)[::2]).tolist()]


def _quantiles(like: Tensor) -> Tensor:
    return torch.tensor([0.1, 0.5, 0.9], dtype=like.dtype, device=like.device)
