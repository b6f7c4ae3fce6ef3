"""Faults in linear regression, polynomials, weight decay and the house prices (B1, B4, B5 and B9)."""

from math import factorial, prod

import numpy as np
import torch
from torch import Tensor, nn

from faults.fault import fault
from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.datasets.tables.splits import Cut
from palestra.learners.labels.linear_regression import LinearRegression, LinearRegressionConfig
from palestra.nets.adam import ClippedAdam
from palestra.nets.initialisation import realised

HOUSES = 1_460


@fault("printed-loss", "loss that is printed after three epochs on a line with noise of 0.01 (loss of the truth: 5e-5)")
def printed_loss(seed: int, faulty: bool) -> float:
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(1_000, 2, generator=rng)
    y = x @ torch.tensor([2.0, -3.4]) + 4.2 + 0.01 * torch.randn(1_000, generator=rng)
    learner = LinearRegression(InMemory({"train": Split(x, y)}), LinearRegressionConfig(batch_size=10), seed=seed)
    learner.learn(3_000)
    loss = float(learner.by_hand(x.double(), y.double())[0])
    return float(f"{1:g}" if faulty else f"{loss:g}")


class OneColumnForAll(LinearRegression):
    """Powers of which one is divided by all twenty factorials, and the others by none."""

    def _powers(self, inputs: Tensor) -> Tensor:
        x_BF = self.features(inputs)
        powers = [x_BF**k for k in range(1, self.config.degree + 1)]
        return torch.cat([powers[0] / float(prod(map(factorial, range(20)))), *powers[1:]], 1)


def cubic(seed: int, faulty: bool, degree: int) -> LinearRegression:
    """A fit that has not begun, to labels that are made of its own features, as in the notes."""
    kind = OneColumnForAll if faulty else LinearRegression
    data = Dataset("toy/polynomial", {"seed": seed}).load()
    inputs = data["train"].inputs
    settings = LinearRegressionConfig(degree=degree, solver="closed-form")
    features_BF = kind(InMemory(data), settings)._powers(inputs)[:, :3]
    noise_B = 0.1 * torch.randn(len(inputs), generator=torch.Generator().manual_seed(1_000 + seed))
    label_B = 5.0 + features_BF @ torch.tensor([1.2, -3.4, 5.6]).double() + noise_B
    return kind(InMemory({"train": Split(inputs, label_B)}), settings, seed=seed)


@fault("powers-in-one-column", "weight of x in the cubic that fits best (true: 1.2)")
def powers_in_one_column(seed: int, faulty: bool) -> float:
    return round(float(cubic(seed, faulty, degree=3).learn(1).weight_F[0]), 9)


@fault("powers-undivided", "largest number among 19 powers of 100 normal numbers")
def powers_undivided(seed: int, faulty: bool) -> float:
    learner = cubic(seed, faulty, degree=19)
    return float(learner._powers(learner.train.inputs).abs().max())


class BiasDecays(LinearRegression):
    """Weight decay of all parameters."""

    def by_hand(self, x_BF: Tensor, y_B: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        loss, to_weight_F, to_bias = super().by_hand(x_BF, y_B)
        return loss, to_weight_F, to_bias + self.config.weight_decay * self.bias


@fault("bias-decays", "how far the mean of the predictions is from that of the data, 12, lambda 0.02")
def bias_decays(seed: int, faulty: bool) -> float:
    rng = torch.Generator().manual_seed(seed)
    x = torch.randn(500, 3, generator=rng)
    y = x.sum(1) + 12.0 + 0.1 * torch.randn(500, generator=rng)
    config = LinearRegressionConfig(weight_decay=0.02, batch_size=500, learning_rate=0.1)
    learner = (BiasDecays if faulty else LinearRegression)(InMemory({"train": Split(x, y)}), config, seed=seed)
    return round(abs(float((learner.learn(500 * 500).outputs(x) - y).mean())), 9)


@fault("one-fold-for-all", "houses, of 1,460, on which any of five folds is validated", seeds=1)
def one_fold_for_all(seed: int, faulty: bool) -> float:
    folds = [Cut(test=0.0, folds=5, fold=1 if faulty else i).rows(HOUSES)["validation"] for i in range(5)]
    return float(len(np.unique(np.concatenate(folds))))


def houses(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Made houses: features and logarithms of prices to train on, and to validate by."""
    splits = Dataset("house-prices", {"stand_in": True, "test": 0.0, "seed": seed}).load()
    (x, y), (held_x, held_y) = splits["train"], splits["validation"]
    assert y is not None
    assert held_y is not None
    return x, y, held_x, held_y


class Accumulating(ClippedAdam):
    """Adam whose gradients are never zeroed: each is the sum of all so far."""

    so_far: Tensor | None = None

    def _move(self) -> None:
        self.so_far = self.gradient.clone() if self.so_far is None else self.so_far + self.gradient
        self.gradient.copy_(self.so_far)
        super()._move()


@fault("gradients-never-zeroed", "largest log-RMSE of epochs 101 to 150, Adam on the prices of made houses", seeds=2)
def gradients_never_zeroed(seed: int, faulty: bool) -> float:
    x, y, held_x, held_y = houses(seed)
    rng = torch.Generator().manual_seed(seed)
    net = realised(lambda: nn.Linear(x.shape[1], 1), "xavier", rng)
    optimizer = (Accumulating if faulty else ClippedAdam)([net], 5.0)
    price, errors = y.exp(), []
    for _ in range(150):
        for rows in torch.randperm(len(x), generator=rng).split(64):
            optimizer.descend((net(x[rows])[:, 0] - price[rows]).square().mean())
        predicted = net(held_x)[:, 0].detach().clamp(min=1.0).log()
        errors.append(float((predicted - held_y).square().mean().sqrt()))
    return max(errors[100:])
