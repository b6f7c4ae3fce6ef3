"""What a classifier shows: mistakes in their order, and a row for everything that it sees."""

import torch
from torch import Generator

from palestra.datasets.dataset import Split
from palestra.learners.labels.shown import confusion, mistakes, sight, told_apart
from palestra.learners.labels.softmax_regression import SoftmaxRegression
from palestra.learners.labels.standardisation import Standardisation
from palestra.nets.vision.registry import make_net

LOGITS = torch.tensor([[0.0, 3.0], [5.0, 0.0], [2.0, 0.0], [0.0, 9.0]])
"""Of four images the second and the third are named 0; the second more surely."""


def test_the_least_likely_right_name_comes_first() -> None:
    images = torch.arange(4, dtype=torch.uint8)[:, None, None].expand(4, 2, 2)
    shown = mistakes(Split(images, torch.tensor([1, 1, 1, 1])), LOGITS, ("left", "right"))
    assert shown is not None
    (strip,) = shown.strips
    assert [int(tile.image[0, 0]) for tile in strip.tiles] == [1, 2]
    assert [tile.caption for tile in strip.tiles] == ["left, 99%\nis right", "left, 88%\nis right"]
    assert shown.title.startswith("2 of 4 images")
    bare = mistakes(Split(images, torch.tensor([1, 1, 1, 1])), LOGITS, ())
    assert bare is not None
    assert bare.strips[0].tiles[0].caption == "0, 99%\nis 1"


def test_what_is_taken_for_what_opens_its_images() -> None:
    images = torch.arange(6, dtype=torch.uint8)[:, None, None].expand(6, 2, 2)
    logits = torch.tensor([[0, 3.0, 0], [5.0, 0, 0], [2.0, 0, 0], [9.0, 0, 0], [0, 4.0, 0], [0, 4.0, 0]])
    shown = confusion(Split(images, torch.tensor([1, 1, 1, 0, 0, 2])), logits, ("a", "b", "c"))
    assert shown is not None
    assert shown.counts.tolist() == [[1, 1, 0], [2, 1, 0], [0, 1, 0]]
    assert [(pair.truth, pair.said) for pair in shown.pairs] == [(1, 0), (0, 1), (2, 1)], "the commonest first"
    first = shown.pairs[0].tiles
    assert [(int(tile.image[0, 0]), tile.caption) for tile in first] == [(1, "99%"), (2, "79%")], "the surest first"
    assert shown.said.startswith("2 of 6 rows")
    rows = confusion(Split(torch.zeros(6, 4), torch.tensor([1, 1, 1, 0, 0, 2])), logits, ())
    assert rows is not None
    assert (rows.names, [len(pair.tiles) for pair in rows.pairs]) == (["0", "1", "2"], [0, 0, 0])
    assert confusion(Split(torch.zeros(1, 4), torch.tensor([0])), torch.zeros(1, 21), ()) is None


def test_a_classifier_is_asked_about_rows_that_it_did_not_learn_from() -> None:
    learner = SoftmaxRegression("digits")
    (shown,) = told_apart(learner)
    assert int(shown.counts.sum()) == len(learner.splits["validation"].inputs)  # type: ignore[attr-defined]


def test_without_a_mistake_there_is_nothing_to_show() -> None:
    assert mistakes(Split(torch.zeros(4, 2, 2), torch.tensor([1, 0, 0, 1])), LOGITS, ()) is None


def test_a_network_shows_its_filters_and_maps_and_one_without_convolution_does_not() -> None:
    images = torch.randint(256, (12, 12, 12), dtype=torch.uint8, generator=Generator().manual_seed(0))
    standardised = Standardisation(images)
    net = make_net("resnet-20", (1, 12, 12), 3, Generator().manual_seed(0), blocks=[1, 1], channels=[8, 16])
    shown = sight(net, images, standardised)
    labels = [strip.label.split("\n")[0] for strip in shown.strips]
    assert labels == ["images", "what counts", "first filters", "stem", "stage1", "stage2"]
    assert [strip.tiles[0].image.shape for strip in shown.strips] == [(12, 12)] * 2 + [(3, 3)] + [(12, 12)] * 2 + [
        (6, 6)
    ]
    assert {len(strip.tiles) for strip in shown.strips} == {8}
    assert net.training  # as it was before
    dense = sight(make_net("mlp", (1, 12, 12), 3, Generator().manual_seed(0)), images, standardised)
    assert [strip.label for strip in dense.strips] == ["images", "what counts"]
