"""Nested state to tensors and JSON, and exactly back.

No type is ever looked up by name, so decoding runs no code. Plain values are JSON as it stands. What JSON
cannot say is an object with one key that starts with ``$``:

``{"$tensor": name}``   a torch tensor, stored under that name
``{"$array": name}``    a NumPy array, stored as a tensor
``{"$scalar": name}``   a NumPy scalar, stored as a tensor without dimensions
``{"$bytes": name}``    bytes, stored as a uint8 tensor
``{"$tuple": [...]}``   a tuple
``{"$dict": [[k, v]]}`` a dict with keys that are not all strings, or with a string key that starts with ``$``
``{"$float": "nan"}``   nan, inf, -inf
``{"$int": "0x..."}``   an integer beyond 64 bits
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

SAFETENSORS_DTYPES: dict[torch.dtype, str] = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.complex64: "C64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""Every dtype that a state may hold, with its name in the safetensors format."""

_ARRAY_DTYPES = {np.dtype(kind) for kind in "?bhiqBHIQefdF"}


def encode(state: Any) -> tuple[dict[str, Tensor], Any]:
    """Split a state into named tensors and a JSON tree.

    ``state`` is any nesting of dict, list and tuple over torch tensors (dense, any dtype of
    ``SAFETENSORS_DTYPES``), NumPy arrays and scalars, bytes, int, float, str, bool and None. Dict keys are
    str, int, float, bool or None.

    Returns the tensors (contiguous, on the CPU, detached; views of the given memory wherever no copy is
    needed) and a tree that ``json`` can write. Raises TypeError that names the key path of a value it does
    not know: a subclass (a NamedTuple, an Enum) is refused rather than flattened, except dict subclasses,
    which come back as dict.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _encode(state, "", tensors)


def decode(tensors: dict[str, Tensor], tree: Any) -> Any:
    """Put together what ``encode`` split.

    Returns the same state, bit for bit: lists as lists, tuples as tuples, NumPy arrays and scalars as
    themselves (arrays in C order), tensors contiguous and on the CPU. Raises ValueError or KeyError for a
    tree that ``encode`` did not make.
    """
    if isinstance(tree, list):
        return [decode(tensors, value) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        ((tag, value),) = tree.items()
        if tag.startswith("$"):
            return _decode_tagged(tensors, tag, value)
    return {key: decode(tensors, value) for key, value in tree.items()}


def _decode_tagged(tensors: dict[str, Tensor], tag: str, value: Any) -> Any:
    match tag:
        case "$tensor":
            return tensors[value]
        case "$array":
            return tensors[value].numpy()
        case "$scalar":
            return tensors[value].numpy()[()]
        case "$bytes":
            return tensors[value].numpy().tobytes()
        case "$tuple":
            return tuple(decode(tensors, item) for item in value)
        case "$dict":
            return {decode(tensors, key): decode(tensors, item) for key, item in value}
        case "$float":
            return float(value)
        case "$int":
            return int(value, 16)
    raise ValueError(f"unknown tag {tag!r} in a checkpoint's state")


def _encode(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    # Exact types: bool is an int and numpy.float64 a float, and each must come back as what it was.
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**63 else {"$int": hex(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind is list:
        return [_encode(item, f"{path}[{i}]", tensors) for i, item in enumerate(value)]
    if kind is tuple:
        return {"$tuple": [_encode(item, f"{path}[{i}]", tensors) for i, item in enumerate(value)]}
    if isinstance(value, dict):
        return _encode_dict(value, path, tensors)
    if isinstance(value, Tensor):
        return {"$tensor": _store(_dense(value, path), path, tensors)}
    if kind is np.ndarray:
        return {"$array": _store(_from_numpy(value, path), path, tensors)}
    if isinstance(value, np.generic):
        return {"$scalar": _store(_from_numpy(np.asarray(value), path), path, tensors)}
    if kind is bytes:
        return {"$bytes": _store(_from_numpy(np.frombuffer(value, np.uint8), path), path, tensors)}
    raise TypeError(
        f"state{path} is a {kind.__module__}.{kind.__qualname__}; a checkpoint holds dict, list, tuple, "
        "torch tensors, NumPy arrays and scalars, bytes, int, float, str, bool and None"
    )


def _encode_dict(value: dict[Any, Any], path: str, tensors: dict[str, Tensor]) -> Any:
    for key in value:
        if key is not None and type(key) not in (str, int, float, bool):
            raise TypeError(f"state{path} has the key {key!r}; keys of a state are str, int, float, bool or None")
    items = [(key, _encode(item, f"{path}[{key!r}]", tensors)) for key, item in value.items()]
    if all(type(key) is str and not key.startswith("$") for key in value):
        return dict(items)
    return {"$dict": [[_encode(key, path, tensors), item] for key, item in items]}


def _store(tensor: Tensor, path: str, tensors: dict[str, Tensor]) -> str:
    # The number makes the name unique; the path is for whoever opens the file with another tool.
    name = f"{len(tensors)}:state{path.encode('ascii', 'backslashreplace').decode()}"
    tensors[name] = tensor
    return name


def _dense(tensor: Tensor, path: str) -> Tensor:
    plain = tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_meta
    if not plain or tensor.dtype not in SAFETENSORS_DTYPES:
        raise TypeError(
            f"state{path} is a {tensor.dtype} tensor ({tensor.layout}, {tensor.device}); a checkpoint holds "
            f"dense tensors of {', '.join(str(dtype).removeprefix('torch.') for dtype in SAFETENSORS_DTYPES)}"
        )
    return tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()


def _from_numpy(array: np.ndarray[Any, Any], path: str) -> Tensor:
    if array.dtype not in _ARRAY_DTYPES:
        raise TypeError(
            f"state{path} is a NumPy {array.dtype} array; a checkpoint holds bool, integer, float16/32/64 "
            "and complex64 arrays in native byte order"
        )
    ordered = np.asarray(array, order="C")  # not ascontiguousarray, which gives a 0-d array a dimension
    # NumPy has two names for some integer types (unsigned long and unsigned long long); PyTorch knows one.
    ordered = ordered.view(np.dtype(ordered.dtype.str))
    return torch.from_numpy(ordered if ordered.flags.writeable else ordered.copy())
