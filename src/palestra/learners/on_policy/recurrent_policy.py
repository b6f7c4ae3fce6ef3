"""A policy and a value function that remember their episode, and how the policy acts by what it remembers.

Each has a memory of its own, since what is worth remembering to act is not what is worth remembering to judge.

    Y  numbers of a memory
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from palestra.engine.policy import Choice, Policy
from palestra.envs.vector import VectorEnv
from palestra.errors import require
from palestra.learners.on_policy.actor_critic import ActorCritic, ActorCriticConfig
from palestra.nets.own import OURS, Networks
from palestra.nets.recorded import Recorded
from palestra.nets.sequence.recurrent import Cell, RecurrentNetwork


@dataclass(frozen=True)
class RecurrentConfig(ActorCriticConfig):
    """Settings of a policy and a value function that remember."""

    cell: Cell = "lstm"
    """Of the memories: lstm (Hochreiter & Schmidhuber 1997), or gru (Cho et al. 2014), which is less and on processors
    slower: PyTorch has a way of its own through an LSTM there."""
    memory_size: int = 64
    """Numbers that each memory lets out; an LSTM holds as many again."""
    memory_span: int = 32
    """Steps for which memories begin by remembering, some of their numbers for 1 and some for so many."""
    hidden_sizes: tuple[int, ...] = (64,)
    """Hidden layers of policy and value network, after their memories."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.memory_size >= 1, f"memory_size={self.memory_size}", "at least 1")
        require(self.memory_span >= 1, f"memory_span={self.memory_span}", "at least 1 step")


class RecurrentPolicy(Policy):
    """Acts by what it has seen in its episode.

    What an observation adds to its memory counts once somebody has said what came of it (``told``): to ask twice is to
    ask once.

    Args:
        env: whose spaces it is made for.
        config: its sizes.
        seed: of weights and of what is random.
        device: where it is.
        own: an encoder of the user's own.
    """

    saves = ("nets",)
    derives = ("state_BY", "next_BY")
    episodes = ("state_BY", "next_BY")

    def __init__(
        self, env: VectorEnv, config: RecurrentConfig, *, seed: int, device: torch.device, own: Networks = OURS
    ):
        own.only("encoder")

        def remembering(
            features: int, hidden: Sequence[int], outputs: int, generator: Generator, gain: float
        ) -> Recorded:
            sizes = (features, config.memory_size, hidden, outputs)
            return RecurrentNetwork(config.cell, *sizes, config.activation, generator, gain, config.memory_span)

        self.nets = ActorCritic(env, config, seed=seed, device=device, own=own, make=remembering)
        """Encoder, normaliser, mask and head, and both networks."""
        actor, critic = self.nets.actor, self.nets.value
        assert isinstance(actor, RecurrentNetwork)
        assert isinstance(critic, RecurrentNetwork)
        self.actor, self.critic = actor, critic
        self.reset(1, seed=seed)

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes, with nothing to remember."""
        self.state_BY = self.next_BY = self.actor.start(num)

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        """Remember what was seen last, but for the episodes that ended with it."""
        self.state_BY = self.next_BY * ~done[:, None].to(self.next_BY.device)

    def outputs(self, seen: Tensor) -> Tensor:
        """(B, K) what the policy network says where the episodes stand now; another number of them begins them anew."""
        if len(seen) != len(self.state_BY):
            self.reset(len(seen), seed=0)
        batch = self.nets.to_batch(seen)
        out_BK, self.next_BY = self.actor.step(self.nets.encode(batch), self.state_BY)
        return self.nets.allowed(out_BK, batch)

    @torch.no_grad()
    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) within the bounds, where the episodes stand now."""
        out_BK, head = self.outputs(seen), self.nets.head
        return head.bounded(head.mode(out_BK) if deterministic else head.sample(out_BK, self.nets.sampling))

    @torch.no_grad()
    def choice(self, seen: Tensor) -> Choice:
        """The most likely actions, and the logits (B, K) where they are choices."""
        out_BK, head = self.outputs(seen), self.nets.head
        action = head.bounded(head.mode(out_BK))
        return Choice(action) if action.is_floating_point() else Choice(action, "logit", out_BK)
