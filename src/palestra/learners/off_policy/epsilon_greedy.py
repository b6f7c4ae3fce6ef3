"""Epsilon-greedy actions, or noise on the weights in its place: what DQN acts by."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from palestra.engine.policy import Choice, Policy
from palestra.envs.masks import ActionMask
from palestra.nets.q_network import QNetwork
from palestra.nets.recorded import Recorded
from palestra.ops.masks import masked_values, uniform_choice
from palestra.ops.q_heads import QHead


class LayerNoise:
    """What a noisy Q network takes beside observations.

    Args:
        q: the network.
        noisy: whether its last layers are.
        generator: draws the noise.
    """

    saves = ("generator",)
    derives = ("net",)

    def __init__(self, q: Recorded, noisy: bool, generator: Generator):
        self.net = q if noisy and isinstance(q, QNetwork) else None
        self.generator = generator

    def draw(self, rows: int) -> tuple[Tensor, ...]:
        """Fresh noise (rows, ...) for a noisy network, else nothing."""
        return () if self.net is None else (self.net.draw_noise(rows, self.generator),)


class EpsilonGreedyPolicy(Policy):
    """The action of the highest value, and with probability epsilon any.

    Args:
        q: from features to the outputs that ``head`` reads.
        head: from outputs to values.
        num_actions: A.
        see: from observations (B, *obs_shape) to features (B, F).
        noise: of the network's weights, when it explores.
        epsilon: the probability now.
        generator: draws what is random, but for that noise.
        mask: where observations say which actions are allowed.
    """

    saves = ("generator",)
    derives = ("q", "head", "noise")

    def __init__(
        self, q: Recorded, head: QHead, num_actions: int, see: Callable[[Tensor], Tensor], noise: LayerNoise,
        epsilon: Callable[[], float], generator: Generator, mask: ActionMask | None = None,
    ):  # fmt: skip
        self.q, self.head, self.num_actions, self.see = q, head, num_actions, see
        self.noise, self.epsilon, self.generator, self.mask = noise, epsilon, generator, mask

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,) without any noise, or exploring ones, each sample with noise of its own."""
        noise = () if deterministic else self.noise.draw(len(seen))
        valid_BA = self._valid(seen)
        greedy_B = self._values(seen, valid_BA, *noise).argmax(1)
        return greedy_B if deterministic else self.randomised(greedy_B, self.epsilon(), valid_BA)

    def choice(self, seen: Tensor) -> Choice:
        """Greedy actions, and the values (B, A); minus infinity of what is not allowed."""
        q_BA = self._values(seen, self._valid(seen))
        return Choice(q_BA.argmax(1), "value", q_BA)

    def _valid(self, seen: Tensor) -> Tensor | None:
        """(B, A) bool: what is allowed; None where that is everything."""
        return None if self.mask is None else self.mask.of(seen)

    def _values(self, seen: Tensor, valid_BA: Tensor | None, *noise: Tensor) -> Tensor:
        q_BA = self.head.values(self.q(self.see(seen), *noise))
        return q_BA if valid_BA is None else masked_values(q_BA, valid_BA)

    def randomised(self, greedy_B: Tensor, epsilon: float, valid_BA: Tensor | None = None) -> Tensor:
        """Each action (B,) replaced by a random one, of those that are allowed, with probability epsilon."""
        random_B = torch.rand(greedy_B.shape, generator=self.generator, device=greedy_B.device)
        explores_B = random_B < epsilon
        if greedy_B.device.type == "cpu" and not explores_B.any():
            return greedy_B
        # One uniform number does both: below epsilon, its position there picks the action.
        if valid_BA is not None:
            choice_B = uniform_choice(valid_BA, (random_B / max(epsilon, 1e-12)).clamp(max=1.0))
            return torch.where(explores_B, choice_B, greedy_B)
        choice_B = (random_B * (self.num_actions / max(epsilon, 1e-12))).long().clamp(max=self.num_actions - 1)
        return torch.where(explores_B, choice_B, greedy_B)
