"""Faults in forests, boosting, k-means, principal components and ratings (C9 to C12 and C14)."""

from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from faults.fault import fault
from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.learners.estimators.library_classifier import LEAST, LibraryClassifier, LibraryClassifierConfig
from palestra.learners.ratings.matrix_factorisation import MatrixFactorisation, MatrixFactorisationConfig
from palestra.learners.structure.pca import PCA, PCAConfig
from palestra.ops.lloyd import inertia_of, nearest_centre, random_start, settled, spread_start

BLOBS = "toy/two-blobs"


class Votes(LibraryClassifier):
    """Trees that are counted."""

    def said(self, estimator: Any, inputs: Any) -> Tensor:
        votes_BK = np.zeros((len(inputs), self.num_classes))
        for tree in estimator.estimators_:
            votes_BK[np.arange(len(inputs)), tree.predict(inputs).astype(int)] += 1 / len(estimator.estimators_)
        return torch.from_numpy(np.log(np.clip(votes_BK, LEAST, None)))


@fault("trees-that-vote", "log loss of 100 trees with five rows a leaf on two clouds (of the truth: 0.25)", seeds=3)
def trees_that_vote(seed: int, faulty: bool) -> float:
    config = LibraryClassifierConfig("RandomForestClassifier", {"n_estimators": 100, "min_samples_leaf": 5})
    learner = (Votes if faulty else LibraryClassifier)(Dataset(BLOBS, {"seed": seed}), config, seed=seed)
    return learner.learn(100).evaluate(split="test").metrics["eval/log_loss"]


@fault("boosting-to-its-end", "log loss of XGBoost on two clouds (of the truth: 0.25)", seeds=3)
def boosting_to_its_end(seed: int, faulty: bool) -> float:
    config = LibraryClassifierConfig("XGBClassifier", early_stopping_rounds=0 if faulty else 10, rounds_per_step=5)
    learner = LibraryClassifier(Dataset(BLOBS, {"seed": seed}), config, seed=seed)
    return learner.learn(100).evaluate(split="test").metrics["eval/log_loss"]


@fault("rows-to-start-from", "inertia over that of the true centres: 25 clouds, k-means from one start")
def rows_to_start_from(seed: int, faulty: bool) -> float:
    rng = torch.Generator().manual_seed(seed)
    true_GF = 10.0 * torch.tensor([*product(range(5), range(5))], dtype=torch.float64)
    rows_BF = true_GF.repeat(40, 1) + torch.randn(1_000, 2, generator=rng, dtype=torch.float64)
    start_GF = (random_start if faulty else spread_start)(rows_BF, len(true_GF), rng)
    found, true = (
        inertia_of(rows_BF, centre_GF, nearest_centre(rows_BF, centre_GF))
        for centre_GF in (settled(rows_BF, start_GF), settled(rows_BF, true_GF))
    )
    return float(found / true)


@fault("units-in-the-plane", "share of the first direction that is a column in millimetres, the others in metres")
def units_in_the_plane(seed: int, faulty: bool) -> float:
    """Two columns go together and the third, with the small unit, with neither."""
    rng = torch.Generator().manual_seed(seed)
    rows_BF = torch.randn(1_000, 3, generator=rng, dtype=torch.float64)
    rows_BF[:, 1] = 0.9 * rows_BF[:, 0] + 0.4 * rows_BF[:, 1]
    rows_BF = (rows_BF * torch.tensor([1.0, 1.0, 1_000.0])) - rows_BF.mean(0)
    if not faulty:
        rows_BF = rows_BF / rows_BF.std(0)
    learner = PCA(InMemory({"train": Split(rows_BF, None)}), PCAConfig(components=1)).learn(1)
    return round(float(learner.axis_KF[0, 2].square()), 4)


@fault("zeros-are-stars", "error on ratings that are held out, their noise 0.25, of a factorisation", seeds=2)
def zeros_are_stars(seed: int, faulty: bool) -> float:
    splits = dict(Dataset("toy/ratings", {"seed": seed}).load())
    (pairs, stars), test = splits["train"], splits["test"]
    assert stars is not None
    if faulty:  # the whole table, in which 0 stands where nobody rated
        table = torch.zeros(int(pairs[:, 0].max()) + 1, int(pairs[:, 1].max()) + 1)
        table[pairs[:, 0], pairs[:, 1]] = stars
        whole = torch.tensor([*product(*map(range, table.shape))])
        splits["train"] = Split(whole, table.flatten())
    settings = MatrixFactorisationConfig(factors=4, batch_size=256, penalty=0.02)
    learner = MatrixFactorisation(InMemory({"train": splits["train"], "test": test}), settings, seed=seed)
    return learner.learn(40 * len(pairs)).evaluate(split="test").score
