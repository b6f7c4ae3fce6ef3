"""Weight initialisation from an explicit generator: of one matrix, and of a whole network of PyTorch's layers."""

import math
from collections.abc import Callable
from typing import Literal, TypeVar

import torch
from torch import Generator, Tensor, nn

from palestra.nets.batch_norm import BatchNorm
from palestra.nets.whitening import Whitening

Scheme = Literal["xavier", "kaiming", "fan-in", "gpt", "dirac"]
"""How weights are drawn: ``xavier`` keeps the variance of numbers and of gradients as well as it can (Glorot & Bengio
2010, eq. 16), for sigmoid and tanh; ``kaiming`` that of numbers through ReLU (He et al. 2015, eq. 10); ``fan-in`` is
PyTorch's default; ``gpt`` has a deviation of 0.02 everywhere (Radford et al. 2018, section 4.1), in embeddings too;
``dirac`` is ``fan-in``, but a convolution's first outputs are its inputs, as many as there are (Zagoruyko & Komodakis
2017, https://arxiv.org/abs/1706.00388), and biases are zero."""

N = TypeVar("N", bound=nn.Module)


@torch.no_grad()
def orthogonal_(weight: Tensor, gain: float, generator: Generator) -> Tensor:
    """Fill a matrix (out, in) with a random (semi-)orthogonal one times ``gain`` (Saxe et al. 2014)."""
    return nn.init.orthogonal_(weight, gain, generator=generator)


@torch.no_grad()
def uniform_fan_in_(weight: Tensor, bias: Tensor, generator: Generator) -> None:
    """PyTorch's default: U(-1/sqrt(in), 1/sqrt(in)) for weight (out, in) or (out, in, ...) and bias (out,)."""
    bound = 1.0 / math.sqrt(math.prod(weight.shape[1:]))
    weight.uniform_(-bound, bound, generator=generator)
    bias.uniform_(-bound, bound, generator=generator)


def realised(make: Callable[[], N], scheme: Scheme, generator: Generator) -> N:
    """A network of PyTorch's layers whose weights come from ``generator`` and from nowhere else.

    PyTorch's layers draw their weights from the global generator as they are made. Here they are made on the meta
    device, where tensors have a shape and no numbers, and filled afterwards; the global generator is left alone.

    Args:
        make: makes the network, of layers that ``initialise_`` knows, none of which share a parameter.
        scheme: how its weights are drawn.
        generator: on the processor, which is where the network is.
    """
    with torch.device("meta"):
        net = make()
    if len(list(net.named_parameters(remove_duplicate=False))) > len(list(net.parameters())):
        raise ValueError("layers that share a parameter would be drawn apart; tie them once the network is realised")
    net.to_empty(device="cpu")
    initialise_(net, scheme, generator)
    return net


@torch.no_grad()
def initialise_(net: nn.Module, scheme: Scheme, generator: Generator) -> None:
    """Draw every weight of a network anew, layer by layer.

    Linear layers and convolutions by the scheme, with biases of zero but for ``fan-in``; embeddings from the standard
    normal distribution but for ``gpt``; normalisation as the identity, with no statistics yet. TypeError for any other
    layer that has parameters or buffers of its own.
    """
    for name, module in net.named_modules():
        match module:
            case nn.Linear() | nn.Conv2d():
                _draw_(module.weight, module.bias, scheme, generator)
            case nn.Embedding():
                module.weight.normal_(std=0.02 if scheme == "gpt" else 1.0, generator=generator)
            case _ if not [*module.parameters(recurse=False), *module.buffers(recurse=False)]:
                pass
            case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.LayerNorm() | BatchNorm() | Whitening():
                module.reset_parameters()
            case _:
                raise TypeError(f"{name} is a {type(module).__name__}; expected a layer that initialise_ knows")


def _draw_(weight: Tensor, bias: Tensor | None, scheme: Scheme, generator: Generator) -> None:
    if scheme == "fan-in":
        uniform_fan_in_(weight, torch.empty(len(weight)) if bias is None else bias, generator)
        return
    match scheme:
        case "xavier":
            nn.init.xavier_uniform_(weight, generator=generator)
        case "kaiming":
            nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu", generator=generator)
        case "gpt":
            weight.normal_(std=0.02, generator=generator)
        case "dirac":
            uniform_fan_in_(weight, torch.empty(len(weight)), generator)
            if weight.dim() == 4:
                nn.init.dirac_(weight[: weight.shape[1]])
    if bias is not None:
        bias.zero_()
