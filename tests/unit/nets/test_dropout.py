"""The dropout layer: only while it trains, and always from the generator that it was given."""

import pytest
import torch
from torch import Generator, nn

from palestra.nets.dropout import Dropout, drop_from


def test_it_drops_while_training_and_only_then() -> None:
    layer, x = Dropout(0.5), torch.ones(1000)
    drop_from(layer, Generator().manual_seed(0))
    dropped = layer(x)
    assert set(dropped.tolist()) == {0.0, 2.0}
    assert 400 < int((dropped == 0).sum()) < 600
    assert layer.eval()(x) is x
    assert Dropout(0.0)(x) is x


def test_a_generator_that_is_put_back_drops_the_same() -> None:
    net, generator, x = nn.Sequential(Dropout(0.3), nn.ReLU(), Dropout(0.3)), Generator().manual_seed(0), torch.ones(99)
    drop_from(net, generator)
    state, before = generator.get_state(), torch.random.get_rng_state()
    first = net(x)
    assert not torch.equal(first, net(x))
    generator.set_state(state)
    assert torch.equal(first, net(x))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_without_a_generator_it_says_what_is_missing() -> None:
    with pytest.raises(RuntimeError, match=r"without a generator; expected drop_from\(net, generator\)"):
        Dropout(0.5)(torch.ones(2))
    assert "rate=0.5" in repr(Dropout(0.5))
