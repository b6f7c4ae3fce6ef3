"""Initial weights: orthogonal matrices with their gain, and PyTorch's default for linear layers."""

import pytest
import torch

from palestra.nets.initialisation import orthogonal_, uniform_fan_in_
from palestra.nets.mlp import MLP


@pytest.mark.parametrize(("rows", "columns"), [(64, 64), (64, 4), (2, 64)])
@pytest.mark.parametrize("gain", [0.01, 2.0**0.5])
def test_orthogonal_weights_have_every_singular_value_equal_to_the_gain(rows: int, columns: int, gain: float) -> None:
    weight = orthogonal_(torch.empty(rows, columns), gain, torch.Generator().manual_seed(0))
    singular = torch.linalg.svdvals(weight)
    torch.testing.assert_close(singular, torch.full_like(singular, gain), rtol=1e-5, atol=1e-7)


def test_a_policy_network_is_orthogonal_with_zero_biases_and_a_small_last_layer() -> None:
    net = MLP([4, 64, 64, 2], "tanh", torch.Generator().manual_seed(0), output_gain=0.01)
    gains = [float(torch.linalg.svdvals(w.detach())[0]) for w in net.weights]
    assert gains == pytest.approx([2**0.5, 2**0.5, 0.01], rel=1e-5)
    assert all(bool((b == 0).all()) for b in net.biases)


def test_the_default_is_that_of_torch_linear() -> None:
    # The bound of nn.Linear is 1 / sqrt(in); a sample this large comes within a thousandth of it, and is uniform:
    # its variance is bound^2 / 3 within four standard errors (sqrt(4/5 / n) of it).
    weight, bias = torch.empty(500, 100), torch.empty(500)
    uniform_fan_in_(weight, bias, torch.Generator().manual_seed(0))
    theirs = torch.nn.Linear(100, 500)
    for ours, reference in ((weight, theirs.weight), (bias, theirs.bias)):
        assert float(ours.abs().max()) <= 0.1
        assert float(ours.abs().max()) == pytest.approx(float(reference.detach().abs().max()), rel=0.02)
    assert float(weight.var()) == pytest.approx(0.01 / 3, rel=4 * (0.8 / 50_000) ** 0.5)
