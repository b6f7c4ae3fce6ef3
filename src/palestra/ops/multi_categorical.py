"""Several independent choices at once: categoricals side by side."""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from palestra.ops.action_distribution import ActionDistribution
from palestra.ops.categorical import categorical_entropy, categorical_kl, categorical_log_prob, categorical_sample


class MultiCategorical(ActionDistribution):
    """Several independent choices: outputs are their logits side by side, actions (B, len(sizes)) int64."""

    action_dtype = torch.int64

    def __init__(self, sizes: list[int]):
        super().__init__()
        self.sizes = sizes
        self.num_outputs = sum(sizes)
        self.action_shape = (len(sizes),)

    def sample(self, out_BK: Tensor, generator: Generator) -> Tensor:
        """Draw actions (B, *action_shape)."""
        parts = out_BK.split(self.sizes, 1)
        return torch.stack([categorical_sample(p, generator) for p in parts], 1)

    def mode(self, out_BK: Tensor) -> Tensor:
        """The most likely actions (B, *action_shape)."""
        return torch.stack([p.argmax(1) for p in out_BK.split(self.sizes, 1)], 1)

    def log_prob(self, out_BK: Tensor, action: Tensor) -> Tensor:
        """(B,) log probability or density of actions."""
        parts = out_BK.split(self.sizes, 1)
        each = [categorical_log_prob(p, a) for p, a in zip(parts, action.unbind(1))]
        return torch.stack(each).sum(0)

    def entropy(self, out_BK: Tensor) -> Tensor:
        """Entropy in nats, (B,) or scalar."""
        return torch.stack([categorical_entropy(p) for p in out_BK.split(self.sizes, 1)]).sum(0)

    def kl(self, frozen_BK: Tensor, out_BK: Tensor) -> Tensor:
        """(B,) KL(frozen || now) in nats."""
        pairs = zip(frozen_BK.split(self.sizes, 1), out_BK.split(self.sizes, 1))
        return torch.stack([categorical_kl(old, new) for old, new in pairs]).sum(0)

    def encoded(self, action: Tensor) -> Tensor:
        """One-hot vectors side by side, (B, sum(sizes))."""
        return torch.cat([F.one_hot(a, n) for a, n in zip(action.unbind(1), self.sizes)], 1).float()
