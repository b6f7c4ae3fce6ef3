"""Randomness as an argument: independent generators derived from one seed by purpose."""

import hashlib

import torch
from torch import Generator


def derive(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for a purpose, e.g. ``derive(0, "evaluation", 12_288)``; the same on every machine."""
    text = ":".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> Generator:
    """A generator of its own for a purpose: using it changes no other random number."""
    return torch.Generator(device=device).manual_seed(derive(seed, *purpose))
