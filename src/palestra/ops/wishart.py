"""The Wishart distribution, and the normal-Wishart that is the conjugate of a normal's mean and precision."""

import torch
from torch import Generator, Tensor

from palestra.errors import require


def wishart(scale_FF: Tensor, degrees: float, generator: Generator) -> Tensor:
    """(F, F) a draw of W(scale, degrees), whose mean is degrees * scale, by Bartlett's decomposition (1933).

    Args:
        scale_FF: positive definite.
        degrees: of freedom, more than F - 1.
        generator: of the draw.
    """
    size = len(scale_FF)
    require(degrees > size - 1, f"{degrees:g} degrees of freedom for {size} x {size}", f"more than {size - 1}")
    alpha_F = (degrees - torch.arange(size, dtype=scale_FF.dtype, device=scale_FF.device)) / 2
    chi_square_F = 2 * torch._standard_gamma(alpha_F, generator=generator)
    normal_FF = torch.randn(size, size, dtype=scale_FF.dtype, device=scale_FF.device, generator=generator)
    root_FF = torch.linalg.cholesky(scale_FF) @ (normal_FF.tril(-1) + chi_square_F.sqrt().diag())
    drawn_FF: Tensor = root_FF @ root_FF.T
    return drawn_FF


def normal_wishart(
    row_BF: Tensor, mean_F: Tensor, scale_FF: Tensor, strength: float, degrees: float, generator: Generator
) -> tuple[Tensor, Tensor]:
    """A draw of mean (F,) and precision (F, F) of a normal, given B of its rows (Murphy 2007, section 8).

    The prior is Lambda ~ W(scale, degrees), mu ~ N(mean, (strength Lambda)^-1).
    """
    count = len(row_BF)
    found_F = row_BF.mean(0)
    centred_BF, apart_F = row_BF - found_F, found_F - mean_F
    shrunk = strength * count / (strength + count)
    inverse_FF = torch.linalg.inv(scale_FF) + centred_BF.T @ centred_BF + shrunk * torch.outer(apart_F, apart_F)
    precision_FF = wishart(torch.linalg.inv(inverse_FF), degrees + count, generator)
    middle_F = (strength * mean_F + count * found_F) / (strength + count)
    root_FF = torch.linalg.cholesky((strength + count) * precision_FF)
    noise_F = torch.randn(len(mean_F), dtype=row_BF.dtype, device=row_BF.device, generator=generator)
    apart_F = torch.linalg.solve_triangular(root_FF.T, noise_F[:, None], upper=True)[:, 0]
    return middle_F + apart_F, precision_FF
