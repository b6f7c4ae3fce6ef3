"""Epsilon-greedy actions, or noise on the weights in its place: what DQN acts by."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from palestra.engine.policy import Policy
from palestra.nets.q_network import QNetwork
from palestra.nets.recorded import Recorded
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
    """

    saves = ("generator",)
    derives = ("q", "head", "noise")

    def __init__(
        self, q: Recorded, head: QHead, num_actions: int, see: Callable[[Tensor], Tensor], noise: LayerNoise,
        epsilon: Callable[[], float], generator: Generator,
    ):  # fmt: skip
        self.q, self.head, self.num_actions, self.see = q, head, num_actions, see
        self.noise, self.epsilon, self.generator = noise, epsilon, generator

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,) without any noise, or exploring ones, each sample with noise of its own."""
        x_BF = self.see(seen)
        noise = () if deterministic else self.noise.draw(len(x_BF))
        greedy_B = self.head.values(self.q(x_BF, *noise)).argmax(1)
        return greedy_B if deterministic else self.randomised(greedy_B, self.epsilon())

    def randomised(self, greedy_B: Tensor, epsilon: float) -> Tensor:
        """Each action (B,) replaced by a random one with probability epsilon."""
        random_B = torch.rand(greedy_B.shape, generator=self.generator, device=greedy_B.device)
        explores_B = random_B < epsilon
        if greedy_B.device.type == "cpu" and not explores_B.any():
            return greedy_B
        # One uniform number does both: below epsilon, its position there picks the action.
        choice_B = (random_B * (self.num_actions / max(epsilon, 1e-12))).long().clamp(max=self.num_actions - 1)
        return torch.where(explores_B, choice_B, greedy_B)
