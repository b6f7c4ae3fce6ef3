"""Which networks for images there are. A line here makes one known by its name.

    net = make_net("resnet-18", (1, 28, 28), 10, generator(seed, "weights"), stem="small")
    drop_from(net, generator(seed, "dropout", device=device))    # where it has dropout

Names are of the sizes that papers and Dive into Deep Learning published, whose parameters the tests count; settings are
the arguments of the family's function.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import torch
from torch import Generator, nn

from palestra.errors import UsageError, require, unknown_name
from palestra.nets.initialisation import Scheme, realised
from palestra.nets.vision.alexnet import alexnet
from palestra.nets.vision.blocks import Shape, shape_after
from palestra.nets.vision.dense import dense
from palestra.nets.vision.densenet import densenet
from palestra.nets.vision.googlenet import googlenet
from palestra.nets.vision.lenet import lenet
from palestra.nets.vision.nin import nin, nin_cifar
from palestra.nets.vision.resnet import resnet
from palestra.nets.vision.vgg import vgg
from palestra.nets.vision.whitened import whitened


class Net(NamedTuple):
    """What stands under a name."""

    family: Callable[..., nn.Sequential]
    """Makes it, given the shape of an image, the number of classes, and settings."""
    settings: Mapping[str, Any] = {}
    """What its size or form sets otherwise than the family's defaults."""
    weights: Scheme = "kaiming"
    """How its weights are drawn."""


NETS = {
    "softmax": Net(dense, weights="xavier"),
    "mlp": Net(dense, {"hidden": (256,)}),
    "lenet": Net(lenet, weights="xavier"),
    "lenet-relu": Net(lenet, {"activation": "relu", "pooling": "max"}),
    "bn-lenet": Net(lenet, {"normalisation": "batch", "padding": 0}, "xavier"),
    "alexnet": Net(alexnet),
    "alexnet-2012": Net(alexnet, {"groups": 2, "padding": 2}),
    "alexnet-2014": Net(alexnet, {"channels": (64, 192, 384, 256, 256), "padding": 2}),
    "vgg-11": Net(vgg),
    "vgg-11-narrow": Net(vgg, {"channels": (16, 32, 64, 128, 128)}),
    "vgg-16": Net(vgg, {"convolutions": (2, 2, 3, 3, 3)}),
    "nin": Net(nin),
    "nin-cifar": Net(nin_cifar),
    "googlenet": Net(googlenet),
    "googlenet-bn": Net(googlenet, {"widest": 3, "norm": True}),
    "resnet-18": Net(resnet),
    "resnet-18-d2l": Net(resnet, {"form": "d2l"}),
    "resnet-50": Net(resnet, {"blocks": (3, 4, 6, 3), "bottleneck": True}),
    "resnet-20": Net(resnet, {"stem": "small", "blocks": (3, 3, 3), "channels": (16, 32, 64)}),
    "densenet-d2l": Net(densenet, {"blocks": (4, 4, 4, 4), "bottleneck": False, "bias": True}),
    "densenet-121": Net(densenet),
    "densenet-bc-100": Net(densenet, {"stem": "small", "channels": 24, "growth": 12, "blocks": (16, 16, 16)}),
    "whitened": Net(whitened, weights="dirac"),
}
"""Name to network."""


def find_net(name: str) -> Net:
    """What stands under a name. UsageError, with the nearest names, where nothing does."""
    if name not in NETS:
        raise unknown_name("network", name, NETS)
    return NETS[name]


def make_net(name: str, shape: Shape, num_classes: int, generator: Generator, **settings: Any) -> nn.Sequential:
    """A network from images (B, C, H, W) float32 to outputs (B, K), its weights drawn from ``generator``.

    UsageError for an unknown name or setting, for one that does not fit, and for images that are too small.
    """
    return realised(lambda: blueprint(name, shape, num_classes, **settings), find_net(name).weights, generator)


def blueprint(name: str, shape: Shape, num_classes: int, **settings: Any) -> nn.Sequential:
    """The same without any weights, on the meta device: its shapes cost neither memory nor time."""
    family, chosen, _ = find_net(name)
    known = dict([*get_type_hints(family).items()][2:-1])
    for setting, value in settings.items():
        if setting not in known:
            raise unknown_name(f"setting of {name}", setting, known)
        if get_origin(known[setting]) is Literal:
            choices = get_args(known[setting])
            require(value in choices, f"{name} with {setting}={value!r}", " or ".join(map(str, choices)))
    try:
        with torch.device("meta"):
            net = family(shape, num_classes, **{**chosen, **settings})
        shape_after(net.eval(), shape)
    except RuntimeError as error:
        expected = "larger ones, or stem=small" if "stem" in known else "larger ones"
        raise UsageError(f"{name} on images {shape}; expected {expected}: {error}") from error
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} cannot be made with {settings}: {error}") from error
    return net.train()
