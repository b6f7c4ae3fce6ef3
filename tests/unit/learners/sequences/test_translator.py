"""The translator against a plain loop in PyTorch, and its writing against one token at a time of one row."""

from typing import Any

import numpy as np
import pytest
import torch
from states import hash_of
from torch import Tensor

from palestra.datasets.dataset import Dataset, InMemory, Split
from palestra.datasets.order import permutation
from palestra.engine.seeding import generator
from palestra.errors import UsageError
from palestra.learners.sequences.translator import Translator, TranslatorConfig, told
from palestra.nets.initialisation import realised
from palestra.nets.sequence.transformer import EncoderDecoder
from palestra.pictures.attention import AttentionMaps

SMALL = {"width": 16, "heads": 2, "blocks": 1, "batch_size": 16, "batches_per_step": 2}


def source(rows: int = 70) -> InMemory:
    """Sequences of 2 to 5 letters of four, to be written backwards."""
    rng, splits = np.random.default_rng(0), {}
    for name in ("train", "validation"):
        read, written = np.zeros((rows, 5), np.uint8), np.zeros((rows, 5), np.int64)
        for row, backwards in zip(read, written):
            letters = rng.integers(1, 5, rng.integers(2, 6))
            row[: len(letters)], backwards[: len(letters)] = letters, letters[::-1]
        splits[name] = Split(torch.from_numpy(read), torch.from_numpy(written))
    return InMemory(splits)


def make(data: Dataset | None = None, seed: int = 0, **settings: Any) -> Translator:
    return Translator(data or source(), TranslatorConfig(**{**SMALL, **settings}), seed=seed)


def test_an_epoch_is_that_of_a_plain_loop() -> None:
    learner = make(weight_decay=0.1, learning_rate=0.01, learning_rate_schedule="constant").learn(70)
    net = realised(lambda: EncoderDecoder(5, 5, 16, 2, 64, 1), "xavier", generator(0, "weights"))
    decaying, others = ([p for p in net.parameters() if (p.dim() > 1) is large] for large in (True, False))
    groups: list[dict[str, Any]] = [{"params": decaying, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, 0.01)
    read, written = source().load()["train"]
    assert written is not None
    for start in range(0, 70, 16):
        rows = permutation(0, 0, 70)[start : start + 16]
        tokens, wanted = read[rows].long(), written[rows]
        before = torch.cat([torch.zeros(len(rows), 1, dtype=torch.int64), wanted[:, :4]], 1)
        log_p = net(tokens, tokens != 0, before).log_softmax(-1)
        loss = -sum(log_p[b, q, wanted[b, q]] for b in range(len(rows)) for q in range(5)) / (5 * len(rows))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    learned = learner.network.state_dict()
    for name, theirs in net.state_dict().items():
        # No attention depends on the bias of its keys: that gradient is rounding, which Adam makes a step of.
        if not name.endswith("key.bias"):
            torch.testing.assert_close(learned[name], theirs, rtol=1e-4, atol=1e-5)


def test_it_is_told_what_stands_before_each_token() -> None:
    assert told(torch.tensor([[3, 1, 2]], dtype=torch.uint8)).tolist() == [[0, 3, 1]]


def by_hand(learner: Translator, row: Tensor) -> list[int]:
    """The most probable token again and again, of one row without what fills it up."""
    read, written = row[row > 0].long()[None], [0]
    for _ in range(5):
        logits = learner.network(read, torch.ones_like(read, dtype=torch.bool), torch.tensor([written]))
        written.append(int(logits[0, -1].argmax()))
    return written[1:]


def test_a_batch_is_written_as_each_row_by_itself() -> None:
    learner = make().learn(210)
    read = source().load()["validation"].inputs[:12]
    written = learner.predict(read.numpy())
    assert written.tolist() == [by_hand(learner, row) for row in read]
    assert len({tuple(row) for row in written.tolist()}) > 1


def test_it_learns_and_leaves_itself_alone_while_it_is_measured() -> None:
    learner = make(source(600), learning_rate=0.01, width=32).learn(9_000, eval_every=3_000, eval_count=0)
    assert learner.evaluate().score > 0.9
    dropping = make(dropout=0.2)
    dropping.step()
    before = hash_of(dropping)
    assert torch.equal(dropping.evaluate().samples, dropping.evaluate().samples)
    dropping.exhibits()
    assert hash_of(dropping) == before
    assert all(module.training for module in dropping.network.modules())


def test_where_it_looks_is_shown_of_what_is_read() -> None:
    learner = make(Dataset("dates", {"train": 40, "validation": 5, "test": 1}))
    (shown,) = learner.exhibits()
    assert isinstance(shown, AttentionMaps)
    for each, row in zip(shown.maps, learner.splits["validation"].inputs, strict=False):
        assert len(each.read) == int((row > 0).sum())
        assert "".join(each.read) == "".join(learner.dataset.token_names()[token] for token in row.tolist())
        assert each.weight_QL.shape == (10, len(each.read))
        np.testing.assert_allclose(each.weight_QL.sum(1), 1, rtol=1e-5)  # nothing is seen of what fills it up
        assert set("".join(each.written)) <= set("0123456789-")
    assert len(shown.maps) == 4


def test_tokens_that_there_are_not_are_refused() -> None:
    with pytest.raises(UsageError, match="tokens from 9 to 9; expected 0 to 4"):
        make().predict(np.full((1, 5), 9))
