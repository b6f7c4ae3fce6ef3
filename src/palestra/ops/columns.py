"""Tables (A, B) with a bandit in each column: the best row of each, and all entries as one row, to be read and written.

What works on them pull by pull works on a processor on arrays of NumPy, which lie on the tensors' own memory, and on a
device on the tensors themselves. It is written the same, ``row_L[place_B] = row_L[place_B] + 1``. An operation on a few
thousand numbers costs NumPy a third to a half of what it costs torch, and the maximum with its place half.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = Any
"""An array of NumPy or, on a device, a tensor."""


def array(tensor: Tensor | Array) -> Array:
    """The numbers of a tensor, on its own memory; an array is returned as it is."""
    return tensor.numpy() if isinstance(tensor, Tensor) and tensor.device.type == "cpu" else tensor


def tensor(array: Array) -> Tensor:
    """The way back."""
    return array if isinstance(array, Tensor) else torch.from_numpy(array)


def row(table_AB: Tensor) -> Array:
    """All entries in a row, on the table's own memory, to be read and written at flat indices."""
    return array(table_AB).reshape(-1)


def floats(chosen: Array) -> Array:
    """1.0 where it is true, else 0.0, in float32."""
    return chosen.float() if isinstance(chosen, Tensor) else chosen.astype(np.float32)


def count(chosen_TB: Array) -> Array:
    """(B,) integers: of each column how many are true."""
    return chosen_TB.sum(0) if isinstance(chosen_TB, Tensor) else np.add.reduce(chosen_TB, 0, dtype=np.int32)


def places(chosen: Array) -> Array:
    """(L,) int64 flat indices, ascending, of what is true."""
    return chosen.view(-1).nonzero().squeeze(1) if isinstance(chosen, Tensor) else np.flatnonzero(chosen)


def log(x: Array) -> Array:
    """The natural logarithm; of 0 it is -inf, without a warning."""
    if isinstance(x, Tensor):
        return x.log()
    with np.errstate(divide="ignore"):
        return np.log(x)


def first_best(value_AB: Array) -> Array:
    """(B,) int64: of each column the row of its greatest value, the first of equals."""
    value: NDArray[Any] | Tensor = array(value_AB)
    if isinstance(value, Tensor):
        return value.max(0).indices
    # Rows are counted down to 0, so that the first of equals has the greatest number, and the last row is the answer
    # where nothing is equal to the maximum: where that is not a number.
    best_AB = (value == np.maximum.reduce(value, 0)).view(np.uint8)
    rows, columns = value.shape
    down_AB = _counting_down(rows, 1 << columns.bit_length())[:, :columns]
    down_B = np.maximum.reduce(best_AB * down_AB, 0)
    return np.subtract(rows - 1, down_B, dtype=np.int64)


@cache
def _counting_down(rows: int, columns: int) -> NDArray[Any]:
    """(rows, columns) integers from rows - 1 to 0, in as few bytes as they need.

    All columns are the same; one for all would make the product twice as slow.
    """
    down_A1 = np.arange(rows - 1, -1, -1, dtype=np.min_scalar_type(rows - 1))[:, None]
    return np.ascontiguousarray(np.broadcast_to(down_A1, (rows, columns)))
