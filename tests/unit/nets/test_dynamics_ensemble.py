"""An ensemble is its members, each a plain network of PyTorch's; what it says is in the world's own units."""

import pytest
import torch
from torch import Generator, nn

from palestra.nets.dynamics_ensemble import DynamicsEnsemble
from palestra.ops.predicted_gaussian import softly_bounded


def made(hidden: tuple[int, ...] = (8, 6)) -> DynamicsEnsemble:
    rng = Generator().manual_seed(0)
    net = DynamicsEnsemble(3, 2, 1, hidden, rng)
    inputs, targets = torch.randn(50, 3, generator=rng) * 4 + 1, torch.randn(50, 3, generator=rng) * 0.1 - 2
    net.standardise(inputs, targets)
    return net


@pytest.mark.parametrize("hidden", [(), (8, 6)])
def test_each_member_is_a_plain_network(hidden: tuple[int, ...]) -> None:
    net, rows = made(hidden), torch.randn(3, 5, 3, generator=Generator().manual_seed(1), dtype=torch.float64)
    said = net(rows)
    for m in range(3):
        layers: list[nn.Module] = []
        for weight, bias in zip(net.weights, net.biases, strict=True):
            linear = nn.Linear(weight.shape[1], weight.shape[2], dtype=torch.float64)
            linear.weight.data, linear.bias.data = weight[m].detach().double().T, bias[m, 0].detach().double()
            layers += [linear, nn.SiLU()]
        out = nn.Sequential(*layers[:-1])((rows[m] - net.shift_F) * net.scale_F)
        torch.testing.assert_close(said.mean_MBK[m], out[:, :3])
        torch.testing.assert_close(said.log_var_MBK[m], softly_bounded(out[None, :, 3:], net.low_K, net.high_K)[0])
    torch.testing.assert_close(net(rows[0]).mean_MBK[0], said.mean_MBK[0])
    torch.testing.assert_close(net(rows.float()).mean_MBK.double(), said.mean_MBK, rtol=1e-4, atol=1e-5)


def test_standardised_rows_have_mean_0_and_deviation_1_and_come_back() -> None:
    net, rng = made(), Generator().manual_seed(2)
    inputs, targets = torch.randn(400, 3, generator=rng) * 7, torch.randn(400, 3, generator=rng) * 0.3 + 5
    targets[:, 1] = 4.0  # never changes
    net.standardise(inputs, targets)
    out = net.as_output(targets)
    torch.testing.assert_close(out.mean(0), torch.zeros(3), rtol=0, atol=1e-4)
    torch.testing.assert_close(out[:, [0, 2]].std(0, correction=0), torch.ones(2))
    assert float(net.scale_K[1]) == 1.0
    torch.testing.assert_close(net.as_target(out), targets)


def test_it_is_made_again_of_its_state() -> None:
    net = made()
    again = DynamicsEnsemble.of(net.state_dict())
    rows = torch.ones(4, 3)
    assert (again.members, again.observed, again.acted) == (3, 2, 1)
    assert all(torch.equal(a, b) for a, b in zip(again(rows), net(rows), strict=True))
    with pytest.raises(ValueError, match="no layer"):
        DynamicsEnsemble.of({})
    with pytest.raises(RuntimeError):
        DynamicsEnsemble.of({name: value for name, value in net.state_dict().items() if name != "shift_F"})
