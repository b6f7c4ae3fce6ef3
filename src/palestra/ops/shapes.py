"""Rank and shape checks at the door of every op: ``(B,)`` must never meet ``(B, 1)``."""

from torch import Tensor


def check_rank(rank: int, **tensors: Tensor) -> None:
    """Raise ValueError unless every named tensor has this many dimensions."""
    for name, tensor in tensors.items():
        if tensor.dim() != rank:
            raise ValueError(
                f"{name} has shape {tuple(tensor.shape)}; expected {rank} dimension{'s' if rank != 1 else ''}"
            )


def check_same_shape(**tensors: Tensor) -> None:
    """Raise ValueError unless all named tensors have one shape."""
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    first, *rest = shapes.values()
    if any(shape != first for shape in rest):
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"shapes differ: {listed}; expected one shape for all")
