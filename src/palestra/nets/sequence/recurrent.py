r"""Networks with a memory: what they say depends on all that they were shown since their episode began.

    GRU   r, z = sigma(W x + U h + b)       n = tanh(W x + b + r (U h + b'))      h <- (1 - z) n + z h
    LSTM  i, f, o = sigma(W x + U h + b)    g = tanh(W x + U h + b)               c <- f c + i g,   h <- o tanh(c)

(Cho et al. 2014; Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000.) ``unroll`` is the definition,
one step after another, zeros where an episode begins. ``let_out`` gives the same of pieces of many episodes with the
loop over time in one call of PyTorch's: every episode becomes a sequence of its own, side by side with all others.

    Y  numbers of a memory: what it lets out (h) and, of an LSTM, its cell (c) beside it
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Generator, Tensor, nn

from palestra.nets.initialisation import orthogonal_
from palestra.nets.mlp import MLP, Activation
from palestra.nets.recorded import Recorded

Cell = Literal["gru", "lstm"]
GATES: dict[Cell, int] = {"gru": 3, "lstm": 4}
"""Blocks of weights of each; in both the second is that of the gate which keeps what was remembered."""


class Memory(Recorded):
    """A GRU or an LSTM of one layer. Weights have PyTorch's names for their order, and its meaning.

    Args:
        cell: which.
        features: F, numbers that it is shown at each step.
        size: numbers that it lets out.
        generator: draws the initial weights, orthogonal block by block, of what is shown such that it keeps its size.
            Biases are zero, but for those of what keeps.
        span: steps that it begins by remembering for, from 1 to so many: a gate that keeps has the bias log t for t of
            them, that of an LSTM which lets in has -log t (Tallec & Ollivier 2018, eq. 16).
    """

    def __init__(self, cell: Cell, features: int, size: int, generator: Generator, span: int = 1):
        super().__init__()
        self.cell: Cell = cell
        self.size = size
        self.state_size = size if cell == "gru" else 2 * size
        gates = GATES[cell]
        given, remembered = (
            torch.cat([orthogonal_(torch.empty(size, inputs), gain, generator) for _ in range(gates)])
            for inputs, gain in ((features, max(1.0, (size / features) ** 0.5)), (size, 1.0))
        )
        bias = torch.zeros(gates * size)
        bias[size : 2 * size] = torch.linspace(1, span, size).log()
        if cell == "lstm":
            bias[:size] = -bias[size : 2 * size]
        self.weight_input, self.weight_hidden = nn.Parameter(given), nn.Parameter(remembered)
        self.bias_input, self.bias_hidden = nn.Parameter(bias), nn.Parameter(torch.zeros(gates * size))

    @property
    def weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """In the order of PyTorch's own cells and layers."""
        return self.weight_input, self.weight_hidden, self.bias_input, self.bias_hidden

    def step(self, x_BF: Tensor, state_BY: Tensor) -> Tensor:
        """(B, Y) what is remembered after one more step."""
        if self.cell == "gru":
            return torch.gru_cell(x_BF, state_BY, *self.weights)
        return torch.cat(torch.lstm_cell(x_BF, state_BY.split(self.size, 1), *self.weights), 1)

    def unroll(self, x_TEF: Tensor, state_EY: Tensor, begins_TE: Tensor) -> Tensor:
        """(T, E, Y) what is remembered after each step.

        Args:
            x_TEF: what is shown.
            state_EY: what was remembered before.
            begins_TE: bool, whether an episode begins with this step, so that nothing before it is remembered.
        """
        states = []
        for x_EF, keeps_E1 in zip(x_TEF, ~begins_TE[..., None]):
            state_EY = self.step(x_EF, state_EY * keeps_E1)
            states.append(state_EY)
        return torch.stack(states)

    def forward(self, x_BF: Tensor, state_EY: Tensor, begins_TE: Tensor) -> Tensor:
        """(B, K) what it lets out, B = T E, the first step of all episodes first."""
        return self.let_out(x_BF.unflatten(0, begins_TE.shape), state_EY, begins_TE).flatten(0, 1)

    def let_out(self, x_TEF: Tensor, state_EY: Tensor, begins_TE: Tensor) -> Tensor:
        """(T, E, K) what it lets out after each step: the first numbers of what ``unroll`` gives, faster."""
        num_steps, num_envs = begins_TE.shape
        state_EY = state_EY * ~begins_TE[0, :, None]
        if not begins_TE[1:].any():
            return self._run(x_TEF, state_EY)
        cut_TE = begins_TE.clone()
        cut_TE[0] = True
        number_TE = (cut_TE.t().flatten().cumsum(0) - 1).view(num_envs, num_steps).t()  # of the sequence of each step
        time_T1 = torch.arange(num_steps, device=x_TEF.device)[:, None]
        place_TE = time_T1 - torch.where(cut_TE, time_T1, 0).cummax(0).values  # of each step in its sequence
        number, longest = int(cut_TE.sum()), int(place_TE.max()) + 1
        row_B = (place_TE * number + number_TE).flatten()
        x_BF = x_TEF.new_zeros(longest * number, x_TEF.shape[2]).index_copy(0, row_B, x_TEF.flatten(0, 1))
        start_BY = state_EY.new_zeros(number, self.state_size).index_copy(0, number_TE[0], state_EY)
        out_BK = self._run(x_BF.view(longest, number, -1), start_BY).flatten(0, 1)
        return out_BK.index_select(0, row_B).view(num_steps, num_envs, -1)

    def _run(self, x_TEF: Tensor, state_EY: Tensor) -> Tensor:
        """(T, E, K) of sequences in which no episode begins."""
        state = [part_EY.contiguous()[None] for part_EY in state_EY.split(self.size, 1)]
        learns = torch.is_grad_enabled()  # else PyTorch's fast ways keep nothing to go back by
        # One layer, with biases, without dropout, in one direction, time first.
        if self.cell == "gru":
            return torch.gru(x_TEF, state[0], self.weights, True, 1, 0.0, learns, False, False)[0]
        return torch.lstm(x_TEF, state, self.weights, True, 1, 0.0, learns, False, False)[0]


