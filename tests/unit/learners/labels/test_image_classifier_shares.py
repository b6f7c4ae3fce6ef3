"""The same batches over 1, 2 and 4 ranks: the same gradients, whatever stands in the network and however rows part."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from same_state import differing
from torch import Tensor

from palestra.datasets.dataset import InMemory, Split
from palestra.datasets.stand_ins import made_images
from palestra.engine.learner import Learner
from palestra.engine.state import capture
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.learners.ratings.matrix_factorisation import MatrixFactorisation, MatrixFactorisationConfig
from palestra.learners.structure.autoencoder import Autoencoder, AutoencoderConfig
from together import Threads, side_by_side

ROWS = 17
"""In batches of 8: the last of an epoch has one row, and three of four ranks none."""
STRAIGHT: dict[str, Any] = {
    "batch_size": 8, "batches_per_step": 1, "optimizer": "sgd", "learning_rate": 0.01, "weight_decay": 0.0,
    "learning_rate_schedule": "constant",
}  # fmt: skip


def images(rows: int = ROWS) -> InMemory:
    x, y = made_images((12, 12), 4, rows, 0, split="train")
    return InMemory({"train": Split(torch.from_numpy(x), torch.from_numpy(y).long())})


def ratings() -> InMemory:
    rng = np.random.default_rng(0)
    pairs = torch.from_numpy(np.stack([rng.integers(0, 6, ROWS), rng.integers(0, 5, ROWS)], 1))
    return InMemory({"train": Split(pairs, torch.from_numpy(rng.normal(3, 1, ROWS).astype(np.float32)))})


def classifier(rows: int = ROWS, **settings: Any) -> Callable[[], ImageClassifier]:
    return lambda: ImageClassifier(images(rows), ImageClassifierConfig(**STRAIGHT | settings), seed=0)


SMOOTH: dict[str, Any] = {"label_smoothing": 0.1, "flip": True, "pad": 2}
LEARNERS: dict[str, Callable[[], Any]] = {
    "dropout": classifier(net="mlp", net_settings={"hidden": [16], "dropout": 0.5}, **SMOOTH),
    "batch normalisation": classifier(
        24, net="resnet-20", net_settings={"blocks": [1, 1], "channels": [8, 16]}, batch_size=9, **SMOOTH
    ),
    "autoencoder": lambda: Autoencoder(images(), AutoencoderConfig(**STRAIGHT, code=3, hidden_sizes=(8,)), seed=0),
    "ratings": lambda: MatrixFactorisation(ratings(), MatrixFactorisationConfig(**STRAIGHT, factors=3), seed=0),
}


def gradients(learner: Any, steps: int) -> list[Tensor]:
    found = []
    for _ in range(steps):
        learner.step()
        found.append(learner.optimizer.gradient.clone())
    return found


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("size", [2, 4])
def test_shares_of_a_batch_have_the_gradient_of_the_batch(name: str, size: int) -> None:
    alone: Any = LEARNERS[name]()
    wanted = gradients(alone, 5)

    def work(ranks: Threads) -> tuple[list[Tensor], Learner]:
        learner: Any = LEARNERS[name]()
        learner.join(ranks)
        return gradients(learner, 5), learner

    done = side_by_side(size, work)
    assert min(float(each.abs().max()) for each in wanted) > 1e-3
    for found, learner in done:
        for one, other in zip(found, wanted, strict=True):
            assert float((one - other).abs().max()) <= 1e-6 * max(1.0, float(other.abs().max()))
        assert (learner.clock, learner.budget_used) == (alone.clock, 0.0)
        assert differing(capture(learner), capture(done[0][1])) == []  # to the bit, generators and statistics too


def test_one_call_adds_up_one_step_of_a_network_that_normalises_nothing() -> None:
    def work(ranks: Threads) -> int:
        learner: Any = LEARNERS["dropout"]()
        learner.join(ranks)
        learner.step()
        return ranks.calls

    assert side_by_side(2, work) == [1, 1]


def test_clipping_is_by_the_norm_of_the_whole() -> None:
    def made() -> Any:
        learner: Any = LEARNERS["dropout"]()
        learner.optimizer.max_grad_norm = 0.05
        return learner

    (wanted,) = gradients(made(), 1)
    assert float(wanted.norm()) == pytest.approx(0.05, rel=1e-4)

    def work(ranks: Threads) -> Tensor:
        learner = made()
        learner.join(ranks)
        return gradients(learner, 1)[0]

    for found in side_by_side(2, work):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
