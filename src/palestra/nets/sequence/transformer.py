"""Two transformers: one that translates a sequence into another, and one that goes on with what it was given.

Q  places that ask, in order; those that are asked are L
"""

import torch
from torch import Tensor, nn

from palestra.errors import require
from palestra.nets.dropout import Dropout
from palestra.nets.sequence.blocks import DecoderBlock, EncoderBlock
from palestra.ops.attention import causal
from palestra.ops.positions import sinusoids


class EncoderDecoder(nn.Module):
    """The transformer of Vaswani et al. 2017, figure 1, with the normalisation first: tokens to tokens.

    Args:
        sources: different tokens of what is read.
        targets: K, different tokens of what is written.
        width: of everything in between.
        heads: of each attention.
        hidden: width between the two layers of a block.
        blocks: of the encoder, and of the decoder.
        dropout: everywhere.
    """

    def __init__(
        self, sources: int, targets: int, width: int, heads: int, hidden: int, blocks: int, dropout: float = 0.0
    ):
        super().__init__()
        self.width = width
        self.source, self.target = nn.Embedding(sources, width), nn.Embedding(targets, width)
        self.dropout = Dropout(dropout)
        shape = (width, heads, hidden, dropout)
        self.encoder = nn.ModuleList(EncoderBlock(*shape, norm_first=True) for _ in range(blocks))
        self.decoder = nn.ModuleList(DecoderBlock(*shape, norm_first=True) for _ in range(blocks))
        self.encoded, self.decoded = nn.LayerNorm(width), nn.LayerNorm(width)
        self.output = nn.Linear(width, targets)

    def forward(self, source_BL: Tensor, known_BL: Tensor, target_BQ: Tensor) -> Tensor:
        """(B, Q, K) logits of the token after each of the target, which sees those before it alone.

        Args:
            source_BL: int64 tokens, of sequences that are filled up to one length.
            known_BL: bool, false where they are filled up.
            target_BQ: int64 tokens written so far, from the one that begins.
        """
        return self.decode(target_BQ, self.encode(source_BL, known_BL), known_BL)

    def encode(self, source_BL: Tensor, known_BL: Tensor) -> Tensor:
        """(B, L, F) the memory."""
        x_BLF = self._placed(self.source(source_BL))
        for block in self.encoder:
            x_BLF = block(x_BLF, known_BL[:, None])
        memory_BLF: Tensor = self.encoded(x_BLF)
        return memory_BLF

    def decode(self, target_BQ: Tensor, memory_BLF: Tensor, known_BL: Tensor) -> Tensor:
        """(B, Q, K) logits, from a memory."""
        x_BQF = self._placed(self.target(target_BQ))
        visible_QQ = causal(target_BQ.shape[1], target_BQ.device)
        for block in self.decoder:
            x_BQF = block(x_BQF, memory_BLF, visible_QQ, known_BL[:, None])
        logit_BQK: Tensor = self.output(self.decoded(x_BQF))
        return logit_BQK

    def _placed(self, x_BLF: Tensor) -> Tensor:
        """Embeddings and where they stand.

        The paper multiplies embeddings by sqrt(F) (section 3.4), which it drew that much smaller. Ours are drawn with a
        deviation of one.
        """
        place_LF = sinusoids(x_BLF.shape[1], self.width, x_BLF.device).to(x_BLF.dtype)
        placed_BLF: Tensor = self.dropout(x_BLF + place_LF)
        return placed_BLF


class CausalTransformer(nn.Module):
    """A decoder alone (Radford et al. 2019): vectors to vectors, each of which knows what came before it.

    Args:
        context: places that it can see at once.
        width: F.
        heads: of each attention.
        blocks: one after another.
        dropout: everywhere.
    """

    def __init__(self, context: int, width: int, heads: int, blocks: int, dropout: float = 0.0):
        super().__init__()
        self.context = context
        self.place = nn.Embedding(context, width)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            EncoderBlock(width, heads, 4 * width, dropout, "gelu", norm_first=True) for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x_BQF: Tensor, visible: Tensor | None = None) -> Tensor:
        """(B, Q, F) to the same; ``visible`` beside the causal mask, as of a sequence that is not full."""
        length = x_BQF.shape[1]
        require(length <= self.context, f"a sequence of {length} for a context of {self.context}", "no more than that")
        seen = causal(length, x_BQF.device)
        seen = seen if visible is None else seen & visible
        x_BQF = self.dropout(x_BQF + self.place(torch.arange(length, device=x_BQF.device)))
        for block in self.blocks:
            x_BQF = block(x_BQF, seen)
        out_BQF: Tensor = self.norm(x_BQF)
        return out_BQF


class LanguageModel(nn.Module):
    """What comes next, token by token: (B, Q) int64 -> (B, Q, K) logits.

    Args:
        tokens: K, how many there are.
        context: places that it can see at once.
        width: of everything in between.
        heads: of each attention.
        blocks: one after another.
        dropout: everywhere.
    """

    def __init__(self, tokens: int, context: int, width: int, heads: int, blocks: int, dropout: float = 0.0):
        super().__init__()
        self.token = nn.Embedding(tokens, width)
        self.trunk = CausalTransformer(context, width, heads, blocks, dropout)
        self.output = nn.Linear(width, tokens, bias=False)

    def forward(self, token_BQ: Tensor) -> Tensor:
        """Logits of the token after each."""
        logit_BQK: Tensor = self.output(self.trunk(self.token(token_BQ)))
        return logit_BQK
