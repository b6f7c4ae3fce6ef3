"""In which numbers a network multiplies."""

from functools import cache
from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


@cache
def multiplies_bfloat16() -> bool:
    """Whether bfloat16 is fast here: with CUDA, or on a processor that oneDNN has kernels for (AVX-512, Arm's BF16).

    Others, AVX2 alone among them, take each number apart: the arm's updates took seven times as long as in float32.
    """
    return torch.cuda.is_available() or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def product_dtype(precision: Precision) -> torch.dtype:
    """What a network's products are computed in: bfloat16 where that was asked for and is fast, else float32."""
    return torch.bfloat16 if precision == "bfloat16" and multiplies_bfloat16() else torch.float32
