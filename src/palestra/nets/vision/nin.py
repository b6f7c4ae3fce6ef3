"""Network in network (Lin, Chen & Yan 2014): a small perceptron at every pixel, and no wide layer at the end.

A convolution is followed by two of 1 x 1, each with ReLU; the last block has a channel a class, whose mean over all
pixels is the class's output. As it ends in ReLU too, no output is ever below zero, and a class whose channel is zero
everywhere does not learn: a network that stays at chance, or never says some of the classes, has met this. Without the
last ReLU it cannot.
"""

from torch import nn

from palestra.nets.dropout import Dropout
from palestra.nets.vision.blocks import Shape, Stem, named

Widths = tuple[int, int, int]


def nin(
    shape: Shape,
    num_classes: int,
    *,
    stem: Stem = "large",
    channels: Widths = (96, 256, 384),
    bent: bool = True,
) -> nn.Sequential:
    """(B, C, H, W) -> (B, K), with AlexNet's windows, as Dive into Deep Learning has it.

    Args:
        shape: of an image.
        num_classes: K.
        stem: large, 11 x 11 pixels in leaps of four, or small, 5 x 5 at full resolution.
        channels: of the blocks before the last.
        bent: whether ReLU comes after the last layer too.
    """
    kernel, stride, padding = (11, 4, 0) if stem == "large" else (5, 1, 2)
    one, two, three = channels
    return named(
        block1=_block(shape[0], (one,) * 3, kernel, stride, padding),
        pool1=nn.MaxPool2d(3, 2),
        block2=_block(one, (two,) * 3, 5, 1, 2),
        pool2=nn.MaxPool2d(3, 2),
        block3=_block(two, (three,) * 3, 3, 1, 1),
        pool3=nn.MaxPool2d(3, 2),
        dropout=Dropout(0.5),
        block4=_block(three, (num_classes,) * 3, 3, 1, 1)[: 6 if bent else 5],
        output=nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )


def nin_cifar(shape: Shape, num_classes: int) -> nn.Sequential:
    """(B, C, H, W) -> (B, K), the paper's own for 32 x 32 pixels, in the sizes that its authors published for Caffe."""
    return named(
        block1=_block(shape[0], (192, 160, 96), 5, 1, 2),
        pool1=nn.MaxPool2d(3, 2, 1),
        dropout1=Dropout(0.5),
        block2=_block(96, (192, 192, 192), 5, 1, 2),
        pool2=nn.AvgPool2d(3, 2, 1),
        dropout2=Dropout(0.5),
        block3=_block(192, (192, 192, num_classes), 3, 1, 1),
        output=nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )


def _block(fan_in: int, channels: Widths, kernel: int, stride: int, padding: int) -> nn.Sequential:
    one, two, three = channels
    return nn.Sequential(
        nn.Conv2d(fan_in, one, kernel, stride, padding), nn.ReLU(),
        nn.Conv2d(one, two, 1), nn.ReLU(),
        nn.Conv2d(two, three, 1), nn.ReLU(),
    )  # fmt: skip
