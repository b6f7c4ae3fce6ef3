"""The multilayer perceptron: its derivative three times, dropout, and the same network in three words."""

from itertools import chain
from typing import Any

import pytest
import torch
from sklearn.utils.estimator_checks import check_estimator

from palestra.engine.estimator import estimator
from palestra.errors import UsageError
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.learners.labels.multilayer_perceptron import MultilayerPerceptron, MultilayerPerceptronConfig


def make(seed: int = 0, **settings: Any) -> MultilayerPerceptron:
    given = {"hidden_sizes": (12, 8), "batch_size": 64, **settings}
    return MultilayerPerceptron("digits", MultilayerPerceptronConfig(**given), seed=seed)


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("rate", [0.0, 0.4])
def test_the_derivative_by_hand_is_that_of_both_automatic_ones(rate: float, activation: str) -> None:
    learner = make(weight_decay=0.1, dropout=rate, activation=activation)
    x, y = torch.randn(9, 64).double(), torch.arange(9) % 10
    masks = learner.masks(9)
    loss, gradients = learner.by_hand(x, y, masks)
    for way in (learner.by_autodiff, learner.by_autograd):
        its_loss, its_gradients = way(x, y, masks)
        assert float(its_loss) == pytest.approx(float(loss), rel=1e-12)
        for ours, theirs in zip(gradients, its_gradients, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


def test_all_ways_end_in_the_same_parameters() -> None:
    ways = ("by-hand", "autodiff", "autograd")
    ends = [make(gradient=way, dropout=0.3, weight_decay=1e-3).learn(2_500).parameters for way in ways]
    for ours, *others in zip(*ends, strict=True):
        for theirs in others:
            torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)


def test_from_scratch_and_in_three_words_the_parameters_are_the_same() -> None:
    scratch = make(weight_decay=0.01)
    config = ImageClassifierConfig(
        net="mlp", net_settings={"hidden": [12, 8]}, optimizer="sgd", learning_rate=0.1,
        learning_rate_schedule="constant", weight_decay=0.01, batch_size=64,
    )  # fmt: skip
    concise = ImageClassifier("digits", config)
    with torch.no_grad():
        for ours, theirs in zip(scratch.parameters, concise.network.parameters(), strict=True):
            theirs.copy_(ours.t())
    for learner in (scratch, concise):
        learner.learn(4_000)
    for ours, theirs in zip(scratch.parameters, concise.network.parameters(), strict=True):
        torch.testing.assert_close(ours.t().float(), theirs.detach(), atol=1e-4, rtol=1e-3)


def test_dropout_keeps_the_mean_and_is_for_learning_alone() -> None:
    learner = make(dropout=0.25, hidden_sizes=(400,))
    (mask,) = learner.masks(500)
    assert sorted(set(mask.flatten().tolist())) == pytest.approx([0.0, 1 / 0.75])
    # Of 200,000 numbers with variance p / (1 - p) the mean has a deviation of 0.0013.
    assert float(mask.mean()) == pytest.approx(1.0, abs=0.006)
    assert float(mask.var()) == pytest.approx(0.25 / 0.75, abs=0.006)
    before = learner.left_out.get_state()
    assert torch.equal(learner.evaluate().samples, learner.evaluate().samples)
    assert torch.equal(learner.left_out.get_state(), before)
    plain = make(hidden_sizes=(400,))
    images = learner.train.inputs[:5]
    assert torch.equal(learner.outputs(images), plain.outputs(images))
    assert torch.equal(plain.masks(3)[0], torch.ones(3, 400).double())


def test_it_learns_digits_and_its_weights_begin_with_the_variance_that_relu_asks_for() -> None:
    learner = make(hidden_sizes=(300,))
    assert float(learner.parameters[0].var()) == pytest.approx(2 / 64, rel=0.05)
    assert not list(chain.from_iterable(bias.tolist() for bias in learner.parameters[1::2] if bias.any()))
    assert learner.learn(20 * 1_079).evaluate().score > 0.95


@pytest.mark.parametrize(
    "wrong", [{"dropout": 1.0}, {"hidden_sizes": (0,)}, {"learning_rate": 0.0}, {"weight_decay": -0.1}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="; expected"):
        MultilayerPerceptronConfig(**wrong)


def test_as_an_estimator_it_passes_what_scikit_learn_asks_of_all() -> None:
    check_estimator(
        estimator(MultilayerPerceptron)(hidden_sizes=(16,), batch_size=16, budget=1_500), on_skip=None
    )  # what is skipped needs pandas, or the array API


def test_what_goes_into_each_layer_is_what_torch_makes_of_it() -> None:
    learner = make(activation="sigmoid")
    given = learner.layers_of(learner.train.inputs[:7])
    assert [tuple(each.shape) for each in given] == [(7, 64), (7, 12), (7, 8)]
    first = torch.sigmoid(given[0] @ learner.parameters[0] + learner.parameters[1])
    torch.testing.assert_close(given[1], first)
