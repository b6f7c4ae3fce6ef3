"""Q networks with a dueling or a noisy head; the plain one is an MLP."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from palestra.nets.mlp import MLP, Activation
from palestra.nets.noisy import NoisyMLP, factorised_noise
from palestra.nets.recorded import Recorded
from palestra.ops.dueling import Dueling, dueling


class QNetwork(Recorded):
    """(B, F) observations to (B, A * Z) outputs: shared layers, then streams of one hidden layer each.

    With ``dueling`` there are two streams, for the state's value and the actions' advantages (Wang et al. 2016, section
    3), else one for Q. With ``noisy_sigma`` the streams are noisy, as the fully connected layers after the convolutions
    are in Rainbow (Hessel et al. 2018).

    Args:
        sizes: features of the input and of the hidden layers; the last hidden layer is the one that each stream has.
        num_actions: A.
        num_atoms: Z, outputs an action.
        activation: between layers.
        generator: draws the initial weights.
        dueling: how the streams are put together; none for one stream.
        noisy_sigma: initial noise; None for layers without.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        num_actions: int,
        num_atoms: int,
        activation: Activation,
        generator: Generator,
        dueling: Dueling,
        noisy_sigma: float | None,
    ):
        super().__init__()
        self.num_actions, self.num_atoms, self.dueling, self.activation = num_actions, num_atoms, dueling, activation
        shared, tail = (sizes[:-1], sizes[-2:]) if len(sizes) > 1 else (sizes, sizes)
        self.trunk = MLP(shared, activation, generator) if len(shared) > 1 else None

        def stream(outputs: int) -> MLP | NoisyMLP:
            if noisy_sigma is None:
                return MLP([*tail, outputs], activation, generator)
            return NoisyMLP([*tail, outputs], activation, generator, noisy_sigma)

        self.advantage = stream(num_actions * num_atoms)
        self.value = stream(num_atoms) if dueling != "none" else None
        streams = (self.advantage, self.value)
        self._noise_sizes = [stream.num_noise for stream in streams if isinstance(stream, NoisyMLP)]

    def draw_noise(self, rows: int, generator: Generator) -> Tensor:
        """Noise for one pass: a draw for each of ``rows`` samples, or with 1 row one for all."""
        return factorised_noise(rows, sum(self._noise_sizes), generator)

    def forward(self, x_BF: Tensor, noise: Tensor | None = None) -> Tensor:
        """Outputs (B, A * Z), an action's Z side by side; at the means of noisy weights if there is no ``noise``."""
        if self.trunk is not None:
            x_BF = self.trunk(x_BF)
            x_BF = torch.tanh(x_BF) if self.activation == "tanh" else torch.relu(x_BF)
        parts = [()] * 2 if noise is None else [(part,) for part in noise.split(self._noise_sizes, 1)]
        advantage_BK: Tensor = self.advantage(x_BF, *parts[0])
        if self.value is None or self.dueling == "none":
            return advantage_BK
        advantage_BAZ = advantage_BK.view(-1, self.num_actions, self.num_atoms)
        return dueling(self.value(x_BF, *parts[1]), advantage_BAZ, self.dueling).flatten(1)


def make_q_network(
    sizes: Sequence[int],
    num_actions: int,
    num_atoms: int,
    activation: Activation,
    generator: Generator,
    dueling: Dueling = "none",
    noisy_sigma: float | None = None,
) -> MLP | QNetwork:
    """The network for these settings: an MLP, which can be gone back by hand, unless it is dueling or noisy."""
    if dueling == "none" and noisy_sigma is None:
        return MLP([*sizes, num_actions * num_atoms], activation, generator)
    return QNetwork(sizes, num_actions, num_atoms, activation, generator, dueling, noisy_sigma)
