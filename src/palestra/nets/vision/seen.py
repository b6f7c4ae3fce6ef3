"""What a network sees in an image, as data: what each block makes of it, what it looks for first, and what counts."""

import torch
from torch import Tensor, nn

from palestra.nets.evaluating import evaluating


def feature_maps(net: nn.Sequential, image_BCHW: Tensor) -> dict[str, Tensor]:
    """What each block that makes images makes of some: block to (B, C, H, W), in order, in evaluation."""
    found: dict[str, Tensor] = {}
    x = image_BCHW
    with evaluating(net), torch.no_grad():
        for name, block in net.named_children():
            x = block(x)
            if x.dim() == 4:
                found[name] = x
    return found


def first_filters(net: nn.Module) -> Tensor:
    """(K, C, H, W) a copy of the weights of the first convolution. ValueError for a network without any."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            return module.weight.detach().clone()
    raise ValueError(f"{type(net).__name__} has no convolution; expected a network for images")


def saliency(net: nn.Module, image_BCHW: Tensor, class_B: Tensor) -> Tensor:
    """(B, H, W) how much each pixel moves the output of a class, by the channel where it does the most.

    |d output[class] / d pixel|, in evaluation (Simonyan, Vedaldi & Zisserman 2014, section 3.1). No parameter's
    gradient is touched.

    Args:
        net: (B, C, H, W) to (B, K).
        image_BCHW: images.
        class_B: int64, of each image.
    """
    with evaluating(net), torch.enable_grad():
        given_BCHW = image_BCHW.detach().requires_grad_()
        out_BK: Tensor = net(given_BCHW)
        chosen_B = out_BK.gather(1, class_B[:, None])
        (slope_BCHW,) = torch.autograd.grad(chosen_B.sum(), given_BCHW)
    return slope_BCHW.abs().amax(1)
