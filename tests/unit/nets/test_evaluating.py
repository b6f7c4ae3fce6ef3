"""A network that is looked at is afterwards as it was, part by part, whatever happens meanwhile."""

import pytest
import torch
from torch import nn

from palestra.nets.evaluating import evaluating


def test_every_module_is_put_back_into_its_mode() -> None:
    net = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5)))
    net[0].eval()  # frozen, in a network that trains
    modes = [module.training for module in net.modules()]
    with evaluating(net):
        assert not any(module.training for module in net.modules())
        assert torch.equal(net(torch.ones(1, 2)), net(torch.ones(1, 2)))
    assert [module.training for module in net.modules()] == modes == [True, False, True, True, True]
    with pytest.raises(ZeroDivisionError), evaluating(net):
        raise ZeroDivisionError
    assert [module.training for module in net.modules()] == modes
