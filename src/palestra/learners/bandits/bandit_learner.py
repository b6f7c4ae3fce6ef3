"""The learner of every bandit algorithm: it pulls an arm of each of B bandits at a time, and counts regret.

A file of its own holds each algorithm's rule, which says what arms to pull and what to make of the rewards. Regret is
the pseudo-regret sum_t (mu* - mu_{a_t}): it counts means, not luck. Counts in float32 are exact up to 2^24 = 16.7
million pulls of an arm, and regret is summed in float64.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.envs.bandits import make_arms
from palestra.envs.world import Given, World
from palestra.errors import require
from palestra.learners.bandits.rule import BanditRule
from palestra.measure import Evaluation, Measure, Metrics
from palestra.ops.bandits import lai_robbins
from palestra.ops.columns import array, count, tensor
from palestra.ops.statistics import mean_interval
from palestra.pictures.regret import Regret, RegretCurve

GROWTH = 1.05
"""Regret is recorded at pulls 1, 2, 3, ... and from there at every 5% more: evenly on a logarithmic clock."""


class BanditLearner(Learner):
    """A Learner that plays many bandits of one kind side by side; its clock counts the pulls of each.

    Args:
        rule_type: what picks the arms.
        source: the kind of bandit, as a world; likewise what follows.
    """

    learns_from = World
    clock_unit = "pulls"
    headline = "eval/optimal_share"
    saves = ("rule", "arms", "luck", "regret_B", "optimal_B", "recent_B", "reward_sum", "rows")
    derives = ("noise_TB", "reward_TB", "gap_TB")

    def __init__(
        self, rule_type: type[BanditRule], source: Given, config: Any = None, *, seed: int = 0,
        device: str = "auto",
    ):  # fmt: skip
        self.name, self.config_type = rule_type.name, rule_type.config_type
        super().__init__(source, config, seed=seed, device=device)
        w = self.world
        require(w.backend in ("auto", "torch"), f"backend={w.backend!r} for {w.id}", "auto or torch")
        arms_generator = seeding.generator(seed, "arms", device=self.device)
        self.arms = make_arms(w.id, w.num_envs, arms_generator, w.kwargs)
        self.luck = seeding.generator(seed, "rewards", device=self.device)
        choices = seeding.generator(seed, "choices", device=self.device)
        self.rule = rule_type(self.config, self.arms, choices, self.device)
        self.regret_B = torch.zeros(self.arms.num_bandits, dtype=torch.float64, device=self.device)
        self.optimal_B = torch.zeros_like(self.regret_B)
        """(B,) pulls of a best arm so far."""
        self.recent_B = torch.zeros_like(self.regret_B)
        """(B,) their share in the latest block."""
        self.reward_sum = 0.0
        """Over all bandits and pulls."""
        shape = (self.config.pulls_per_step, self.arms.num_bandits)
        self.noise_TB, self.reward_TB, self.gap_TB = (torch.empty(shape, device=self.device) for _ in range(3))
        """Of a block; the kernel clears memory that is new for each, which takes a tenth of the time."""
        self.rows: list[list[float]] = []
        """Of regret over time, as ``_row`` makes them."""

    @property
    def world(self) -> World:
        """Which kind of bandit, and how many."""
        assert isinstance(self.source, World)
        return self.source

    @torch.inference_mode()
    def step(self) -> Metrics:
        """Pull every bandit ``pulls_per_step`` times."""
        self.arms.noise(self.noise_TB, self.luck)
        self.rule.play(self.arms, self.clock + 1, *map(array, (self.noise_TB, self.reward_TB, self.gap_TB)))
        self._count(self.gap_TB, self.reward_TB)
        return {
            "train/regret_mean": float(self.regret_B.mean()),
            "train/reward_mean": float(self.reward_TB.mean()),
            "train/optimal_share": float(self.recent_B.mean()),
        }

    def _count(self, gap_TB: Tensor, reward_TB: Tensor) -> None:
        """Take a block into the sums and the record of regret."""
        for t in recorded_times(self.clock + 1, self.clock + len(gap_TB)):
            self.rows.append(_row(t, self.regret_B + gap_TB[: t - self.clock].sum(0, dtype=torch.float64)))
        self.regret_B += gap_TB.sum(0, dtype=torch.float64)
        optimal_B = tensor(count(array(gap_TB) == 0)).double()
        self.optimal_B += optimal_B
        self.recent_B.copy_(optimal_B / len(gap_TB))
        self.reward_sum += float(reward_TB.sum(dtype=torch.float64))
        self.clock += len(gap_TB)

    def measured(self, measure: Measure) -> Evaluation:
        """What the bandits of the batch have lived through: regret is a record of learning, there is nothing to replay.

        Every bandit is a sample, whatever the measure's count, and none of it is random: its seed and split change
        nothing. The score is the share of the latest block's pulls that went to a best arm.
        """
        time = max(1, self.clock)
        mean, low, high = mean_interval(self.regret_B)
        tenth, median, ninetieth = _quantiles(self.regret_B, 0.1, 0.5, 0.9)
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
        rows = [row for row in self.rows if row[0] < self.clock] + [_row(self.clock, self.regret_B)]
        return RegretCurve(name or self.name, *np.array(rows).T)

    def exhibits(self) -> list[Exhibit]:
        """Regret: mean, spread over bandits, and the Lai-Robbins bound where there is one."""
        if self.clock == 0:
            return []
        title = f"{self.name} on {self.world.id}: {self.arms.num_bandits:,} bandits, seed {self.seed}"
        return [Regret(title, [self.curve()], self.lai_robbins())]


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
    return [t, mean, low, high, *_quantiles(regret_B, 0.1, 0.9)]


def _quantiles(values_B: Tensor, *shares: float) -> list[float]:
    """By linear interpolation, as ``torch.quantile`` has them in five times the time."""
    ordered_B = np.sort(values_B.numpy(force=True))
    places = np.array(shares) * (len(ordered_B) - 1)
    return [float(value) for value in np.interp(places, np.arange(len(ordered_B)), ordered_B)]