class RecurrentNetwork(Recorded):
    """A memory, and layers that make outputs of what it lets out.

    Args:
        cell: of the memory.
        features: F, numbers that it is shown.
        size: numbers that the memory lets out.
        hidden: sizes of hidden layers after it.
        outputs: K.
        activation: of the hidden layers.
        generator: draws the initial weights.
        output_gain: of the last layer, as of ``MLP``.
        span: of the memory.
    """

    def __init__(
        self, cell: Cell, features: int, size: int, hidden: Sequence[int], outputs: int, activation: Activation,
        generator: Generator, output_gain: float, span: int = 1,
    ):  # fmt: skip
        super().__init__()
        self.memory = Memory(cell, features, size, generator, span)
        self.layers = MLP([size, *hidden, outputs], activation, generator, output_gain)

    def start(self, num: int) -> Tensor:
        """(num, Y) what is remembered where episodes begin: nothing."""
        return torch.zeros(num, self.memory.state_size, device=self.memory.bias_input.device)

    def said(self, state_BY: Tensor) -> Tensor:
        """(B, K) outputs with so much remembered."""
        out_BK: Tensor = self.layers(state_BY[:, : self.memory.size])
        return out_BK

    def step(self, x_BF: Tensor, state_BY: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K) outputs for what is seen now, and (B, Y) what is remembered from then on."""
        state_BY = self.memory.step(x_BF, state_BY)
        return self.said(state_BY), state_BY

    def forward(self, x_BF: Tensor, state_EY: Tensor, begins_TE: Tensor) -> Tensor:
        """(B, K) outputs of T steps of E pieces of episodes, B = T E, the first step of all of them first.

        Args:
            x_BF: what is seen.
            state_EY: what was remembered before the first step.
            begins_TE: as of ``Memory.unroll``.
        """
        out_BK: Tensor = self.layers(self.memory(x_BF, state_EY, begins_TE))
        return out_BK

    def record(self, *inputs: Tensor) -> Tensor:
        """The same as a leaf: back through the layers by hand, and from there through time by autograd."""
        return self.layers.record(self.memory.record(*inputs))
