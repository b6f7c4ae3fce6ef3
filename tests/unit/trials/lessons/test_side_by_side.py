"""Networks side by side: each learns what it would learn by itself, and few images are drawn as is said."""

import torch
from torch import nn
from torch.nn import functional as F

from palestra.nets.ensemble import Ensemble
from palestra.trials.lessons.side_by_side import accuracies, digits, few_of_each, train


def test_each_learns_what_it_would_by_itself() -> None:
    rng = torch.Generator().manual_seed(0)
    net, x, y = Ensemble(3, (4, 6, 2), rng), torch.randn(3, 8, 4, generator=rng), torch.arange(8).repeat(3, 1) % 2
    alone = []
    for n in range(3):
        layers = [nn.Linear(4, 6), nn.Linear(6, 2)]
        for layer, (weight, bias) in zip(layers, net.layers(), strict=True):
            layer.load_state_dict({"weight": weight[n].detach().T.clone(), "bias": bias[n, 0].detach().clone()})
        one = nn.Sequential(layers[0], nn.ReLU(), layers[1])
        optimizer = torch.optim.Adam(one.parameters(), 0.01)
        for _ in range(30):
            optimizer.zero_grad()
            F.cross_entropy(one(x[n]), y[n]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        alone.append(one)
    train(net, lambda _: (x, y), 30, 0.01)
    for n, one in enumerate(alone):
        torch.testing.assert_close(net(x)[n], one(x[n]), rtol=1e-3, atol=1e-4)
    same = torch.stack([(one(x[n]).argmax(1) == y[n]).double().mean() for n, one in enumerate(alone)])
    assert torch.equal(accuracies(net, x, y), same)
    assert accuracies(net, x[0], y[0]).shape == (3,)


def test_few_are_as_many_of_each_class_and_fewer_are_among_more() -> None:
    _, labels = digits("train")
    two, five = (few_of_each(labels, (3, 7), n, 4, torch.Generator().manual_seed(1)) for n in (2, 5))
    assert two.shape == (4, 4)
    assert labels[five].tolist() == [[3] * 5 + [7] * 5] * 4
    assert torch.equal(two, five[:, [0, 1, 5, 6]])
    assert not torch.equal(five[0], five[1])


def test_digits_are_from_black_to_white() -> None:
    images, labels = digits("validation")
    assert (float(images.min()), float(images.max())) == (0.0, 1.0)
    assert images.shape == (len(labels), 8, 8)
