"""Our networks in PyTorch's own layers, with copies of their parameters."""

from typing import Any

import torch
from torch import nn

from palestra.nets.adam import ClippedAdam
from palestra.nets.encoders import ConvEncoder


def doubled(agent: Any) -> Any:
    """An agent with an encoder and one Adam, its networks in float64.

    In float32 some ReLU in a few updates is nearer to zero than rounding, and open on one side of a comparison and shut
    on the other; and where a gradient is near zero, Adam's steps are of the size of its learning rate all the same.
    """
    agent.policy.encoder.dtype = torch.float64
    old = agent.optimizer
    agent.optimizer = ClippedAdam([agent.modules.double()], old.learning_rate, old.eps, old.max_grad_norm)
    return agent


def plain_encoder(encoder: ConvEncoder) -> nn.Sequential:
    """An encoder that ends in ReLU; it takes what it is given, bytes by 255."""
    *convolutions, (weight, bias) = zip(encoder.weights, encoder.biases, strict=True)
    layers: list[nn.Module] = []
    for (w, b), (channels, kernel, stride, padding) in zip(convolutions, encoder.layers, strict=True):
        layer = nn.Conv2d(w.shape[1], channels, kernel, stride, padding)
        layer.load_state_dict({"weight": w, "bias": b})
        layers += [layer, nn.ReLU()]
    linear = nn.Linear(weight.shape[1], len(weight))
    linear.load_state_dict({"weight": weight, "bias": bias})
    return nn.Sequential(*layers, nn.Flatten(), linear, nn.ReLU())


def plain_mlp(net: Any) -> nn.Sequential:
    """An MLP."""
    layers: list[nn.Module] = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": weight, "bias": bias})
        layers += [linear, nn.Tanh() if net.activation == "tanh" else nn.ReLU()]
    return nn.Sequential(*layers[:-1])
