"""The image classifier against a plain loop in PyTorch, and what it does with images, seeds, schedules and patience."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch
from states import hash_of, saved
from torch.nn import functional as F

from palestra.datasets.augmentation import Augmentation
from palestra.datasets.dataset import InMemory, Split
from palestra.datasets.order import permutation
from palestra.datasets.stand_ins import made_images
from palestra.engine.estimator import estimator
from palestra.engine.seeding import generator
from palestra.engine.settings import build, override
from palestra.errors import UsageError
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.nets.vision.registry import make_net
from palestra.nets.whitening import Whitening
from palestra.ops.augment import six_views

SMALL = {"net": "resnet-20", "net_settings": {"blocks": [1, 1], "channels": [8, 16]}, "batch_size": 16}
SMALL |= {"batches_per_step": 2}
DROPPING = {**SMALL, "net": "mlp", "net_settings": {"hidden": [16], "dropout": 0.5}}


def source(count: int = 70, shape: tuple[int, ...] = (12, 12)) -> InMemory:
    made = {split: made_images(shape, 4, count, 0, split=split) for split in ("train", "validation")}
    return InMemory({n: Split(torch.from_numpy(x), torch.from_numpy(y).long()) for n, (x, y) in made.items()})


def make(data: InMemory | None = None, seed: int = 0, **settings: Any) -> ImageClassifier:
    return ImageClassifier(data or source(), ImageClassifierConfig(**{**SMALL, **settings}), seed=seed)


def test_an_epoch_is_that_of_a_plain_loop() -> None:
    settings: dict[str, Any] = {"weight_decay": 0.01, "label_smoothing": 0.1, "flip": True, "pad": 2}
    learner = make(learning_rate=0.1, **settings).learn(70)
    images, labels = source().load()["train"]
    assert labels is not None
    net = make_net("resnet-20", (1, 12, 12), 4, generator(0, "weights"), blocks=(1, 1), channels=(8, 16))
    decaying, others = ([p for p in net.parameters() if (p.dim() > 1) is large] for large in (True, False))
    groups: list[dict[str, Any]] = [{"params": decaying, "weight_decay": 0.01}, {"params": others}]
    optimizer = torch.optim.SGD(groups, 0.1, 0.9, nesterov=True)
    mean, deviation = images.double().mean(), images.double().std(correction=0)
    for start in range(0, 70, 16):
        rows = permutation(0, 0, 70)[start : start + 16]
        batch = Augmentation(True, 2)(images[rows], 0, start)
        share = start / 70
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * (0.1 + 0.9 * share / 0.25 if share < 0.25 else (1 - share) / 0.75)
        logits = net(((batch.double() - mean) / deviation).float()[:, None])
        smooth = F.one_hot(labels[rows], 4) * 0.9 + 0.1 / 4
        loss = -(smooth * logits.log_softmax(1)).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for ours, theirs in zip(learner.network.state_dict().values(), net.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [{"flip": True, "pad": 1}, DROPPING], ids=["augmented", "dropping"])
def test_it_goes_on_within_an_epoch_bit_for_bit(settings: dict[str, Any]) -> None:
    whole, resumed = make(**settings), make(seed=0, **settings)
    for learner in (whole, resumed):
        learner.budget = 210
    whole.step()
    assert 0 < whole.clock < 70
    assert resumed.load_state_dict(saved(whole)) == []
    for learner in (whole, resumed):
        for _ in range(5):
            learner.step()
    assert whole.clock > 70
    assert hash_of(whole) == hash_of(resumed)
    assert hash_of(whole) != hash_of(make(seed=1, **settings).learn(70))


@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_the_loss_is_pytorchs_cross_entropy(eps: float) -> None:
    logits, labels = torch.randn(7, 4), torch.arange(7) % 4
    expected = F.cross_entropy(logits, labels, label_smoothing=eps)
    torch.testing.assert_close(make(label_smoothing=eps).loss(logits, labels), expected)


def test_dropout_and_batch_statistics_are_for_learning_alone() -> None:
    for settings in (SMALL, DROPPING):
        learner = make(**settings)
        learner.step()
        before = hash_of(learner)
        assert torch.equal(learner.evaluate().samples, learner.evaluate().samples)
        assert hash_of(learner) == before
        assert all(module.training for module in learner.network.modules())


def test_it_learns_and_predicts_bytes_as_they_are() -> None:
    learner = make(source(400), learning_rate=0.1).learn(1_600, eval_every=400, eval_count=0)
    images, labels = (column.numpy() for column in source(400).load()["validation"])  # type: ignore[union-attr]
    found = learner.predict(images)
    assert (found == labels).mean() == learner.evaluate().metrics["eval/accuracy"] > 0.9
    np.testing.assert_array_equal(learner.predict(images.astype(np.int64)), found)
    with pytest.raises(UsageError, match="inputs of float64; expected uint8, as it was fitted to"):
        learner.predict(images / 255)
    with pytest.raises(UsageError, match=r"expected rows \(n, 12, 12\)"):
        learner.predict(images[0])


@pytest.mark.parametrize("shape", [(12, 12), (12, 12, 3)])
def test_the_layout_in_memory_changes_nothing_but_speed(shape: tuple[int, ...]) -> None:
    data = source(shape=shape)
    outputs = [
        make(data, channels_last=last).learn(70).predicted(data.load()["train"].inputs) for last in (True, False)
    ]
    torch.testing.assert_close(*outputs, rtol=1e-3, atol=1e-4)


def test_it_says_where_it_stands() -> None:
    learner = make(learning_rate_schedule="linear", learning_rate=0.2)
    learner.budget = 140
    rows = [learner.step() for _ in range(6)]
    assert (learner.clock, learner.clock_unit, rows[-1]["train/epoch"]) == (140, "images", 2.0)
    assert [row["train/learning_rate"] for row in rows] == pytest.approx(
        [0.2 * (1 - done / 140) for done in (16, 48, 64, 86, 118, 134)]
    )
    assert set(rows[0]) == {"train/loss", "train/accuracy", "train/learning_rate"}


def test_patience_stops_it_early() -> None:
    learner = make(learning_rate=1e-12, learning_rate_schedule="constant", **{"net": "softmax", "net_settings": {}})
    learner.learn(700, eval_every=70, eval_count=0, patience=2)
    assert learner.clock == 210  # a first evaluation, and two that were no better


def test_settings_of_the_network_are_the_same_after_they_were_saved() -> None:
    config = ImageClassifierConfig(net="mlp", net_settings={"hidden": (16, 8), "dropout": 0.5})
    assert build(ImageClassifierConfig, json.loads(json.dumps(asdict(config)))) == config
    set_by_hand = override(ImageClassifierConfig(net="mlp"), {"net_settings.hidden": "[16, 8]"})
    assert set_by_hand.net_settings == {"hidden": [16, 8]}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown network 'resnet-21'; nearest: resnet-20"):
        ImageClassifierConfig(net="resnet-21")
    with pytest.raises(UsageError, match=r"argument 'hidden' of mlp is .* which cannot be saved"):
        ImageClassifierConfig(net="mlp", net_settings={"hidden": np.ones(2)})
    with pytest.raises(UsageError, match=r"label_smoothing=1\.0; expected"):
        ImageClassifierConfig(label_smoothing=1.0)
    with pytest.raises(UsageError, match="pad=-1; expected 0 or more pixels"):
        ImageClassifierConfig(pad=-1)
    with pytest.raises(UsageError, match=r"batch_size=23 of 70 images, the last of which.*two images or more"):
        make(batch_size=23)
    assert make(batch_size=23, **{"net": "softmax", "net_settings": {}}).loader.batches_per_epoch == 4


def test_what_would_overrun_memory_is_refused_and_goes_in_the_other_layout() -> None:
    narrow = {"net_settings": {"blocks": [1, 1], "channels": [4, 8]}}
    with pytest.raises(UsageError, match=r"channels_last=true for resnet-20 .*; expected channels_last=false, or 8"):
        make(**narrow)
    assert make(channels_last=False, **narrow).learn(70).clock == 70


def test_as_an_estimator_it_takes_images_and_says_so_of_rows() -> None:
    images, labels = (column.numpy() for column in source(100).load()["train"])  # type: ignore[union-attr]
    words = np.array(["bag", "coat", "dress", "shirt"])[labels]
    fitted = estimator(ImageClassifier)(**{**SMALL, "budget": 800, "learning_rate": 0.1}).fit(images, words)
    assert fitted.score(images, words) > 0.8
    assert fitted.predict_proba(images[:2]).sum(1) == pytest.approx([1.0, 1.0])
    with pytest.raises(UsageError, match=r"training inputs of shape \(100, 144\); expected images"):
        estimator(ImageClassifier)().fit(images.reshape(100, -1), words)


WHITE = {"net": "whitened", "net_settings": {"channels": [8, 8, 8]}, "flip": True, "alternating": True, "views": True}


def test_six_views_are_reported_beside_one() -> None:
    learner = make(source(shape=(28, 28)), **WHITE).learn(140)
    images, labels = source(shape=(28, 28)).load()["validation"]
    found = learner.evaluate()
    assert found.score == found.metrics["eval/accuracy"]
    seen = learner.standardised(images)
    with torch.no_grad():
        net = learner.network.eval()
        logits = sum(weight * net(view) for weight, view in six_views(seen))
    assert isinstance(logits, torch.Tensor)
    assert found.metrics["eval/accuracy_views"] == float((logits.argmax(1) == labels).double().mean())
    assert "eval/accuracy_views" not in make().evaluate().metrics


def test_what_whitens_is_fitted_once_and_saved() -> None:
    one, two = (make(source(shape=(28, 28)), seed=seed, **WHITE) for seed in (0, 1))
    before = hash_of(one)
    (layer,) = (each for each in one.network.modules() if isinstance(each, Whitening))
    (other,) = (each for each in two.network.modules() if isinstance(each, Whitening))
    kernels = layer.weight_KCHW.clone()
    assert kernels.any()
    assert torch.equal(kernels, other.weight_KCHW)  # whatever the seed
    one.step()
    assert torch.equal(layer.weight_KCHW, kernels)
    assert hash_of(one) != before
    with pytest.raises(UsageError, match="alternating=true with flip=false; expected flip=true as well"):
        ImageClassifierConfig(alternating=True)
