"""Every network of the registry: as many parameters as its paper's and its textbook's, and images of every size."""

import pytest
import torch
from torch import Generator, nn

from palestra.errors import UsageError
from palestra.nets.dropout import Dropout, drop_from
from palestra.nets.summary import parameter_count, summarised
from palestra.nets.vision.registry import NETS, blueprint, make_net

GRAY, COLOUR = (1, 10), (3, 1000)
PARAMETERS = {
    # Dive into Deep Learning: one channel, ten classes.
    ("softmax", 28, *GRAY): 7_850,
    ("mlp", 28, *GRAY): 203_530,
    ("lenet", 28, *GRAY): 61_706,
    ("lenet-relu", 28, *GRAY): 61_706,
    ("bn-lenet", 28, *GRAY): 44_878,
    ("alexnet", 224, *GRAY): 46_764_746,
    ("vgg-11", 224, *GRAY): 128_806_154,
    ("vgg-11-narrow", 224, *GRAY): 43_093_322,
    ("nin", 224, *GRAY): 1_992_166,
    ("googlenet", 96, *GRAY): 5_977_530,
    ("resnet-18-d2l", 96, *GRAY): 11_178_378,
    ("densenet-d2l", 96, *GRAY): 758_226,
    # Papers, in the sizes that torchvision's weights have: ImageNet.
    ("alexnet-2014", 224, *COLOUR): 61_100_840,
    ("vgg-11", 224, *COLOUR): 132_863_336,
    ("vgg-16", 224, *COLOUR): 138_357_544,
    ("googlenet-bn", 224, *COLOUR): 6_624_904,
    ("resnet-18", 224, *COLOUR): 11_689_512,
    ("resnet-50", 224, *COLOUR): 25_557_032,
    ("densenet-121", 224, *COLOUR): 7_978_856,
    # AlexNet and GoogLeNet as their authors had them, in Caffe's count.
    ("alexnet-2012", 224, *COLOUR): 60_965_224,
    ("googlenet", 224, *COLOUR): 6_998_552,
    # CIFAR-10: the count of Caffe's NiN; He et al. 2016, table 6 (0.27M); Huang et al. 2017, table 2 (0.8M).
    ("nin-cifar", 32, 3, 10): 966_986,
    ("resnet-20", 32, 3, 10): 272_474,
    ("densenet-bc-100", 32, 3, 10): 769_162,
    # Jordan 2024, table 1, has 1.97M, of which 2 * 12 * 12 are kernels that do not learn.
    ("whitened", 32, 3, 10): 1_972_792 - 288,
}
"""Name, rows and columns, channels, classes: parameters."""


@pytest.mark.parametrize("case", PARAMETERS, ids=lambda case: f"{case[0]}-{case[2]}x{case[1]}")
def test_it_has_the_published_number_of_parameters(case: tuple[str, int, int, int]) -> None:
    name, size, channels, classes = case
    assert parameter_count(blueprint(name, (channels, size, size), classes)) == PARAMETERS[case]


def test_every_network_is_counted() -> None:
    assert {name for name, *_ in PARAMETERS} == set(NETS)


def small(name: str) -> dict[str, str]:
    """The settings for images of 28 to 32 pixels."""
    has_stem = not name.startswith(("softmax", "mlp", "lenet", "bn-lenet", "nin-cifar", "whitened"))
    return {"stem": "small"} if has_stem else {}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32)], ids=["28", "32"])
@pytest.mark.parametrize("name", NETS)
def test_with_the_small_stem_it_sees_small_images(name: str, shape: tuple[int, int, int]) -> None:
    rows = summarised(blueprint(name, shape, 10, **small(name)), shape)
    assert rows[-1].output == (10,)
    images = [row.output for row in rows if len(row.output) == 3]
    # What a convolution looks at is more than one pixel.
    assert all(min(height, width) >= 2 for _, height, width in images[:-1])


def small_net(name: str, seed: int) -> nn.Sequential:
    return make_net(name, (1, 28, 28), 10, Generator().manual_seed(seed), **small(name))


SMALL_ENOUGH = ("lenet", "lenet-relu", "bn-lenet", "nin-cifar", "googlenet", "resnet-20", "densenet-d2l")


@pytest.mark.parametrize("name", SMALL_ENOUGH)
def test_the_same_seed_makes_the_same_network_and_leaves_the_global_generator_alone(name: str) -> None:
    before = torch.random.get_rng_state()
    one, two, other = (small_net(name, seed).eval() for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    image_BCHW = torch.rand(4, 1, 28, 28, generator=Generator().manual_seed(0))
    out_BK = one(image_BCHW)
    assert out_BK.shape == (4, 10)
    assert torch.equal(out_BK, two(image_BCHW))
    assert not torch.equal(out_BK, other(image_BCHW))
    assert one(image_BCHW).isfinite().all()


def test_every_parameter_of_a_network_learns() -> None:
    for name in SMALL_ENOUGH:
        net = small_net(name, 0)
        drop_from(net, Generator().manual_seed(1))
        out_BK = net(torch.rand(8, 1, 28, 28, generator=Generator().manual_seed(0)))
        (out_BK * torch.randn(8, 10, generator=Generator().manual_seed(0))).sum().backward()
        # The bias of a convolution whose mean is taken off again has no derivative but rounding.
        weights = [p for p in net.parameters() if p.dim() > 1]
        assert all(p.grad is not None and p.grad.abs().sum() > 1e-6 for p in weights), name


def test_dropout_draws_from_what_it_was_given() -> None:
    net = make_net("nin-cifar", (1, 28, 28), 10, Generator().manual_seed(0))
    assert [layer.rate for layer in net.modules() if isinstance(layer, Dropout)] == [0.5, 0.5]
    image_BCHW = torch.rand(2, 1, 28, 28)
    with pytest.raises(RuntimeError, match="without a generator"):
        net(image_BCHW)
    drop_from(net, Generator().manual_seed(1))
    one = net(image_BCHW)
    assert not torch.equal(one, net(image_BCHW))
    drop_from(net, Generator().manual_seed(1))
    assert torch.equal(one, net(image_BCHW))


def test_what_cannot_be_made_is_said_in_a_line() -> None:
    with pytest.raises(UsageError, match=r"unknown network 'resnet-19'; nearest: resnet-18"):
        blueprint("resnet-19", (1, 28, 28), 10)
    with pytest.raises(UsageError, match=r"unknown setting of lenet 'pool'; nearest: pooling"):
        make_net("lenet", (1, 28, 28), 10, Generator(), pool="max")
    with pytest.raises(UsageError, match=r"bn-lenet with pooling='maximum'; expected average or max"):
        blueprint("bn-lenet", (1, 28, 28), 10, pooling="maximum")
    with pytest.raises(UsageError, match=r"resnet-18 cannot be made with \{'blocks': \(1, 2\)\}: zip"):
        blueprint("resnet-18", (1, 96, 96), 10, blocks=(1, 2))
    with pytest.raises(UsageError, match=r"alexnet on images \(1, 28, 28\); expected larger ones, or stem=small"):
        blueprint("alexnet", (1, 28, 28), 10)
    with pytest.raises(UsageError, match=r"lenet on images \(1, 8, 8\); expected larger ones: "):
        blueprint("lenet", (1, 8, 8), 10)
