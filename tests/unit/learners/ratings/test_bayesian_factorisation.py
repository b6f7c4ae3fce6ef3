"""Bayesian matrix factorisation: what a sweep draws from, and what it finds where the truth is known."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.ratings.bayesian_factorisation import (
    BayesianFactorisation,
    BayesianFactorisationConfig,
    Side,
    conditional,
)
from palestra.measure import Measure

NOISE = 0.2


def ratings(users: int = 80, films: int = 60, seed: int = 0) -> tuple[InMemory, float]:
    """Of a truth of two factors and biases, half of all pairs with noise; how well the biases alone would do."""
    rng = np.random.default_rng(seed)
    p, q, b, c = (rng.normal(size=shape) for shape in ((users, 2), (films, 2), (users, 1), (films, 1)))
    product = p @ q.T
    truth = 3 + product + b + c.T
    pairs = np.stack(np.divmod(rng.permutation(users * films)[: users * films // 2], films), 1)
    stars = truth[pairs[:, 0], pairs[:, 1]] + rng.normal(scale=NOISE, size=len(pairs))
    parts = {"train": slice(0, 2_000), "validation": slice(2_000, None)}
    splits = {name: Split(torch.from_numpy(pairs[at]), torch.from_numpy(stars[at])) for name, at in parts.items()}
    return InMemory(splits), float(product.std())


def made(data: InMemory, **settings: Any) -> BayesianFactorisation:
    return BayesianFactorisation(data, BayesianFactorisationConfig(**settings), seed=0, device="cpu")


def test_it_finds_a_truth_of_low_rank_up_to_its_noise() -> None:
    data, biases = ratings()
    learner = made(data, factors=4, burn_in=10, samples=20)
    before = learner.measured(Measure(0)).score
    for _ in range(30):
        metrics = learner.step()
    found = learner.measured(Measure(0)).score
    assert NOISE < found < 1.35 * NOISE < 0.3 * biases < before
    assert metrics["train/noise"] == pytest.approx(NOISE, rel=0.1)


def test_given_the_films_a_user_is_drawn_around_the_ridge_of_its_ratings() -> None:
    rng = np.random.default_rng(0)
    film, stars, given = rng.normal(size=(9, 4)), rng.normal(size=(5, 9)), rng.random((5, 9)) < 0.6
    given[0] = False  # who rated nothing is drawn from the prior
    side = Side(*(torch.from_numpy(each).to_sparse_csr() for each in (given * 1.0, given * stars)))
    prior = 0.7 * torch.eye(4, dtype=torch.float64)
    mean = torch.from_numpy(rng.normal(size=4))
    precision, pull = conditional(torch.from_numpy(film), side, mean, prior, 2.5)
    found = torch.linalg.solve(precision, pull[..., None])[..., 0].numpy()
    assert np.allclose(found[0], mean)
    assert torch.allclose(precision[0], prior)
    for user in range(1, 5):
        feature = np.column_stack([film[given[user], :-1], np.ones(given[user].sum())])
        rest = stars[user][given[user]] - film[given[user], -1] - feature @ mean.numpy()
        ridge = Ridge(alpha=0.7 / 2.5, fit_intercept=False).fit(feature, rest)
        assert np.allclose(found[user], mean.numpy() + ridge.coef_)


def test_what_is_predicted_is_the_mean_over_the_sweeps_kept_within_the_scale() -> None:
    data, _ = ratings()
    learner = made(data, factors=2, burn_in=3, samples=4)
    pairs = data.load()["validation"].inputs[:7]
    single = []
    for sweep in range(9):
        learner.step()
        place = max(0, sweep - 3) % 4
        if sweep >= 3:
            single.append(learner._predicted(learner.user_QYV[place], learner.film_QIV[place], pairs))
        assert learner.kept == min(max(1, sweep - 2), 4)
    wanted = torch.stack(single[-4:]).mean(0).clamp(learner.stars.lowest, learner.stars.highest)
    assert torch.allclose(learner.outputs(pairs), wanted)
    assert learner.outputs(torch.tensor([[0, 0]])) <= learner.stars.highest


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"factors": 0}, "factors=0; expected 1 or more"),
        ({"samples": 0}, "samples=0; expected 1 or more"),
        ({"burn_in": -1}, "burn_in=-1; expected 0 or more"),
        ({"spread": 0.0}, "spread=0; expected above 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        BayesianFactorisationConfig(**settings)
