"""IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): a type, the sizes, then all numbers in one piece.

magic  0, 0, type (8: unsigned byte), number of dimensions
sizes  one big-endian 32-bit number for each dimension
data   the numbers, the last dimension fastest
"""

import math
import struct

import numpy as np
from numpy.typing import NDArray

from palestra.errors import PalestraError

_BYTE = 8


def read_idx(data: bytes, name: str, dimensions: int) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes; it shares the memory of ``data``.

    Args:
        data: the file.
        name: what it is called in an error.
        dimensions: how many it must have.

    Raises PalestraError for anything else, without reserving what a damaged header asks for.
    """
    start = 4 + 4 * dimensions
    if data[:4] != bytes((0, 0, _BYTE, dimensions)) or len(data) < start:
        raise PalestraError(f"{name} is no IDX file of {dimensions} dimensions; it begins with {data[:4].hex(' ')}")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    expected = start + math.prod(shape)
    if len(data) != expected:
        sizes = " x ".join(map(str, shape))
        raise PalestraError(f"{name} has {len(data):,} bytes; expected {expected:,} for {sizes}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
