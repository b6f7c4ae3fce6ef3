"""What learned from data says in tensors: what ``predict`` says, and why."""

from typing import Any

import numpy as np
import pytest
import torch

import palestra
from palestra.exports.estimators import Said, squared_distances
from palestra.learners.registry import learner_type
from palestra.ops import lloyd

LEARNED = [
    ("image-classifier", "digits", {"net": "mlp"}, ("label", "probability")),
    ("mlp", "digits", {}, ("label", "probability")),
    ("decision-tree", "iris", {}, ("label", "probability")),
    ("linear-regression", "diabetes", {"degree": 2}, ("value",)),
    ("k-means", "iris", {"groups": 3, "restarts": 2}, ("group", "distance")),
    ("pca", "digits", {"components": 3}, ("row", "code")),
    ("autoencoder", "digits", {"code": 2}, ("row", "code")),
    ("gaussian-anomaly", "toy/outliers", {}, ("label", "probability")),
    ("matrix-factorisation", "toy/ratings", {}, ("value",)),
]


@pytest.mark.parametrize(("name", "data", "settings", "names"), LEARNED, ids=[each[0] for each in LEARNED])
def test_it_says_what_predict_says(name: str, data: str, settings: dict[str, Any], names: tuple[str, ...]) -> None:
    registered = learner_type(name)
    learner: Any = registered(data, registered.config_type(**settings))
    for _ in range(3):
        if not learner.finished:
            learner.step()
    rows = learner.train.inputs[:40]
    predicted = learner.predict(rows.numpy())
    module = Said(learner)
    assert module.names == names
    with torch.no_grad():
        said = dict(zip(names, module(rows)))
    np.testing.assert_allclose(said[names[0]].numpy(), predicted, rtol=1e-6, atol=1e-6)
    if "probability" in said:
        torch.testing.assert_close(said["probability"].sum(1), torch.ones(40).to(said["probability"]))
        assert torch.equal(said["probability"].argmax(1), said["label"])
    if "code" in said:
        assert torch.equal(said["code"], learner.encode(rows))


def test_distances_are_those_of_lloyds_algorithm() -> None:
    generator = torch.Generator().manual_seed(0)
    rows_BF, centre_GF = (torch.rand(n, 4, generator=generator, dtype=torch.float64) for n in (30, 5))
    found = squared_distances(rows_BF, centre_GF)
    torch.testing.assert_close(found, lloyd.squared_distances(rows_BF, centre_GF), rtol=1e-12, atol=1e-12)


def test_a_network_is_asked_as_it_predicts() -> None:
    learner: Any = palestra.ImageClassifier("digits", palestra.ImageClassifierConfig(net="mlp"))
    learner.network.train()
    Said(learner)
    assert not learner.network.training
