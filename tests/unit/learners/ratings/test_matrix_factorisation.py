"""Matrix factorisation by descent: its loss by hand, and what it comes to where the answer is known."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from palestra.datasets.dataset import InMemory, Split
from palestra.errors import UsageError
from palestra.learners.ratings.matrix_factorisation import (
    BinaryFactorisation,
    MatrixFactorisation,
    MatrixFactorisationConfig,
)
from palestra.measure import Measure


def ratings(seed: int = 0) -> InMemory:
    """Of a truth of two factors without noise, 60 of 100 pairs."""
    rng = np.random.default_rng(seed)
    p, q, b, c = (rng.normal(size=shape) for shape in ((60, 2), (50, 2), (60, 1), (50, 1)))
    truth = 3 + p @ q.T + b + c.T
    pairs = np.stack(np.divmod(rng.permutation(3_000), 50), 1)
    stars = truth[pairs[:, 0], pairs[:, 1]].astype(np.float32)
    parts = {"train": slice(0, 1_800), "validation": slice(1_800, None)}
    return InMemory({k: Split(torch.from_numpy(pairs[at]), torch.from_numpy(stars[at])) for k, at in parts.items()})


def liked(data: InMemory) -> InMemory:
    """The same with labels: 1 for more than 3."""
    splits = {name: Split(split.inputs, (split.targets > 3).long()) for name, split in data.load().items()}
    return InMemory(splits)


def test_it_finds_a_truth_of_low_rank() -> None:
    data = ratings()
    config = MatrixFactorisationConfig(factors=4, penalty=1e-3, batch_size=200, learning_rate=0.05)
    learner = MatrixFactorisation(data, config, seed=0, device="cpu")
    before = learner.measured(Measure(0)).score
    learner.learn(120 * 1_800)
    assert learner.measured(Measure(0)).score < 0.2 < 1.0 < before


def test_biases_alone_come_to_the_ridge_of_who_rated_what() -> None:
    data, penalty = ratings(), 0.1
    config = MatrixFactorisationConfig(
        factors=0, penalty=penalty, batch_size=1_800, learning_rate=0.1, learning_rate_schedule="cosine"
    )
    learner = MatrixFactorisation(data, config, seed=0, device="cpu").learn(1_500 * 1_800)
    pair, stars = (each.numpy() for each in data.load()["train"] if each is not None)
    # Each rating holds its user and its film back, so one of n ratings is held back n times.
    one_hot = np.concatenate([np.eye(60)[pair[:, 0]], np.eye(50)[pair[:, 1]]], 1)
    times = np.sqrt(one_hot.sum(0))
    apart = stars.astype(np.float64) - stars.mean(dtype=np.float64)
    ridge = Ridge(alpha=penalty, fit_intercept=False).fit(one_hot / times, apart)
    wanted = ridge.coef_ / times
    found = torch.cat((learner.network.user_Y, learner.network.film_I)).detach().numpy()
    assert np.allclose(found, wanted, atol=2e-3)


def test_whoever_rated_nothing_is_expected_to_rate_as_the_mean() -> None:
    data = ratings()
    learner = MatrixFactorisation(data, seed=0, device="cpu")
    stars = data.load()["train"].targets
    assert stars is not None
    with torch.no_grad():
        learner.network.user_YV[3], learner.network.film_IV[4] = 0.0, 0.0
    assert learner.predict(np.array([[3, 4]])) == pytest.approx(float(stars.mean()), rel=1e-6)


def test_binary_labels_descend_the_cross_entropy() -> None:
    data = liked(ratings())
    config = MatrixFactorisationConfig(factors=4, penalty=3e-3, batch_size=200, learning_rate=0.05)
    learner = BinaryFactorisation(data, config, seed=0, device="cpu")
    pair, label = data.load()["train"]
    assert label is not None
    share = float(label.double().mean())
    assert float(learner.network.middle) == pytest.approx(np.log(share / (1 - share)), rel=1e-6)
    found = learner.network(pair).detach()
    by_hand = -torch.where(label == 1, found.sigmoid(), 1 - found.sigmoid()).log().mean()
    assert float(learner.loss(found, label)) == pytest.approx(float(by_hand), rel=1e-5)
    before = learner.measured(Measure(0)).score
    learner.learn(100 * 1_800)
    assert learner.measured(Measure(0)).score > 0.88 > before + 0.2
    assert set(learner.predict(pair.numpy()[:200]).tolist()) == {0, 1}


def test_labels_of_one_kind_are_refused() -> None:
    splits = {
        name: Split(split.inputs, torch.ones(len(split.inputs)).long()) for name, split in ratings().load().items()
    }
    with pytest.raises(UsageError, match="labels of which 100% are 1; expected both 0 and 1"):
        BinaryFactorisation(InMemory(splits), device="cpu")
