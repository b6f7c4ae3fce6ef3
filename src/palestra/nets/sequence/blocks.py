"""The two blocks of a transformer (Vaswani et al. 2017, figure 1).

Around each part goes a residual connection with layer normalisation, x <- norm(x + part(x)) in the paper and in
``norm_first=False``. With ``norm_first`` it is x <- x + part(norm(x)) (Xiong et al. 2020), whose gradients are as large
in the first block as in the last: it needs no warm-up.

    Q  places that ask, in order; those that are asked are L
"""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from palestra.nets.dropout import Dropout
from palestra.nets.sequence.attention import MultiHeadAttention

Activation = Literal["relu", "gelu"]


class Around(nn.Module):
    """A residual connection with layer normalisation and dropout around a part.

    Args:
        width: F.
        dropout: of what the part made.
        norm_first: whether the part sees what is normalised, or their sum is.
    """

    def __init__(self, width: int, dropout: float, norm_first: bool):
        super().__init__()
        self.norm, self.dropout, self.norm_first = nn.LayerNorm(width), Dropout(dropout), norm_first

    def forward(self, x_BQF: Tensor, part: Callable[[Tensor], Tensor]) -> Tensor:
        """(B, Q, F) to the same."""
        if self.norm_first:
            new_BQF: Tensor = self.dropout(part(self.norm(x_BQF)))
            return x_BQF + new_BQF
        out_BQF: Tensor = self.norm(x_BQF + self.dropout(part(x_BQF)))
        return out_BQF


def feed_forward(width: int, hidden: int, dropout: float, activation: Activation) -> nn.Sequential:
    """Two linear layers at every place by itself (eq. 2)."""
    between = nn.ReLU() if activation == "relu" else nn.GELU()
    return nn.Sequential(nn.Linear(width, hidden), between, Dropout(dropout), nn.Linear(hidden, width))


class EncoderBlock(nn.Module):
    """Self-attention, then two layers at every place: (B, Q, F) -> (B, Q, F). With a causal mask it is a GPT's block.

    Args:
        width: F.
        heads: of the attention.
        hidden: width between the two layers.
        dropout: of attention weights, of the hidden layer, and of what each part made.
        activation: between the two layers.
        norm_first: where the normalisation stands.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        dropout: float = 0.0,
        activation: Activation = "relu",
        norm_first: bool = False,
    ):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads, dropout)
        self.feed_forward = feed_forward(width, hidden, dropout, activation)
        self.around_attention, self.around_feed_forward = (Around(width, dropout, norm_first) for _ in range(2))

    def forward(self, x_BQF: Tensor, visible: Tensor | None = None) -> Tensor:
        """(B, Q, F) to the same; ``visible`` as of :class:`MultiHeadAttention`."""
        x_BQF = self.around_attention(x_BQF, lambda x: self.attention(x, x, visible))
        return self.around_feed_forward(x_BQF, self.feed_forward)  # type: ignore[no-any-return]


class DecoderBlock(nn.Module):
    """Self-attention, attention to a memory, two layers at every place: (B, Q, F) and (B, L, F) -> (B, Q, F).

    Args: as of :class:`EncoderBlock`.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        dropout: float = 0.0,
        activation: Activation = "relu",
        norm_first: bool = False,
    ):
        super().__init__()
        self.attention, self.recall = (MultiHeadAttention(width, heads, dropout) for _ in range(2))
        self.feed_forward = feed_forward(width, hidden, dropout, activation)
        self.around_attention, self.around_recall, self.around_feed_forward = (
            Around(width, dropout, norm_first) for _ in range(3)
        )

    def forward(
        self,
        x_BQF: Tensor,
        memory_BLF: Tensor,
        visible: Tensor | None = None,
        memory_visible: Tensor | None = None,
    ) -> Tensor:
        """(B, Q, F) to the same.

        Args:
            x_BQF: the places of the output so far.
            memory_BLF: what the encoder made.
            visible: of the output's places among themselves, as a rule ``causal``.
            memory_visible: of the memory.
        """
        x_BQF = self.around_attention(x_BQF, lambda x: self.attention(x, x, visible))
        x_BQF = self.around_recall(x_BQF, lambda x: self.recall(x, memory_BLF, memory_visible))
        return self.around_feed_forward(x_BQF, self.feed_forward)  # type: ignore[no-any-return]
