"""Bayesian matrix factorisation by Gibbs sampling (Salakhutdinov & Mnih 2008), with biases.

    r_ui ~ N(m + b_u + c_i + p_u q_i, 1 / alpha)
    x_u = (p_u, b_u) ~ N(mu_U, Lambda_U^-1),   y_i = (q_i, c_i) ~ N(mu_I, Lambda_I^-1)
    mu, Lambda ~ normal-Wishart,   alpha ~ Gamma

Nothing is fitted: a sweep draws everything once given everything else, and what is predicted is the mean over sweeps.
How strongly factors are held back, which other methods search for, is drawn with the rest. Given the films the users
know nothing of each other, and so all are drawn at once:

    x_u ~ N(P^-1 (Lambda mu + alpha sum_i f_i (r_ui - m - c_i)), P^-1),   f_i = (q_i, 1)
    P = Lambda + alpha sum_i f_i f_i'                                     (equations 12 and 13)

    Y  users
    I  films
    R  ratings
    V  factors and a bias
    Q  sweeps kept
    O  users or films, whichever are drawn
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.seeding import generator
from palestra.engine.settings import AlgorithmConfig
from palestra.errors import require
from palestra.learners.ratings.related import related
from palestra.learners.ratings.stars import check_pairs, stars_of
from palestra.measure import Metrics
from palestra.ops.scores import MAE, RMSE
from palestra.ops.wishart import normal_wishart


@dataclass(frozen=True)
class BayesianFactorisationConfig(AlgorithmConfig):
    """Settings of Bayesian matrix factorisation."""

    factors: int = 10
    """Numbers that describe a user, and a film, beside their biases."""
    burn_in: int = 20
    """Sweeps before the first that is kept."""
    samples: int = 60
    """Sweeps that are kept, the latest ones."""
    spread: float = 0.3
    """Standard deviation that factors begin with."""

    def __post_init__(self) -> None:
        require(self.factors >= 1, f"factors={self.factors}", "1 or more")
        require(self.burn_in >= 0, f"burn_in={self.burn_in}", "0 or more")
        require(self.samples >= 1, f"samples={self.samples}", "1 or more")
        require(self.spread > 0, f"spread={self.spread:g}", "above 0")


class Side(NamedTuple):
    """Who is drawn together, users or films, and whom they rated or were rated by."""

    given: Tensor
    """(O, ...) sparse, 1 for each rating, with a column for each of the other side."""
    stars: Tensor
    """Likewise, what each is above the mean."""


class BayesianFactorisation(Predictor, Learner):
    """Predicts ratings of pairs (user, film); inputs (B, 2) int64 from 0."""

    name = "bayesian-factorisation"
    config_type = BayesianFactorisationConfig
    config: BayesianFactorisationConfig
    clock_unit = "sweeps"
    default_budget = 80
    kind = "regressor"
    scores = (RMSE, MAE)
    indexed = True
    dtype = torch.float64
    together = 1_024
    saves = ("generator", "user_QYV", "film_QIV", "precision")
    derives = ("sides",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        self.generator = generator(seed, "sweeps", device=self.device)
        self.stars = stars_of(self.splits)
        self.user_QYV, self.film_QIV = (
            torch.zeros(self.config.samples, count, self.config.factors + 1, dtype=self.dtype, device=self.device)
            for count in (self.stars.users, self.stars.films)
        )
        for each in (self.user_QYV, self.film_QIV):
            each[0].normal_(0.0, self.config.spread, generator=self.generator)
        self.precision = 1.0

    @property
    def _stars(self) -> Tensor:
        stars_R = self.train.targets
        assert stars_R is not None
        return stars_R

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Of the users, and of the films."""
        pair_R2, apart_R = self.train.inputs, self._stars - self.stars.mean
        shape = (self.stars.users, self.stars.films)

        def side(pair_2R: Tensor, shape: tuple[int, int]) -> Side:
            return Side(*(sparse(pair_2R, each_R, shape) for each_R in (torch.ones_like(apart_R), apart_R)))

        return side(pair_R2.T, shape), side(pair_R2.T.flip(0), shape[::-1])

    @property
    def kept(self) -> int:
        """Sweeps that predictions are the mean of."""
        return min(max(1, self.clock - self.config.burn_in), self.config.samples)

    def step(self) -> Metrics:
        """One sweep."""
        with torch.no_grad():
            now, place = self._place(self.clock), self._place(self.clock + 1)
            users, films = self.sides
            user_YV = self._drawn(self.user_QYV[now], self.film_QIV[now], users)
            film_IV = self._drawn(self.film_QIV[now], user_YV, films)
            self.user_QYV[place], self.film_QIV[place] = user_YV, film_IV
            error_R = self._stars - self._predicted(user_YV, film_IV, self.train.inputs)
            square = float(error_R.square().sum())
            # alpha ~ Gamma((1 + R) / 2, (1 + sum of squares) / 2)
            shape = torch.tensor((1 + len(error_R)) / 2, dtype=self.dtype, device=self.device)
            self.precision = float(torch._standard_gamma(shape, generator=self.generator)) * 2 / (1 + square)
        self.clock += 1
        return {"train/rmse": (square / len(error_R)) ** 0.5, "train/noise": self.precision**-0.5}

    def _place(self, clock: int) -> int:
        """Where the sweep lies that ended at a time: the first place until some are kept, then one after the other."""
        return max(0, clock - self.config.burn_in - 1) % self.config.samples

    def _drawn(self, old_OV: Tensor, other: Tensor, side: Side) -> Tensor:
        """(O, V) of one side given the other."""
        size = old_OV.shape[1]
        prior = normal_wishart(
            old_OV, old_OV.new_zeros(size), torch.eye(size).to(old_OV), 2.0, size, self.generator
        )  # Salakhutdinov & Mnih 2008, eq. 14
        precision_OVV, pull_OV = conditional(other, side, *prior, self.precision)
        root_OVV = torch.linalg.cholesky(precision_OVV)
        noise_OV1 = torch.randn(*old_OV.shape, 1, dtype=self.dtype, device=self.device, generator=self.generator)
        # With P = L L' a draw is P^-1 h + L'^-1 z = L'^-1 (L^-1 h + z).
        half_OV1 = torch.linalg.solve_triangular(root_OVV, pull_OV[..., None], upper=False) + noise_OV1
        drawn_OV1: Tensor = torch.linalg.solve_triangular(root_OVV.mT, half_OV1, upper=True)
        return drawn_OV1[..., 0]

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B,) stars, within the scale, the mean over the sweeps kept."""
        kept = self.kept
        stars_QB = self._predicted(self.user_QYV[:kept], self.film_QIV[:kept], inputs)
        return stars_QB.mean(0).clamp(self.stars.lowest, self.stars.highest)

    def check_rows(self, rows: NDArray[Any]) -> None:
        """UsageError for a user or a film that was not there."""
        check_pairs(rows, self.stars.users, self.stars.films)

    def exhibits(self) -> list[Exhibit]:
        """Films that are alike."""
        return [related(self.film_QIV[: self.kept, :, :-1], self.train.inputs[:, 1], self.dataset)]

    def _predicted(self, user: Tensor, film: Tensor, pair_B2: Tensor) -> Tensor:
        """(..., B) of (..., Y, V) and (..., I, V)."""
        user, film = user[..., pair_B2[:, 0], :], film[..., pair_B2[:, 1], :]
        return self.stars.mean + (user[..., :-1] * film[..., :-1]).sum(-1) + user[..., -1] + film[..., -1]


def sparse(pair_2R: Tensor, value_R: Tensor, shape: tuple[int, int]) -> Tensor:
    """A table with the values at their places, row after row as products want them; what has no place is 0."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse")  # PyTorch says of each such tensor that it may change them yet
        placed = torch.sparse_coo_tensor(pair_2R, value_R, shape, check_invariants=False)
        return placed.coalesce().to_sparse_csr()


def conditional(other: Tensor, side: Side, mean_V: Tensor, prior_VV: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """(O, V, V) P and (O, V) P times the mean, of those who rated others or were rated by them (eq. 12 and 13).

    Args:
        other: factors and bias of the others.
        side: who was rated by whom.
        mean_V: mu, before any rating.
        prior_VV: Lambda.
        alpha: precision of a rating.
    """
    size = other.shape[1]
    feature, bias = torch.cat((other[:, :-1], torch.ones_like(other[:, :1])), 1), other[:, -1:]
    square = feature[:, :, None] * feature[:, None]
    # Salakhutdinov & Mnih 2008, eq. 12 and 13
    precision_OVV = prior_VV + alpha * (side.given @ square.flatten(1)).view(-1, size, size)
    pull_OV = side.stars @ feature - side.given @ (bias * feature)
    return precision_OVV, prior_VV @ mean_V + alpha * pull_OV
