"""A multilayer perceptron that a condition changes from within: FiLM (Perez et al. 2018).

    c = relu(V_1 condition + a_1);   (gamma_1, beta_1, gamma_2, ...) = V_2 c + a_2
    h_i = relu(gamma_i (W_i h_i-1 + b_i) + beta_i),   h_0 = x                               (Perez et al. 2018, eq. 2)
    out = W h + b

So what comes out of x depends on products with the condition, which a layer over both side by side would have to build
out of bends. ``forward`` is the definition, and recorded passes go back by hand.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from palestra.nets.initialisation import uniform_fan_in_
from palestra.nets.mlp import threshold_backward
from palestra.nets.recorded import Recorded
from palestra.ops.terms import Recording, place_for, without_autograd


class Run(NamedTuple):
    """What a pass leaves for the way back."""

    c_BF: Tensor
    """The condition, after its layer."""
    film_BF: Tensor
    """Scales and shifts of every layer."""
    given: list[Tensor]
    """What each layer of x was given."""
    linear: list[Tensor]
    """What each hidden layer said before it was scaled."""
    out_BK: Tensor


class FilmMLP(Recorded):
    """(B, K), K = sizes[0], and a condition (B, F) -> (B, sizes[-1]) float32.

    Args:
        sizes: numbers of x, of hidden layers, and of what comes out.
        condition: F, numbers of a condition.
        width: numbers between the condition and what it scales and shifts by.
        generator: draws the initial weights, as PyTorch's default; scales begin around 1.
    """

    by_hand = True

    def __init__(self, sizes: Sequence[int], condition: int, width: int, generator: Generator):
        super().__init__()
        self.hidden = list(sizes[1:-1])
        shapes = [*pairwise(sizes), (condition, width), (width, 2 * sum(self.hidden))]
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for fan_in, fan_out in shapes:
            weight, bias = torch.empty(fan_out, fan_in), torch.empty(fan_out)
            uniform_fan_in_(weight, bias, generator)
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(bias))
        with torch.no_grad():
            for scale, _ in self.parts(self.biases[-1]):
                scale += 1.0
        self._pairs: list[tuple[nn.Parameter, nn.Parameter]] = []

    def layers(self) -> list[tuple[nn.Parameter, nn.Parameter]]:
        """Weight and bias of each layer of x, then of the two of the condition."""
        if not self._pairs:  # looking parameters up in a ParameterList costs microseconds each
            self._pairs = list(zip(self.weights, self.biases))
        return self._pairs

    def parts(self, film: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Scale and shift (..., F) of each hidden layer, views of what stands side by side (..., 2 F)."""
        both = film.split([size for size in self.hidden for _ in range(2)], -1)
        return list(zip(both[::2], both[1::2]))

    def forward(self, x_BK: Tensor, condition_BF: Tensor) -> Tensor:
        """(B, K) -> (B, sizes[-1])."""
        if not torch.is_grad_enabled():
            return self._run(x_BK, condition_BF).out_BK
        *layers, (last, last_bias), into, film = self.layers()
        film_BF = F.linear(F.linear(condition_BF, *into).relu(), *film)
        for (weight, bias), (scale_BF, shift_BF) in zip(layers, self.parts(film_BF)):
            x_BK = (scale_BF * F.linear(x_BK, weight, bias) + shift_BF).relu()  # eq. 2
        return F.linear(x_BK, last, last_bias)

    def _run(self, x_BK: Tensor, condition_BF: Tensor) -> Run:
        """The same in the fewest operations and without autograd."""
        *layers, (last, last_bias), into, film = self.layers()
        c_BF = F.linear(condition_BF, *into).relu_()
        film_BF = F.linear(c_BF, *film)
        given, linear = [x_BK], []
        for (weight, bias), (scale_BF, shift_BF) in zip(layers, self.parts(film_BF)):
            linear.append(F.linear(given[-1], weight, bias))
            given.append(torch.addcmul(shift_BF, scale_BF, linear[-1]).relu_())
        return Run(c_BF, film_BF, given, linear, F.linear(given[-1], last, last_bias))

    @without_autograd
    def record(self, *inputs: Tensor) -> Tensor:
        """(B, K) and a condition (B, F) -> (B, sizes[-1]) as a leaf, to write a loss on."""
        run = self._run(*inputs)
        return FilmRecording(self, inputs, run).leaf(run.out_BK)


class FilmRecording(Recording):
    """What a pass left for the way back."""

    def __init__(self, net: FilmMLP, inputs: Sequence[Tensor], run: Run):
        super().__init__(inputs, net)
        self.net, self.run, self.condition_BF = net, run, inputs[1]
        self.wanted = [x.requires_grad for x in inputs]

    def back(self, to_outputs: list[Tensor | None], learn: bool) -> Sequence[Tensor]:
        """Layer by layer, in the fewest operations."""
        (grad_BK,) = to_outputs
        assert grad_BK is not None
        run, net = self.run, self.net
        *layers, last, into, film = net.layers()
        to_film_BF = torch.empty_like(run.film_BF)
        parts = list(zip(net.parts(run.film_BF), net.parts(to_film_BF)))
        grad_BK = _through(last, grad_BK, run.given[-1], learn)
        for i in reversed(range(len(layers))):
            (scale_BF, _), (to_scale_BF, to_shift_BF) = parts[i]
            to_shift_BF.copy_(threshold_backward(grad_BK, run.given[i + 1], 0))
            torch.mul(to_shift_BF, run.linear[i], out=to_scale_BF)
            grad_BK = _through(layers[i], to_shift_BF * scale_BF, run.given[i], learn, i > 0 or self.wanted[0])
        to_c_BF = threshold_backward(_through(film, to_film_BF, run.c_BF, learn), run.c_BF, 0)
        to_condition_BF = _through(into, to_c_BF, self.condition_BF, learn, self.wanted[1])
        return [grad for grad, wanted in zip((grad_BK, to_condition_BF), self.wanted) if wanted]


def _through(
    layer: tuple[nn.Parameter, nn.Parameter], grad_BK: Tensor, x_BF: Tensor, learn: bool, on: bool = True
) -> Tensor:
    """Write the derivatives by a layer that was given x, if it learns; the one by x, if it goes on from there."""
    weight, bias = layer
    if learn:
        torch.mm(grad_BK.t(), x_BF, out=place_for(weight))
        torch.sum(grad_BK, 0, out=place_for(bias))
    return grad_BK.mm(weight) if on else grad_BK
