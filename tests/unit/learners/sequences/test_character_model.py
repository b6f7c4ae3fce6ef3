"""The character model against texts of which it is known how well anybody can do, and what it writes."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from states import hash_of
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.datasets.order import permutation
from palestra.engine.seeding import generator
from palestra.errors import UsageError
from palestra.learners.sequences.character_model import WRITTEN, CharacterModel, CharacterModelConfig
from palestra.nets.initialisation import realised
from palestra.nets.sequence.transformer import LanguageModel
from palestra.pictures.samples import Samples

SMALL = {"width": 16, "heads": 2, "blocks": 1, "batch_size": 16, "batches_per_step": 2}
CHANCE = np.array([[0.05, 0.9, 0.05], [0.05, 0.05, 0.9], [0.9, 0.05, 0.05]])
"""Of each of three letters after each."""
ENTROPY = -(0.9 * math.log(0.9) + 0.1 * math.log(0.05))
"""Nats a letter, which nothing can be below."""


def source(rows: int = 70, context: int = 8) -> InMemory:
    """Windows of a text in which each letter depends on the one before."""
    rng, splits = np.random.default_rng(0), {}
    for name in ("train", "validation"):
        text = [0]
        for _ in range(rows * context):
            text.append(int(rng.choice(3, p=CHANCE[text[-1]])))
        tokens = torch.tensor(text, dtype=torch.uint8)
        splits[name] = Split(tokens[:-1].view(rows, context), tokens[1:].view(rows, context))
    return InMemory(splits)


def make(data: Dataset | None = None, seed: int = 0, **settings: Any) -> CharacterModel:
    return CharacterModel(data or source(), CharacterModelConfig(**{**SMALL, **settings}), seed=seed)


def test_before_it_has_learned_its_loss_is_that_of_chance() -> None:
    learner = CharacterModel("stdlib-source")
    split = learner.splits["validation"]
    assert learner.tokens == 256
    # Of a text in which half is a few characters it is less exact: their chances are not the mean of all.
    assert learner.evaluate(count=32).score == pytest.approx(math.log(256), abs=0.25)
    even = torch.randint(256, (32, 64), generator=generator(1))
    with torch.no_grad():
        assert float(learner.loss(split.inputs[:32], even)) == pytest.approx(math.log(256), abs=0.05)
        plain = realised(lambda: LanguageModel(256, 64, 128, 4, 4), "xavier", generator(0))
        learner.network.load_state_dict(plain.state_dict())
        assert float(learner.loss(split.inputs[:32], even)) > math.log(256) + 0.2  # of another beginning it is seen


def test_an_epoch_is_that_of_a_plain_loop() -> None:
    learner = make(weight_decay=0.1, learning_rate=0.01, learning_rate_schedule="constant").learn(70)
    net = realised(lambda: LanguageModel(3, 8, 16, 2, 1), "gpt", generator(0, "weights"))
    decaying, others = ([p for p in net.parameters() if (p.dim() > 1) is large] for large in (True, False))
    groups: list[dict[str, Any]] = [{"params": decaying, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, 0.01)
    read, following = source().load()["train"]
    assert following is not None
    for start in range(0, 70, 16):
        rows = permutation(0, 0, 70)[start : start + 16]
        chances = net(read[rows].long()).softmax(-1)
        loss = -chances.gather(2, following[rows].long()[..., None]).log().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    learned = learner.network.state_dict()
    for name, theirs in net.state_dict().items():
        # No attention depends on the bias of its keys: that gradient is rounding, which Adam makes a step of.
        if not name.endswith("key.bias"):
            torch.testing.assert_close(learned[name], theirs, rtol=1e-4, atol=1e-5)


def test_it_comes_to_the_entropy_of_the_text_and_writes_as_the_text_is() -> None:
    learner = make(source(1_500), learning_rate=0.01, temperature=1.0).learn(4_500)
    assert learner.evaluate().score == pytest.approx(ENTROPY, abs=0.03)
    text = [int(learner.train.inputs[0, 0]), *learner.written(1_500, generator(0, "sample")).tolist()]
    following = np.zeros((3, 3))
    for one, other in pairwise(text):
        following[one, other] += 1
    np.testing.assert_allclose(following / following.sum(1, keepdims=True), CHANCE, atol=0.05)
    surer = make(source(1_500), learning_rate=0.01, temperature=0.1)
    surer.practice.network.load_state_dict(learner.network.state_dict())
    written = surer.written(50, generator(0, "sample")).tolist()
    assert written == [(text[0] + 1 + i) % 3 for i in range(50)]


def test_it_keeps_how_it_wrote_whenever_it_has_learned_from_twice_as_much() -> None:
    learner = make(source(160)).learn(300)
    assert learner.sampled_at[:, 0].tolist() == [32, 64, 128, 256]
    assert learner.sampled.shape == (4, WRITTEN)
    (shown,) = learner.exhibits()
    assert isinstance(shown, Samples)
    assert [each.clock for each in shown.samples] == [32, 64, 128, 256]
    assert shown.samples[0].text.split() == [str(token) for token in learner.sampled[0].tolist()]
    assert make().exhibits() == []


def test_writing_changes_nothing_that_is_learned() -> None:
    learner, silent = make(dropout=0.1), make(dropout=0.1)
    silent.sampled = torch.zeros((9, WRITTEN), dtype=torch.int64)  # as if it had written often enough
    for each in (learner, silent):
        each.learn(64)
    assert len(learner.sampled) == 2
    silent.sampled, silent.sampled_at = learner.sampled, learner.sampled_at
    assert hash_of(learner) == hash_of(silent)
    assert torch.equal(learner.written(9, generator(5)), learner.written(9, generator(5)))
    assert all(module.training for module in learner.network.modules())


def test_its_score_is_the_cross_entropy() -> None:
    learner, split = make(), source().load()["validation"]
    assert split.targets is not None
    expected = F.cross_entropy(learner.network(split.inputs.long()).flatten(0, 1), split.targets.long().flatten())
    assert learner.evaluate().score == pytest.approx(float(expected.detach()), rel=1e-5)
    assert (learner.headline, learner.direction) == ("eval/nats", "down")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="temperature=0; expected above 0"):
        CharacterModelConfig(temperature=0)
    with pytest.raises(UsageError, match="tokens from 7 to 7; expected 0 to 2"):
        make().predict(np.full((1, 8), 7))
