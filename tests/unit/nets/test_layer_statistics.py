"""Statistics by layer against the formulas of those who found them: what keeps a mean square, and what does not."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from torch import Generator, Tensor, nn

from palestra.nets.layer_statistics import Activation, LayerStatistics, Scheme, deep, layer_statistics

WIDTH, ROWS = 400, 300


def found(
    activation: Activation, scheme: Scheme, sizes: Sequence[int] = (WIDTH,) * 9, seed: int = 0, rows: int = ROWS
) -> list[LayerStatistics]:
    rng = torch.Generator().manual_seed(seed)
    net = deep(sizes, activation, scheme, rng).double()
    x, back = (torch.randn(rows, size, generator=rng, dtype=torch.float64) for size in (sizes[0], sizes[-1]))
    return layer_statistics(net, x, back)


def normal(deviation: float) -> Scheme:
    return lambda weight, rng: nn.init.normal_(weight, std=deviation, generator=rng)


def square(layer: LayerStatistics) -> float:
    return layer.mean**2 + layer.deviation**2


@pytest.mark.parametrize("deviation", [0.01, 0.05, 0.2])
def test_a_linear_layer_multiplies_the_mean_square_by_width_times_variance(deviation: float) -> None:
    layers, factor = found("linear", normal(deviation)), WIDTH * deviation**2
    for depth, layer in enumerate(layers, 1):
        assert square(layer) == pytest.approx(factor**depth, rel=0.02 * depth)
        left = len(layers) - depth
        assert layer.gradient**2 == pytest.approx(factor**left, rel=0.02 * left + 0.02)
        assert (layer.saturated, layer.dead) == (0, 0)


def growth(scheme: Scheme) -> float:
    """By how much a layer with ReLU multiplies the mean square, on average over ten networks."""
    networks = [[square(layer) for layer in found("relu", scheme, seed=seed, rows=40)] for seed in range(10)]
    return sum(after / before for net in networks for before, after in pairwise(net)) / (10 * 7)


def test_relu_halves_it_and_kaiming_doubles_that_again() -> None:
    assert growth(normal(0.05)) == pytest.approx(0.5, rel=0.05)  # 400 * 0.05^2 is 1
    kaiming: Scheme = lambda weight, rng: nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=rng)  # noqa: E731
    assert growth(kaiming) == pytest.approx(1, rel=0.05)
    assert all(0.4 < layer.saturated < 0.6 for layer in found("relu", kaiming))
    assert found("relu", kaiming)[0].dead == 0  # half of the answers are zero, and no unit's all of them


def test_xavier_keeps_numbers_and_gradients_where_layers_are_as_wide_and_shares_the_loss_where_not() -> None:
    def xavier(weight: Tensor, rng: Generator) -> Tensor:
        return nn.init.xavier_normal_(weight, generator=rng)

    even = found("linear", xavier)
    assert square(even[-1]) == pytest.approx(1, rel=0.1)
    assert even[0].gradient == pytest.approx(1, rel=0.1)
    (wider,) = found("linear", xavier, sizes=[100, 300])
    assert square(wider) == pytest.approx(100 * 2 / (100 + 300), rel=0.05)


def test_orthogonal_weights_keep_every_length() -> None:
    layers = found("linear", lambda weight, rng: nn.init.orthogonal_(weight, generator=rng))
    assert [square(layer) for layer in layers] == pytest.approx([square(layers[0])] * 8, rel=1e-5)
    assert [layer.gradient for layer in layers] == pytest.approx([layers[-1].gradient] * 8, rel=1e-3)


def test_gradients_are_those_of_autograd_and_no_parameter_keeps_any() -> None:
    rng = torch.Generator().manual_seed(0)
    net = deep([3, 5, 2], "sigmoid", normal(1.0), rng)
    x, back = torch.randn(7, 3, generator=rng), torch.randn(7, 2, generator=rng)
    first, last = layer_statistics(net, x, back)
    weight = [p.detach() for p in net.parameters()]
    hidden = (x @ weight[0].T).sigmoid().requires_grad_()
    ((hidden @ weight[1].T).sigmoid() * back).sum().backward()
    assert hidden.grad is not None
    assert first.gradient == pytest.approx(float(hidden.grad.std()), rel=1e-5)
    assert last.gradient == pytest.approx(float(back.std()), rel=1e-5)
    assert first.mean == pytest.approx(float(hidden.detach().mean()), rel=1e-5)
    assert all(p.grad is None for p in net.parameters())


def test_what_is_saturated_and_what_is_dead() -> None:
    for activation in ("tanh", "sigmoid"):
        assert found(activation, normal(5.0))[-1].saturated > 0.9  # type: ignore[arg-type]
        assert found(activation, normal(0.01))[-1].saturated == 0  # type: ignore[arg-type]

    def first_unit_never(weight: Tensor, rng: Generator) -> Tensor:
        nn.init.uniform_(weight, 0.1, 1.0, generator=rng)
        weight[0] = -1
        return weight

    rng = torch.Generator().manual_seed(0)
    net = deep([4, 8], "relu", first_unit_never, rng)
    (layer,) = layer_statistics(net, torch.rand(50, 4, generator=rng), torch.ones(50, 8))
    assert layer.dead == layer.saturated == 1 / 8
