"""A language model of characters: a transformer that says what comes next (Radford et al. 2018, section 3.1).

    p(x) = prod_q p(x_q | x_1, ..., x_q-1),  loss = -mean_q log p(x_q | x_1, ..., x_q-1)

Before it has learned anything every token is about as likely, and the loss about log K. It writes by drawing a token
from p, putting it behind the others, and asking again. How it writes is kept at the first step and whenever it has
learned from twice as much.

    Q  places of a text, in order
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.datasets.dataset import Dataset
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.engine.seeding import generator
from palestra.errors import require
from palestra.learners.sequences.practice import Practice, TransformerConfig, check_tokens, token_count
from palestra.measure import Metrics
from palestra.nets.evaluating import evaluating
from palestra.nets.initialisation import realised
from palestra.nets.sequence.transformer import LanguageModel
from palestra.ops.scores import NATS
from palestra.pictures.samples import Sample, Samples

WRITTEN = 160
"""Tokens of a sample."""


@dataclass(frozen=True)
class CharacterModelConfig(TransformerConfig):
    """Settings of a language model of characters."""

    batch_size: int = 16
    """Rows of a batch."""
    batches_per_step: int = 4
    """Batches between reports, and between moments at which it can be saved; a step ends with its epoch."""
    width: int = 128
    """Numbers that stand for a token in between."""
    blocks: int = 4
    """One after another."""
    temperature: float = 0.8
    """What logits are divided by before a token is drawn: the smaller, the likelier what it writes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.temperature > 0, f"temperature={self.temperature}", "above 0")


class CharacterModel(Predictor, Learner):
    """Reads windows (B, Q) of a text, and says of each place what comes after it."""

    name = "character-model"
    config_type = CharacterModelConfig
    config: CharacterModelConfig
    clock_unit = "windows"
    kind = "classifier"
    scores = (NATS,)
    together = 128
    saves = ("practice", "sampled_at", "sampled")

    def __init__(self, source: str | Dataset, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(source, config, seed=seed, device=device)
        config, columns = self.config, [column for split in self.splits.values() for column in split]
        self.tokens = token_count(self.dataset.token_names(), [each for each in columns if each is not None])
        self.context = self.train.inputs.shape[1]
        sizes = (self.tokens, self.context, config.width, config.heads, config.blocks, config.dropout)
        made = realised(lambda: LanguageModel(*sizes), "gpt", generator(seed, "weights"))
        self.practice = Practice(self.train, made.to(self.device), config, seed)
        self.sampled_at = torch.zeros((0, 2), dtype=torch.float64)
        """The clock and the loss of each sample."""
        self.sampled = torch.zeros((0, WRITTEN), dtype=torch.int64)
        """What it wrote."""

    @property
    def network(self) -> LanguageModel:
        """What says what comes next."""
        assert isinstance(self.practice.network, LanguageModel)
        return self.practice.network

    def step(self) -> Metrics:
        """Some batches, and now and then a sample."""
        report = self.practice.step(self.loss, self.budget)
        self.clock = self.practice.loader.position
        if self.clock >= self.config.batch_size * self.config.batches_per_step * 2 ** len(self.sampled):
            now_12 = self.sampled_at.new_tensor([[self.clock, report["train/loss"]]])
            self.sampled_at = torch.cat([self.sampled_at, now_12])
            written = self.written(WRITTEN, generator(self.seed, "sample", self.clock, device=self.device))
            self.sampled = torch.cat([self.sampled, written.cpu()[None]])
        return report

    def loss(self, token_BQ: Tensor, next_BQ: Tensor) -> Tensor:
        """The cross-entropy of each token after all before it (Radford et al. 2018, eq. 1)."""
        return F.cross_entropy(self.network(token_BQ.long()).flatten(0, 1), next_BQ.long().flatten())

    def outputs(self, inputs: Tensor) -> Tensor:
        """(B, Q, K) logits of the token after each."""
        check_tokens(inputs, self.tokens)
        with evaluating(self.network):
            logits_BQK: Tensor = self.network(inputs.long())
        return logits_BQK

    def written(self, count: int, rng: Generator) -> Tensor:
        """(count,) int64 tokens that it draws one after another.

        It begins behind what the training data begin with, which is not among them.

        Args:
            count: how many.
            rng: on its device.
        """
        text = self.train.inputs[0, :1].long()
        with torch.inference_mode(), evaluating(self.network):
            for _ in range(count):
                logits_K = self.network(text[None, -self.context :])[0, -1]
                chance_K = (logits_K / self.config.temperature).softmax(-1)  # Hinton et al. 2015, eq. 1
                text = torch.cat([text, torch.multinomial(chance_K, 1, generator=rng)])
        return text[1:].clone()

    def exhibits(self) -> list[Exhibit]:
        """What it wrote while it learned."""
        names = self.dataset.token_names()
        kept = [
            Sample(int(clock), loss, "".join(names[token] if names else f"{token} " for token in tokens))
            for (clock, loss), tokens in zip(self.sampled_at.tolist(), self.sampled.tolist(), strict=True)
        ]
        return [Samples("what it writes while it learns", self.clock_unit, kept)] if kept else []
