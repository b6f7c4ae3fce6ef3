"""The network of the decision transformer (Chen et al. 2021, algorithm 1): returns, observations, actions by turns.

Each step is three tokens, (R_t, s_t, a_t), to which the embedding of its time in the episode is added. A causal
transformer sees them in their order; what it makes of s_t predicts a_t, which it has not seen.

    Q  places of tokens, in order: three of each step
"""

from typing import Any

import torch
from torch import Generator, Tensor, nn

from palestra.nets.initialisation import initialise_, realised
from palestra.nets.normaliser import Normaliser
from palestra.nets.sequence.transformer import CausalTransformer


class DecisionNet(nn.Module):
    """(B, T) returns to go, (B, T, F) observations, (B, T, A) actions, (B, T) times -> (B, T, K) to act by.

    Args:
        obs_size: F.
        action_size: A, numbers that stand for an action.
        outputs: K.
        context: most steps that it sees at once.
        times: steps of an episode that have an embedding of their own; all later ones share the last.
        width: of everything in between.
        heads: of each attention.
        blocks: one after another.
        dropout: everywhere.
    """

    def __init__(
        self, obs_size: int, action_size: int, outputs: int, context: int, times: int, width: int, heads: int,
        blocks: int, dropout: float = 0.0,
    ):  # fmt: skip
        super().__init__()
        self.time = nn.Embedding(times, width)
        self.wanted, self.seen, self.done = (nn.Linear(size, width) for size in (1, obs_size, action_size))
        self.norm = nn.LayerNorm(width)
        self.trunk = CausalTransformer(3 * context, width, heads, blocks, dropout)
        self.output = nn.Linear(width, outputs)

    def tokens(self, to_go_BT: Tensor, obs_BTF: Tensor, action_BTA: Tensor, time_BT: Tensor) -> Tensor:
        """(B, Q, F) embedded, step by step: the return to go, the observation, the action."""
        time_BTF = self.time(time_BT.clamp(max=self.time.num_embeddings - 1))
        kinds = (self.wanted(to_go_BT[..., None]), self.seen(obs_BTF), self.done(action_BTA))
        token_BQF = torch.stack([kind + time_BTF for kind in kinds], 2).flatten(1, 2)
        normal_BQF: Tensor = self.norm(token_BQF)
        return normal_BQF

    def forward(self, to_go_BT: Tensor, obs_BTF: Tensor, action_BTA: Tensor, time_BT: Tensor) -> Tensor:
        """What each observation's token has become; a step's own action and all later ones change nothing in it."""
        x_BQF = self.trunk(self.tokens(to_go_BT, obs_BTF, action_BTA, time_BT))
        out_BTK: Tensor = self.output(x_BQF[:, 1::3])
        return out_BTK


def decision_net(generator: Generator, *sizes: Any) -> DecisionNet:
    """One whose weights come from a generator; sizes as of :class:`DecisionNet`.

    What embeds and what acts begins as PyTorch's layers do, times and the trunk as small as GPT's (``initialise_``):
    with everything small, or times as large as the rest, what tells one return from another is long in coming.
    """
    net = realised(lambda: DecisionNet(*sizes), "fan-in", generator)
    for part in (net.time, net.trunk):
        initialise_(part, "gpt", generator)
    return net


class Scales(nn.Module):
    """Observations and returns with mean 0 and deviation 1 over what was recorded.

    Args:
        obs_size: F.
        as_it_is: (F,) bool, numbers of an observation that stay as they are.
    """

    def __init__(self, obs_size: int, as_it_is: Tensor | None = None):
        super().__init__()
        self.obs, self.to_go = Normaliser((obs_size,), as_it_is=as_it_is), Normaliser((1,))

    def fit(self, obs_BF: Tensor, to_go_B: Tensor) -> None:
        """Take the scales of so many steps."""
        self.obs.update(obs_BF)
        self.to_go.update(to_go_B[:, None])
