"""A transformer that writes one sequence for another (Vaswani et al. 2017): an encoder, and a decoder that looks at it.

    p(y | x) = prod_q p(y_q | y_1, ..., y_q-1, x),  loss = -mean_q log p(y_q | y_1, ..., y_q-1, x)

It learns by being told what it should have written so far (teacher forcing; Williams & Zipser 1989, section 4), all
places at once, since each sees those before it alone. It writes by taking the most probable token, again and again.

    Q  places of what is written, in order; those of what is read are L
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.seeding import generator
from palestra.learners.sequences.practice import Practice, TransformerConfig, check_tokens, token_count
from palestra.measure import Metrics
from palestra.nets.evaluating import evaluating
from palestra.nets.initialisation import realised
from palestra.nets.sequence.attention import attention_maps
from palestra.nets.sequence.transformer import EncoderDecoder
from palestra.ops.scores import EXACT_MATCH
from palestra.pictures.attention import AttentionMaps, Map

SHOWN = 4
"""Rows whose attention is shown."""


@dataclass(frozen=True)
class TranslatorConfig(TransformerConfig):
    """Settings of a transformer that writes one sequence for another."""


class Translator(Predictor, Learner):
    """Reads tokens (B, L) and writes tokens (B, Q); 0 fills either up, and is what comes before the first."""

    name = "translator"
    config_type = TranslatorConfig
    config: TranslatorConfig
    clock_unit = "sequences"
    kind = "classifier"
    scores = (EXACT_MATCH,)
    together = 512
    saves = ("practice",)

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        config, pairs = self.config, self.splits.values()
        self.reads = token_count(self.dataset.token_names(), [split.inputs for split in pairs])
        written = [split.targets for split in pairs if split.targets is not None]
        self.writes, self.length = token_count(self.dataset.class_names(), written), written[0].shape[1]
        sizes = (config.width, config.heads, 4 * config.width, config.blocks, config.dropout)
        made = realised(lambda: EncoderDecoder(self.reads, self.writes, *sizes), "xavier", generator(seed, "weights"))
        self.practice = Practice(self.train, made.to(self.device), config, seed)

    @property
    def network(self) -> EncoderDecoder:
        """What reads and writes."""
        assert isinstance(self.practice.network, EncoderDecoder)
        return self.practice.network

    def step(self) -> Metrics:
        """Some batches."""
        report = self.practice.step(self.loss, self.budget)
        self.clock = self.practice.loader.position
        return report

    def loss(self, source_BL: Tensor, target_BQ: Tensor) -> Tensor:
        """The cross-entropy of each token after those that should stand before it (Williams & Zipser 1989)."""
        logits_BQK = self.network(source_BL.long(), source_BL > 0, told(target_BQ))
        return F.cross_entropy(logits_BQK.flatten(0, 1), target_BQ.long().flatten())

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, Q, K) logits of each token after those that it wrote itself."""
        check_tokens(inputs, self.reads)
        source_BL, known_BL = inputs.long(), inputs > 0
        written_BQ, logits = source_BL.new_zeros(len(inputs), 1), []
        with evaluating(self.network):
            memory_BLF = self.network.encode(source_BL, known_BL)
            for _ in range(self.length):
                logits.append(self.network.decode(written_BQ, memory_BLF, known_BL)[:, -1])
                written_BQ = torch.cat([written_BQ, logits[-1].argmax(-1, keepdim=True)], 1)
        return torch.stack(logits, 1)

    def exhibits(self) -> list[Exhibit]:
        """Where the last block looks in what is read while it writes each token: the mean of its heads."""
        rows, maps = self._split("validation" if "validation" in self.splits else "train").inputs[:SHOWN], []
        written_BQ = self._outputs(rows).argmax(-1)
        with evaluating(self.network):
            found = attention_maps(self.network, rows.long(), rows > 0, told(written_BQ))
        weight_BQL = found[f"decoder.{self.config.blocks - 1}.recall"].mean(1)
        reads, writes = self.dataset.token_names(), self.dataset.class_names()
        for row, written, weight_QL in zip(rows.tolist(), written_BQ.tolist(), weight_BQL.cpu()):
            length = sum(token > 0 for token in row)
            shown = weight_QL[:, :length].numpy()
            maps.append(Map(_words(row[:length], reads), _words(written, writes), shown))
        return [AttentionMaps("where it looks for each token that it writes", maps)]


def told(target_BQ: Tensor) -> Tensor:
    """(B, Q) int64: the token before each of a target, and 0 before the first (Vaswani et al. 2017, section 3.1)."""
    return F.pad(target_BQ.long()[:, :-1], (1, 0))


def _words(tokens: list[int], names: tuple[str, ...]) -> list[str]:
    return [names[token] if token < len(names) else str(token) for token in tokens]
