"""Writes the safetensors format while hashing it, so that hundreds of megabytes pass through memory once.

The safetensors library's own writer refuses tensors that share memory (tied weights, a target network's
view), reports a full disk as text, and leaves hashing to a second pass over the file. The format itself is an
8-byte little-endian header length, a JSON header, and the tensors' bytes
(https://github.com/huggingface/safetensors, "Format"). Reading is the library's.
"""

import hashlib
import json
import math
import os
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from palestra.runs.codec import SAFETENSORS_DTYPES

_CHUNK = 1 << 20  # bytes hashed and then written while they are still in the processor's cache


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> tuple[int, str]:
    """Write contiguous CPU tensors to a new file and fsync it.

    Returns the file's size in bytes and its SHA-256 as hex digits. Raises OSError where the disk refuses.
    """
    # Widest dtype first keeps every tensor aligned to its own item size, as the library's writer does.
    names = sorted(tensors, key=lambda name: -tensors[name].element_size())
    header, end = {}, 0
    for name in names:
        tensor = tensors[name]
        begin, end = end, end + math.prod(tensor.shape) * tensor.element_size()
        dtype = SAFETENSORS_DTYPES[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    digest, size = hashlib.sha256(), 8 + len(text) + end
    with path.open("wb") as file:
        for block in (len(text).to_bytes(8, "little"), text):
            digest.update(block)
            file.write(block)
        for name in names:
            # A flat view with stride 1 (contiguous tensors of one or no element may have any other), as bytes,
            # since NumPy has no bfloat16.
            flat = tensors[name].as_strided((tensors[name].numel(),), (1,))
            data = flat.view(torch.uint8).numpy().data
            for start in range(0, len(data), _CHUNK):
                chunk = data[start : start + _CHUNK]
                digest.update(chunk)
                file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a file by name, on the CPU. Raises SafetensorError for a malformed file."""
    return load_file(path)
