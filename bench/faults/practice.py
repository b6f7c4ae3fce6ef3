"""Faults in descent, diagnosis, rare classes and the choice of columns (C1, C3, C4 and C5)."""

import math
from typing import Any

import torch
from torch import Tensor

from faults.fault import fault
from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.engine.seeding import generator
from palestra.learners.labels.linear_regression import LinearRegression, LinearRegressionConfig
from palestra.ops.anomalies import sweep
from palestra.trials.lessons import leaks, skew


class GoesUp(LinearRegression):
    """Steps along the gradient, where the loss was said to fall fastest."""

    def by_hand(self, x_BF: Tensor, y_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        loss, to_weight_F, to_bias = super().by_hand(x_BF, y_B)
        return loss, -to_weight_F, -to_bias


@fault("along-the-gradient", "loss after 100 steps on a line with noise of 0.1 (loss of the truth: 0.005)", seeds=3)
def along_the_gradient(seed: int, faulty: bool) -> float:
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(500, 2, generator=rng)
    y = x @ torch.tensor([2.0, -3.4]) + 4.2 + 0.1 * torch.randn(500, generator=rng)
    config = LinearRegressionConfig(batch_size=500, learning_rate=0.1)
    learner = (GoesUp if faulty else LinearRegression)(InMemory({"train": Split(x, y)}), config, seed=seed)
    return float(learner.learn(100 * 500).by_hand(x.double(), y.double())[0])


@fault("one-remedy-for-both", "error, of noise 0.1, of what was a straight line through 100 rows of a cubic")
def one_remedy_for_both(seed: int, faulty: bool) -> float:
    """More rows for what bends too little, in the place of a bend."""
    rows, degree = (100_000, 1) if faulty else (100, 3)
    source = Dataset("toy/polynomial", {"train": rows, "seed": seed})
    learner = LinearRegression(source, LinearRegressionConfig(solver="closed-form", degree=degree), seed=seed)
    return learner.learn(1).evaluate(split="test").score


@fault("one-for-the-other", "thresholds at which recall rises and precision falls, of those at which recall rises")
def one_for_the_other(seed: int, faulty: bool) -> float:
    if faulty:  # "they move in opposite directions"
        return 1.0
    points, ill = skew.drawn(5_000, generator(seed, "fault"))
    found = sweep(-skew.true_share(points), ill == 1)
    rises, falls = found.recall_L.diff() > 0, found.precision_L.diff() < 0
    return float((rises & falls).sum() / rises.sum())


def cost_of(seed: int, rule: str) -> float:
    """What a thousand rows cost, where to miss one is as bad as twenty false alarms."""
    return next(float(row[-1]) for row in skew.lesson(seed).rows if row[0] == rule)


@fault("f1-for-a-price", "cost of 1,000 rows, where one that is missed costs 20 and a false alarm 1 (the truth: 127)")
def f1_for_a_price(seed: int, faulty: bool) -> float:
    return cost_of(seed, "largest F1" if faulty else "least cost")


@fault("columns-before-the-split", "accuracy by 5 folds on labels that have nothing to do with 5,000 columns", seeds=3)
def columns_before_the_split(seed: int, faulty: bool) -> float:
    each, rng = leaks.PREPARATIONS["columns chosen"], generator(seed, "fault")
    found: list[Any] = [leaks.estimates(each.fit, each.world, rng) for _ in range(20)]
    return math.fsum(leaked if faulty else honest for leaked, honest, _ in found) / len(found)
