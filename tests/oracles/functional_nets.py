"""Textbook networks as one long function each: no modules, parameters in the order in which they are used.

Written down from the figures and tables of Dive into Deep Learning's chapters, layer after layer, to hold the networks
of ``palestra.nets.vision`` against. Batch normalisation goes by the batch, as in training; there is no dropout.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import functional as F


class Reader:
    """Layers that take their parameters one after another."""

    def __init__(self, parameters: Iterable[Tensor]):
        self.left = list(parameters)

    def take(self) -> tuple[Tensor, Tensor]:
        return self.left.pop(0), self.left.pop(0)

    def conv(self, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
        return F.conv2d(x, *self.take(), stride, padding)

    def dense(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), *self.take())

    def norm(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, *self.take(), training=True)


def lenet(r: Reader, x: Tensor) -> Tensor:
    x = F.avg_pool2d(r.conv(x, padding=2).sigmoid(), 2)
    x = F.avg_pool2d(r.conv(x).sigmoid(), 2)
    return r.dense(r.dense(r.dense(x).sigmoid()).sigmoid())


def bn_lenet(r: Reader, x: Tensor) -> Tensor:
    x = F.avg_pool2d(r.norm(r.conv(x)).sigmoid(), 2)
    x = F.avg_pool2d(r.norm(r.conv(x)).sigmoid(), 2)
    return r.dense(r.norm(r.dense(r.norm(r.dense(x)).sigmoid())).sigmoid())


def alexnet(r: Reader, x: Tensor) -> Tensor:
    x = F.max_pool2d(r.conv(x, 4, 1).relu(), 3, 2)
    x = F.max_pool2d(r.conv(x, 1, 2).relu(), 3, 2)
    for _ in range(3):
        x = r.conv(x, 1, 1).relu()
    x = F.max_pool2d(x, 3, 2)
    return r.dense(r.dense(r.dense(x).relu()).relu())


def vgg_11(r: Reader, x: Tensor) -> Tensor:
    for number in (1, 1, 2, 2, 2):
        for _ in range(number):
            x = r.conv(x, 1, 1).relu()
        x = F.max_pool2d(x, 2, 2)
    return r.dense(r.dense(r.dense(x).relu()).relu())


def nin(r: Reader, x: Tensor) -> Tensor:
    for stride, padding, pools in ((4, 0, True), (1, 2, True), (1, 1, True), (1, 1, False)):
        x = r.conv(r.conv(r.conv(x, stride, padding).relu()).relu()).relu()
        x = F.max_pool2d(x, 3, 2) if pools else x
    return x.mean((2, 3))


def googlenet(r: Reader, x: Tensor) -> Tensor:
    x = F.max_pool2d(r.conv(x, 2, 3).relu(), 3, 2, 1)
    x = F.max_pool2d(r.conv(r.conv(x).relu(), 1, 1).relu(), 3, 2, 1)
    for number, pools in ((2, True), (5, True), (2, False)):
        for _ in range(number):
            one = r.conv(x).relu()
            three = r.conv(r.conv(x).relu(), 1, 1).relu()
            five = r.conv(r.conv(x).relu(), 1, 2).relu()
            x = torch.cat((one, three, five, r.conv(F.max_pool2d(x, 3, 1, 1)).relu()), 1)
        x = F.max_pool2d(x, 3, 2, 1) if pools else x
    return r.dense(x.mean((2, 3)))


def resnet_18(r: Reader, x: Tensor) -> Tensor:
    x = F.max_pool2d(r.norm(r.conv(x, 2, 3)).relu(), 3, 2, 1)
    for stage in range(4):
        for block in range(2):
            stride = 2 if stage and not block else 1
            y = r.norm(r.conv(r.norm(r.conv(x, stride, 1)).relu(), 1, 1))
            x = (y + (r.conv(x, 2) if stride == 2 else x)).relu()
    return r.dense(x.mean((2, 3)))


def densenet(r: Reader, x: Tensor) -> Tensor:
    x = F.max_pool2d(r.norm(r.conv(x, 2, 3)).relu(), 3, 2, 1)
    for block in range(4):
        for _ in range(4):
            x = torch.cat((x, r.conv(r.norm(x).relu(), 1, 1)), 1)
        if block < 3:
            x = F.avg_pool2d(r.conv(r.norm(x).relu()), 2)
    return r.dense(r.norm(x).relu().mean((2, 3)))


FUNCTIONS: dict[str, Callable[[Reader, Tensor], Tensor]] = {
    "lenet": lenet,
    "bn-lenet": bn_lenet,
    "alexnet": alexnet,
    "vgg-11": vgg_11,
    "nin": nin,
    "googlenet": googlenet,
    "resnet-18-d2l": resnet_18,
    "densenet-d2l": densenet,
}
"""Name, as in the registry, to function."""
