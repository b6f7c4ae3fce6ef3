"""Many dueling Q networks of one shape side by side, forwards and backwards by hand.

What :class:`palestra.nets.q_network.QNetwork` does by itself is done here for each, without noise and with one number
an action; ``tests/unit/nets/test_stacked_dueling.py`` holds the two equal.

    Q = V + A - mean_a A:      by V: sum_a dQ,   by A: dQ - mean_a dQ              (Wang et al. 2016, eq. 9)
    Q = V + A - max_a A:       by V: sum_a dQ,   by A: dQ - 1[A = max A] sum_a dQ / (how many are)      (eq. 8)
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from palestra.nets.mlp import MLP, tanh_backward, threshold_backward
from palestra.nets.q_network import QNetwork
from palestra.nets.stacked import Stacked


class StackedDueling:
    """The networks that have the place of one dueling Q network in every row; as :class:`Stacked` to whoever calls.

    Args:
        q: of any row: dueling, not noisy, one number an action.
        parameters: what a row holds, in order, the network's parameters among them.
        flat_MD: all parameters, a network a row.
        gradient_MD: where derivatives are written.
    """

    def __init__(self, q: QNetwork, parameters: Sequence[Tensor], flat_MD: Tensor, gradient_MD: Tensor):
        assert isinstance(q.advantage, MLP)
        assert isinstance(q.value, MLP)
        rows = parameters, flat_MD, gradient_MD
        self.largest, self.tanh = q.dueling == "max", q.activation == "tanh"
        self.trunk = None if q.trunk is None else Stacked(q.trunk, *rows)
        self.advantage, self.value = Stacked(q.advantage, *rows), Stacked(q.value, *rows)

    def forward(self, x_MBF: Tensor) -> list[Any]:
        """What the trunk, the advantages and the value were given, and last the outputs (M, B, A)."""
        shared: list[Tensor] = []
        if self.trunk is not None:
            *shared, x_MBF = self.trunk.forward(x_MBF)
            x_MBF = x_MBF.tanh_() if self.tanh else x_MBF.relu_()
            shared.append(x_MBF)
        advantages, values = self.advantage.forward(x_MBF), self.value.forward(x_MBF)
        advantage_MBA, value_MB1 = advantages[-1], values[-1]
        centre_MB1 = advantage_MBA.amax(2, keepdim=True) if self.largest else advantage_MBA.mean(2, keepdim=True)
        return [shared, advantages, values, value_MB1 + (advantage_MBA - centre_MB1)]

    def __call__(self, x_MBF: Tensor) -> Tensor:
        """The outputs (M, B, A) alone."""
        out_MBA: Tensor = self.forward(x_MBF)[-1]
        return out_MBA

    def back(self, given: list[Any], to_outputs_MBA: Tensor) -> None:
        """Write the derivatives by the parameters, from those by the outputs and what was given."""
        shared, advantages, values = given
        to_value_MB1 = to_outputs_MBA.sum(2, keepdim=True)
        if self.largest:
            most_MBA = (advantages[-1] == advantages[-1].amax(2, keepdim=True)).to(to_value_MB1.dtype)
            to_advantage_MBA = to_outputs_MBA - most_MBA * (to_value_MB1 / most_MBA.sum(2, keepdim=True))
        else:
            to_advantage_MBA = to_outputs_MBA - to_value_MB1 / to_outputs_MBA.shape[2]
        to_advantages = self.advantage.back(advantages[:-1], to_advantage_MBA)
        to_values = self.value.back(values[:-1], to_value_MB1)
        if self.trunk is not None:
            to_MBK = self.advantage.onward(to_advantages) + self.value.onward(to_values)
            *below, x_MBF = shared
            to_MBK = tanh_backward(to_MBK, x_MBF) if self.tanh else threshold_backward(to_MBK, x_MBF, 0)
            self.trunk.back(below, to_MBK)
