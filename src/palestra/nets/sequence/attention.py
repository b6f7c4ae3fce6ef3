"""Multi-head attention (Vaswani et al. 2017, section 3.2.2): several attentions side by side, each in few dimensions.

head_r = attention(X W_r^Q, Y W_r^K, Y W_r^V),  output = [head_1, ..., head_R] W^O

Q  places that ask, in order; those that are asked are L
R  heads
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.errors import require
from palestra.nets.dropout import Dropout
from palestra.ops.attention import attention_weights


class MultiHeadAttention(nn.Module):
    """(B, Q, F) that ask and (B, L, F) that are asked -> (B, Q, F); ``nn.MultiheadAttention`` with other words.

    Args:
        width: F.
        heads: R, each of F / R dimensions.
        dropout: share of the weights that is left out while it trains.
    """

    def __init__(self, width: int, heads: int, dropout: float = 0.0):
        super().__init__()
        require(width % heads == 0, f"width={width} for {heads} heads", "a multiple of the heads")
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.output = nn.Linear(width, width)
        self.dropout = Dropout(dropout)

    def forward(self, asking_BQF: Tensor, asked_BLF: Tensor, visible: Tensor | None = None) -> Tensor:
        """What each place that asks finds: (B, Q, F).

        Args:
            asking_BQF: the places that ask.
            asked_BLF: the places that are asked; the same for self-attention.
            visible: (Q, L), (B, Q, L) or (B, 1, L) bool, what may be looked at, alike for all heads; None for
                everything. Who may look at nothing finds zeros.
        """
        query_BRQF, value_BRLF = self._split(self.query(asking_BQF)), self._split(self.value(asked_BLF))
        key_BRLF, seen = self._split(self.key(asked_BLF)), _for_heads(visible)
        if self.dropout.drops:
            weight_BRQL: Tensor = self.dropout(attention_weights(query_BRQF, key_BRLF, seen))
            out_BRQF = weight_BRQL @ value_BRLF
        else:
            out_BRQF = F.scaled_dot_product_attention(query_BRQF, key_BRLF, value_BRLF, seen)
        out_BQF: Tensor = self.output(out_BRQF.transpose(1, 2).flatten(2))
        return out_BQF

    def weights(self, asking_BQF: Tensor, asked_BLF: Tensor, visible: Tensor | None = None) -> Tensor:
        """(B, R, Q, L) what each head looks at, as ``forward`` would without dropout: an attention map to draw."""
        query_BRQF, key_BRLF = self._split(self.query(asking_BQF)), self._split(self.key(asked_BLF))
        return attention_weights(query_BRQF, key_BRLF, _for_heads(visible))

    def _split(self, x_BLF: Tensor) -> Tensor:
        """(B, L, F) to (B, R, L, F / R)."""
        return x_BLF.view(*x_BLF.shape[:2], self.heads, -1).transpose(1, 2)


def _for_heads(visible: Tensor | None) -> Tensor | None:
    return None if visible is None else visible.unsqueeze(-3)


def attention_maps(net: nn.Module, *inputs: object) -> dict[str, Tensor]:
    """What every attention of a network looks at in one pass, by its path: (B, R, Q, L) each."""
    found: dict[str, Tensor] = {}

    def watching(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def watch(module: nn.Module, given: tuple[Tensor, ...]) -> None:
            assert isinstance(module, MultiHeadAttention)
            found[name] = module.weights(*given)

        return watch

    watched = [(name, module) for name, module in net.named_modules() if isinstance(module, MultiHeadAttention)]
    handles = [module.register_forward_pre_hook(watching(name)) for name, module in watched]
    try:
        with torch.no_grad():
            net(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found
