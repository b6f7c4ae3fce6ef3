"""The classifier: what is shown is the learner's own, stepped by the Trainer; points can be one's own; presets fail."""

from typing import Any

import pytest
import torch
from same_state import differing

from palestra.datasets.dataset import InMemory
from palestra.errors import UsageError
from palestra.learners.labels.multilayer_perceptron import MultilayerPerceptron, MultilayerPerceptronConfig
from palestra.playgrounds.catalogue import find_offer
from palestra.playgrounds.offers.classifier import ClassifierAsked
from palestra.playgrounds.plain import shades
from palestra.playgrounds.played.classifier import SIDE, SMALL, ClassifierPlayground
from palestra.playgrounds.timeline import Timeline


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_it_is_the_learner_stepped_by_the_trainer(activation: Any) -> None:
    playground = ClassifierPlayground(
        ClassifierAsked("moons", hidden=(5, 3), activation=activation, weight_decay=0.01, seed=6)
    )
    assert playground.held_out is not None
    splits = {"train": playground.train, "validation": playground.held_out}
    config = MultilayerPerceptronConfig(
        batch_size=20, batches_per_step=1, hidden_sizes=(5, 3), activation=activation, learning_rate=0.3,
        weight_decay=0.01,
    )  # fmt: skip
    other = MultilayerPerceptron(InMemory(splits), config, seed=6, device="cpu").learn(25 * 20)
    timeline = Timeline(playground)
    timeline.forward(40)
    timeline.back(15)
    assert differing(playground.learner, other) == []
    shown = playground.frame()
    assert shown["train"] == other.evaluate(split="train").score
    assert shown["held_out"] == other.evaluate().score


def test_the_picture_is_the_network_s_answer_row_by_row_from_the_top() -> None:
    playground = ClassifierPlayground(ClassifierAsked("three", hidden=(4, 2), scale=2.0))
    for _ in range(50):
        playground.step()
    shown = playground.frame()
    axis = torch.linspace(-1, 1, SIDE, dtype=torch.float64)
    for row, column in ((0, 0), (0, SIDE - 1), (30, 7)):
        place = torch.stack((axis[column], -axis[row]))[None] * 2.0
        share = playground.learner.outputs(place).softmax(1)
        at = row * SIDE + column
        assert int(shown["class"][at]) == int(share.argmax())
        assert shown["share"][2 * at : 2 * at + 2] == shades((share.max() - 1 / 3) * 1.5)
    assert [len(layer) for layer in shown["units"]] == [4, 2]
    assert all(len(unit) == 2 * SMALL * SMALL for layer in shown["units"] for unit in layer)
    corner = torch.tensor([[-2.0, 2.0]], dtype=torch.float64)
    first = (playground.learner.layers_of(corner)[1][0, 0] + 1) / 2
    assert shown["units"][0][0][:2] == shades(first)
    assert [tuple(each.shape) for each in shown["weights"]] == [(2, 4), (4, 2), (2, 3)]


def test_points_of_ones_own() -> None:
    playground = ClassifierPlayground(ClassifierAsked("two", hidden=(3,)))
    for _ in range(10):
        playground.step()
    learned = [parameter.clone() for parameter in playground.learner.parameters]
    playground.edit({"point": [0.1, 0.2], "label": 1})
    assert playground.asked.data == "own"
    assert playground.asked.points[-1] == (0.1, 0.2, 1.0)
    assert len(playground.asked.points) == 201
    assert all(torch.equal(*pair) for pair in zip(learned, playground.learner.parameters))
    playground.edit({"points": [[-0.5, 0, 0], [0.5, 0, 1], [0, 0.9, 2]]})
    shown = playground.frame()
    assert playground.learner.num_classes == 3
    assert shown["held_out"] is None
    assert playground.ground()["labels"].tolist() == [0, 1, 2]
    for wrong in (
        {"points": []}, {"points": [[0, 0, 0], [1, 1, 0]]}, {"points": [[0, 0, 0], [1, 1]]}, {"points": "x"},
        {"points": [[0, 0, 0], [0, 0, 3.5]]}, {"point": [0, 0], "label": 4}, {"point": [0, 2], "label": 0}, {},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            playground.edit(wrong)
    assert playground.learner.num_classes == 3


def after(steps: int, **settings: Any) -> ClassifierPlayground:
    playground = ClassifierPlayground(find_offer("classifier").settings(settings))  # type: ignore[arg-type]
    for _ in range(steps):
        playground.step()
    return playground


@pytest.mark.slow
def test_presets_fail_for_the_reason_that_they_give() -> None:
    presets = {each.name: dict(each.settings) for each in find_offer("classifier").presets}
    fine = after(400).frame()
    assert fine["held_out"] > 0.97
    fast = after(400, **presets["too-fast"])
    assert fast.frame()["train"] < 0.8
    slow = after(600, **{**presets["too-fast"], "learning_rate": 0.1}).frame()
    assert slow["train"] > 0.97
    flat = after(300, **presets["saturated"])
    assert flat.frame()["activity"]["saturated"] > 0.5
    assert "flat" in flat.see().en
    assert flat.frame()["train"] < 0.85
    unscaled = after(300, **{**presets["saturated"], "scale": 3.0}).frame()
    assert unscaled["activity"]["saturated"] < 0.2
    assert unscaled["train"] > 0.95
    fading = after(1_000, **presets["fading"]).frame()
    assert fading["train"] < 0.8 < after(1_000, **{**presets["fading"], "activation": "tanh"}).frame()["train"]
    assert after(400, **presets["straight"]).frame()["train"] < 0.75
    by_heart = after(1_000, **presets["by-heart"]).frame()
    assert by_heart["train"] - by_heart["held_out"] > 0.03


def test_weights_that_are_no_numbers_are_said_and_shown() -> None:
    lost = after(300, data="rings", learning_rate=100.0, weight_decay=1.0, hidden=[2])
    shown = lost.frame()
    assert len(shown["class"]) == SIDE * SIDE
    assert "no numbers any more" in lost.see().en
