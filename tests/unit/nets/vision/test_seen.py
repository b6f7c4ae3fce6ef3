"""What a network sees: the maps of its blocks, its first filters, and the pixels that count."""

import copy

import pytest
import torch
from torch import Generator, Tensor, nn

from palestra.nets.summary import summarised
from palestra.nets.vision.registry import make_net
from palestra.nets.vision.seen import feature_maps, first_filters, saliency


def network() -> nn.Sequential:
    return make_net("bn-lenet", (1, 28, 28), 10, Generator().manual_seed(0))


def images(number: int) -> Tensor:
    return torch.rand(number, 1, 28, 28, generator=Generator().manual_seed(1))


def test_maps_are_those_of_the_blocks_and_nothing_moves() -> None:
    net, image_BCHW = network(), images(3)
    kept = copy.deepcopy(net.state_dict())
    maps = feature_maps(net, image_BCHW)
    rows = {row.name: row.output for row in summarised(net, (1, 28, 28)) if len(row.output) == 3}
    assert {name: tuple(x.shape[1:]) for name, x in maps.items()} == rows
    assert list(maps) == ["conv1", "pool1", "conv2", "pool2"]
    torch.testing.assert_close(maps["pool2"], net.eval()[:4](image_BCHW).detach())
    saliency(net.train(), image_BCHW, torch.tensor([0, 1, 2]))
    assert all(torch.equal(kept[name], x) for name, x in net.state_dict().items())
    assert net.training
    assert all(p.grad is None for p in net.parameters())


def test_first_filters_are_a_copy() -> None:
    net = network()
    filters_KCHW = first_filters(net)
    assert filters_KCHW.shape == (6, 1, 5, 5)
    filters_KCHW.zero_()
    assert net.conv1[0].weight.any()
    with pytest.raises(ValueError, match="Linear has no convolution"):
        first_filters(nn.Linear(2, 2))


def test_the_pixels_that_count_are_those_that_change_the_output() -> None:
    """By differences of the output, pixel by pixel, of a class of its own for each image."""
    net, image_BCHW, class_B = network().double(), images(2).double(), torch.tensor([3, 7])
    found_BHW = saliency(net, image_BCHW, class_B)
    assert found_BHW.shape == (2, 28, 28)
    net.eval()
    for b, i, j in ((0, 14, 14), (1, 5, 20), (1, 27, 27)):
        up, down = image_BCHW.clone(), image_BCHW.clone()
        up[b, 0, i, j] += 1e-5
        down[b, 0, i, j] -= 1e-5
        slope = (net(up) - net(down))[b, class_B[b]].detach() / 2e-5
        assert float(found_BHW[b, i, j]) == pytest.approx(abs(float(slope)), rel=1e-4, abs=1e-9)
    with torch.no_grad():  # as in an evaluation
        assert torch.equal(saliency(net, image_BCHW, class_B), found_BHW)


def test_of_several_channels_the_one_that_counts_most() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 2 * 2, 2))
    image_BCHW = torch.zeros(1, 3, 2, 2)
    expected_HW = net[1].weight[1].reshape(3, 2, 2).abs().amax(0)
    torch.testing.assert_close(saliency(net, image_BCHW, torch.tensor([1]))[0], expected_HW.detach())
