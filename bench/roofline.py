"""How fast could it be? The time that an algorithm's matrix products take at the speed of one large product."""

import time

import torch


def matrix_flops() -> float:
    """Floating-point operations a second of a 1,024-cubed single-precision product."""
    a = torch.randn(1024, 1024)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * 1024**3 / min(times)
