"""How a network descends: rates over the budget, and which optimizer is meant."""

from typing import Any

import pytest
import torch
from torch import nn

from palestra.datasets.dataset import Dataset
from palestra.errors import UsageError
from palestra.learners.labels.descent import DescentConfig, make_optimizer
from palestra.learners.labels.softmax_regression import SoftmaxRegression, SoftmaxRegressionConfig
from palestra.nets.adam import ClippedAdam
from palestra.nets.sgd import SGD


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", [2.0, 2.0, 2.0, 2.0]),
        ("linear", [2.0, 1.5, 1.0, 0.0]),
        ("one-cycle", [0.2, 2.0, 4 / 3, 0.0]),
        ("cosine", [2.0, 1 + 0.5**0.5, 1.0, 0.0]),
    ],
)
def test_rates_over_the_budget(schedule: Any, rates: list[float]) -> None:
    config = DescentConfig(learning_rate=2.0, learning_rate_schedule=schedule)
    assert [config.rate(share) for share in (0.0, 0.25, 0.5, 1.0)] == pytest.approx(rates, abs=1e-12)
    # Whether a training that goes further is another training is asked of the settings by this name.
    assert config.schedules() == (() if schedule == "constant" else ("learning_rate_schedule",))


def test_a_word_is_an_optimizer() -> None:
    made = {
        word: make_optimizer(DescentConfig(optimizer=word, weight_decay=0.1), nn.Linear(2, 2))  # type: ignore[arg-type]
        for word in ("sgd", "momentum", "nesterov", "adam")
    }
    kinds = {word: (each.momentum, each.nesterov) for word, each in made.items() if isinstance(each, SGD)}
    assert kinds == {"sgd": (0.0, False), "momentum": (0.9, False), "nesterov": (0.9, True)}
    assert isinstance(made["adam"], ClippedAdam)
    for each in made.values():
        assert each.decay is not None
        assert each.decay.tolist() == pytest.approx([0.1] * 4 + [0.0] * 2)


@pytest.mark.parametrize("wrong", [{"learning_rate": 0.0}, {"weight_decay": -1.0}, {"batch_size": 0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        DescentConfig(**wrong)


def test_all_that_descend_have_the_same_schedules() -> None:
    """What is written by hand falls to nothing as the networks do: an epoch of a plain loop says so."""
    splits = Dataset("digits").load()
    budget = len(splits["train"].inputs)
    config = SoftmaxRegressionConfig(batch_size=100, learning_rate=0.2, learning_rate_schedule="linear")
    learner = SoftmaxRegression("digits", config).learn(budget)
    plain = SoftmaxRegression("digits", config)
    for number in range(plain.loader.batches_per_epoch):
        inputs, label_B = plain.loader.batch(number)
        assert label_B is not None
        _, to_weight_FK, to_bias_K = plain.by_autograd(plain.features(inputs), label_B)
        rate = 0.2 * (1 - 100 * number / budget)
        plain.weight_FK -= rate * to_weight_FK
        plain.bias_K -= rate * to_bias_K
    torch.testing.assert_close(learner.weight_FK, plain.weight_FK, rtol=1e-10, atol=1e-12)
