"""A first convolution that is not learned: it whitens the windows of the images (Jordan 2024, section 3.2).

    E[x x^T] = V diag(lambda) V^T,   w_k = v_k / sqrt(lambda_k + eps),   and -w_k beside it

of windows x as vectors. What the first half says of a window is uncorrelated and of mean square one, so that the layers
after it need not find that out; the second half is there because what bends it lets little below zero through.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from palestra.ops.windows import windows


class Whitening(nn.Module):
    """(B, C, H, W) to (B, K, H - size + 1, W - size + 1), K = 2 C size^2. Its bias learns, its kernels do not.

    Args:
        channels: C.
        size: rows and columns of a window.
        eps: added to eigenvalues, in the squared units of the images.
    """

    weight_KCHW: Tensor

    def __init__(self, channels: int, size: int = 2, eps: float = 5e-4):
        super().__init__()
        self.eps, self.outputs = eps, 2 * channels * size**2
        self.bias_K = nn.Parameter(torch.zeros(self.outputs))
        self.register_buffer("weight_KCHW", torch.zeros(self.outputs, channels, size, size))

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """As it was before it saw images, of which it makes nothing."""
        self.bias_K.zero_()
        self.weight_KCHW.zero_()

    @torch.no_grad()
    def fit_(self, image_BCHW: Tensor) -> None:
        """Take the kernels from images; always the same from the same ones."""
        size = self.weight_KCHW.shape[-1]
        seen = windows(image_BCHW.cpu(), size).permute(0, 2, 3, 1, 4, 5)
        x_BF = seen.reshape(-1, self.weight_KCHW[0].numel()).double()
        value_F, vector_FF = torch.linalg.eigh(x_BF.T @ x_BF / len(x_BF))
        half_FF = (vector_FF / (value_F + self.eps).sqrt()).T
        self.weight_KCHW.copy_(torch.cat((half_FF, -half_FF)).view_as(self.weight_KCHW))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Every window in white."""
        return F.conv2d(x_BCHW, self.weight_KCHW, self.bias_K)
