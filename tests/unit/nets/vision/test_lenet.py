"""LeNet: the shapes of its figure, and the settings that the demonstration of batch normalisation confounds."""

import torch
from torch import Generator, nn

from palestra.nets.batch_norm import BatchNorm
from palestra.nets.summary import summarised
from palestra.nets.vision.lenet import lenet
from palestra.nets.vision.registry import make_net


def shapes(**settings: object) -> list[tuple[int, ...]]:
    with torch.device("meta"):
        net = lenet((1, 28, 28), 10, **settings)  # type: ignore[arg-type]
    return [row.output for row in summarised(net, (1, 28, 28))]


def test_the_shape_after_every_block_is_that_of_the_figure() -> None:
    assert shapes() == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (120,), (84,), (10,)]
    # What d2l's network with batch normalisation sees is another picture: without padding.
    without = [(6, 24, 24), (6, 12, 12), (16, 8, 8), (16, 4, 4), (256,), (120,), (84,), (10,)]
    assert shapes(padding=0, normalisation="batch") == without


def kinds(name: str, **settings: object) -> list[str]:
    net = make_net(name, (1, 28, 28), 10, Generator().manual_seed(0), **settings)
    return [type(layer).__name__ for layer in net.modules() if not isinstance(layer, nn.Sequential)]


def test_pooling_is_a_setting_of_its_own() -> None:
    """What is averaged is activated first; of the largest only what is left."""
    dense = "Flatten Linear Sigmoid Linear Sigmoid Linear"
    assert kinds("lenet") == f"Conv2d Sigmoid AvgPool2d Conv2d Sigmoid AvgPool2d {dense}".split()
    largest = f"Conv2d MaxPool2d Sigmoid Conv2d MaxPool2d Sigmoid {dense}"
    assert kinds("lenet", pooling="max") == largest.split()
    assert kinds("lenet-relu") == largest.replace("Sigmoid", "ReLU").split()
    dense = "Flatten Linear BatchNorm1d Sigmoid Linear BatchNorm1d Sigmoid Linear"
    average = f"Conv2d BatchNorm2d Sigmoid AvgPool2d Conv2d BatchNorm2d Sigmoid AvgPool2d {dense}"
    assert kinds("bn-lenet") == average.split()
    largest = f"Conv2d BatchNorm2d MaxPool2d Sigmoid Conv2d BatchNorm2d MaxPool2d Sigmoid {dense}"
    assert kinds("bn-lenet", pooling="max") == largest.split()


def test_the_largest_before_or_after_the_activation_is_the_same() -> None:
    """Outputs and gradients, bit for bit, of the order that the figure has and of the quicker one."""
    net = make_net("lenet-relu", (1, 28, 28), 10, Generator().manual_seed(0))
    drawn = torch.rand(8, 1, 28, 28, generator=Generator().manual_seed(1))

    def as_in_the_figure(x_BCHW: torch.Tensor) -> torch.Tensor:
        for name in ("1", "2"):
            x_BCHW = net.get_submodule(f"pool{name}")[0](net.get_submodule(f"conv{name}")[0](x_BCHW).relu())  # type: ignore[index]
        x_BF = x_BCHW.flatten(1)
        for name in ("dense1", "dense2", "output"):
            x_BF = net.get_submodule(name)(x_BF)
        return x_BF

    outputs = [way(drawn) for way in (net, as_in_the_figure)]
    assert torch.equal(*outputs)
    slopes = [torch.autograd.grad(out.square().sum(), list(net.parameters())) for out in outputs]
    assert all(map(torch.equal, *slopes))


def test_both_batch_normalisations_are_one_network() -> None:
    """Forward, backward and the statistics, over a few steps of training and then in evaluation."""
    concise, scratch = (
        make_net("bn-lenet", (1, 28, 28), 10, Generator().manual_seed(0), normalisation=kind).double()
        for kind in ("batch", "batch-from-scratch")
    )
    assert sum(isinstance(layer, BatchNorm) for layer in scratch.modules()) == 4
    draw = Generator().manual_seed(1)
    for _ in range(3):
        image_BCHW, target_B = torch.rand(16, 1, 28, 28, generator=draw).double(), torch.arange(16) % 10
        losses = [nn.functional.cross_entropy(net(image_BCHW), target_B) for net in (concise, scratch)]
        torch.testing.assert_close(*losses, rtol=1e-12, atol=1e-12)
        for net, loss in zip((concise, scratch), losses):
            gradients = torch.autograd.grad(loss, list(net.parameters()))
            with torch.no_grad():
                for p, gradient in zip(net.parameters(), gradients):
                    p -= 0.5 * gradient
    for one, two in zip(concise.parameters(), scratch.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(concise.eval()(image_BCHW), scratch.eval()(image_BCHW), rtol=1e-9, atol=1e-9)


def test_weights_are_drawn_for_the_activation() -> None:
    # Glorot & Bengio's bound for 5 x 5 windows from 6 channels to 16; He et al.'s deviation for 400 inputs.
    xavier = make_net("lenet", (1, 28, 28), 10, Generator().manual_seed(0)).conv2[0].weight.detach()
    bound = (6 / (25 * 6 + 25 * 16)) ** 0.5
    assert 0.95 * bound < float(xavier.abs().max()) <= bound
    kaiming = make_net("lenet-relu", (1, 28, 28), 10, Generator().manual_seed(0)).dense1[0].weight.detach()
    assert abs(float(kaiming.std()) / (2 / 400) ** 0.5 - 1) < 0.02
