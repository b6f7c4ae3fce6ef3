"""Collaborative filtering by matrix factorisation (Koren, Bell & Volinsky 2009, equations 3 and 5), by descent.

    r^_ui = m + b_u + c_i + p_u q_i
    loss = mean over ratings 1/2 (r^_ui - r_ui)^2 + lambda / 2 (|p_u|^2 + |q_i|^2 + b_u^2 + c_i^2)

m is the mean of all ratings, so that whoever rated nothing is expected to rate as everybody does ("mean
normalisation"). With binary labels m is the log-odds of the mean, and the squared error becomes the cross-entropy of
p = 1 / (1 + e^-r^).

    I  films
    V  factors of each
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.datasets.loader import Loader
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.ranks import Ranks
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.labels.descent import DescentConfig, make_optimizer, share_batches
from palestra.learners.ratings.related import related
from palestra.learners.ratings.stars import check_pairs, stars_of
from palestra.measure import Metrics
from palestra.nets.factors import Factors
from palestra.ops.scores import ACCURACY, LOG_LOSS, MAE, RMSE


@dataclass(frozen=True)
class MatrixFactorisationConfig(DescentConfig):
    """Settings of matrix factorisation."""

    batch_size: int = 1_024
    """Ratings of a batch."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 0.02
    """Step size; with a schedule, the largest."""
    weight_decay: float = 0.0
    """Decay of whole tables at each step, whoever is in the batch; ``penalty`` is the usual one."""
    factors: int = 20
    """Numbers that describe a user, and a film, beside their biases; 0 for biases alone."""
    penalty: float = 0.08
    """Lambda, of the users and films of each rating."""
    spread: float = 0.1
    """Standard deviation that factors begin with."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.factors >= 0, f"factors={self.factors}", "0 or more")
        require(self.penalty >= 0, f"penalty={self.penalty:g}", "0 or more")
        require(self.spread >= 0, f"spread={self.spread:g}", "0 or more")


class MatrixFactorisation(Predictor, Learner):
    """Predicts ratings of pairs (user, film); inputs (B, 2) int64 from 0."""

    name = "matrix-factorisation"
    config_type = MatrixFactorisationConfig
    config: MatrixFactorisationConfig
    clock_unit: ClassVar[str] = "ratings"
    kind: ClassVar[Literal["classifier", "regressor", "clusterer"]] = "regressor"
    scores = (RMSE, MAE)
    indexed = True
    saves = ("loader", "network", "optimizer")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        config = self.config
        self.loader = Loader(self.train, config.batch_size, seed=seed)
        self.stars, drawn = stars_of(self.splits), generator(seed, "factors")
        made = Factors(self.stars.users, self.stars.films, config.factors, self._middle(), config.spread, drawn)
        self.network = made.to(self.device)
        self.optimizer = make_optimizer(config, self.network)

    def join(self, ranks: Ranks) -> None:
        """Descend by a share of every batch."""
        self.ranks = share_batches(ranks, self.loader, self.optimizer, self.network)

    def step(self) -> Metrics:
        """Some batches."""
        config, losses = self.config, []
        for pair_B2, stars_B in self.loader.take(config.batches_per_step):
            assert stars_B is not None  # ratings have stars
            self.optimizer.learning_rate = config.rate(self.budget_used)
            found_B, size_B = self.network.scored(pair_B2)
            loss = self.loss(found_B, stars_B)
            self.optimizer.descend(loss + config.penalty / 2 * size_B.mean())  # Koren et al. 2009, eq. 5
            losses.append(loss.detach())
            self.clock = self.loader.position
        return {
            "train/loss": float(torch.stack(losses).mean()),
            "train/learning_rate": self.optimizer.learning_rate,
            **self.loader.report(),
        }

    def loss(self, found_B: Tensor, stars_B: Tensor) -> Tensor:
        """Half of the mean squared error."""
        return F.mse_loss(found_B, stars_B) / 2  # Koren et al. 2009, eq. 5

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B,) stars, within the scale that it fitted."""
        found_B: Tensor = self.network(inputs)
        return found_B.clamp(self.stars.lowest, self.stars.highest)

    def check_rows(self, rows: NDArray[Any]) -> None:
        """UsageError for a user or a film that was not there."""
        check_pairs(rows, self.stars.users, self.stars.films)

    def exhibits(self) -> list[Exhibit]:
        """Films that are alike."""
        if not self.config.factors:
            return []
        return [related(self.network.film_IV.detach()[None], self.train.inputs[:, 1], self.dataset)]

    def _middle(self) -> float:
        """What is expected of whoever rated nothing."""
        return self.stars.mean


class BinaryFactorisation(MatrixFactorisation):
    """Predicts whether a pair gets on: 0 or 1."""

    name = "binary-factorisation"
    kind = "classifier"
    scores = (ACCURACY, LOG_LOSS)

    def loss(self, found_B: Tensor, stars_B: Tensor) -> Tensor:
        """The cross-entropy."""
        return F.binary_cross_entropy_with_logits(found_B, stars_B.to(found_B.dtype))

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, 2) log-odds of 0 and of 1."""
        found_B: Tensor = self.network(inputs)
        return torch.stack((torch.zeros_like(found_B), found_B), 1)

    def _middle(self) -> float:
        share = self.stars.mean
        require(0 < share < 1, f"labels of which {share:.0%} are 1", "both 0 and 1")
        return math.log(share / (1 - share))
