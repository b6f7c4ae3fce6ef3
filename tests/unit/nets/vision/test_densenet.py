"""DenseNet: the shape after every block, and equation 2."""

import torch

from palestra.nets.summary import summarised
from palestra.nets.vision.densenet import DenseLayer, densenet

TEXTBOOK = {"blocks": (4, 4, 4, 4), "bottleneck": False, "bias": True}


def shapes(shape: tuple[int, int, int], **settings: object) -> list[tuple[int, ...]]:
    with torch.device("meta"):
        net = densenet(shape, 10, **settings)  # type: ignore[arg-type]
    return [row.output for row in summarised(net, shape)]


def test_the_shape_after_every_block_is_published() -> None:
    # Four layers of 32 channels more; half as many between blocks: 64 + 128 = 192, 96 + 128 = 224, ...
    assert shapes((1, 96, 96), **TEXTBOOK) == [
        (64, 24, 24), (192, 24, 24), (96, 12, 12), (224, 12, 12), (112, 6, 6), (240, 6, 6), (120, 3, 3), (248, 3, 3),
        (248, 3, 3), (10,),
    ]  # fmt: skip
    # Huang et al. 2017, table 1.
    assert shapes((3, 224, 224)) == [
        (64, 56, 56), (256, 56, 56), (128, 28, 28), (512, 28, 28), (256, 14, 14), (1024, 14, 14), (512, 7, 7),
        (1024, 7, 7), (1024, 7, 7), (10,),
    ]  # fmt: skip
    assert [size for _, size, _ in shapes((1, 28, 28), stem="small", **TEXTBOOK)[:-1:2]] == [28, 14, 7, 3, 3]


def test_a_layer_keeps_what_it_was_given_and_adds_to_it() -> None:
    layer = DenseLayer(3, 2, bottleneck=True, bias=False).eval()
    x_BCHW = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    out_BCHW = layer(x_BCHW)
    assert torch.equal(out_BCHW[:, :3], x_BCHW)
    assert torch.equal(out_BCHW[:, 3:], layer.new(x_BCHW))
