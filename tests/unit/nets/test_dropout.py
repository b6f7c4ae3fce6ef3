"""The dropout layer: only while it trains, and always from the generator that it was given."""

import pytest
import torch
from torch import Generator, nn

from palestra.nets.dropout import Dropout, drop_from, drop_of_shares
from palestra.ops.shares import share


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


def test_a_share_of_a_batch_loses_what_it_would_have_within_it() -> None:
    x, generators = torch.ones(8, 5), [Generator().manual_seed(0) for _ in range(2)]
    whole = Dropout(0.5)
    drop_from(whole, generators[0])
    part = nn.Sequential(Dropout(0.5))
    drop_from(part, generators[1])
    drop_of_shares(part, lambda: share(8, 1, 2))
    assert torch.equal(whole(x)[4:], part(x[4:]))
