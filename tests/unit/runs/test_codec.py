"""encode and decode are inverse, to the bit, for every type that a state may hold."""

import json
import math
import struct
from collections import OrderedDict, namedtuple
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from palestra.runs.codec import SAFETENSORS_DTYPES, decode, encode
from palestra.runs.tensorfile import read_tensors, write_tensors


def same(a: Any, b: Any) -> bool:
    """Equal in type, structure and bits (NaN payloads of Python floats aside, which repr does not show)."""
    if isinstance(a, np.generic) and isinstance(b, np.generic):  # long and long long are two types, one dtype
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        bits = [x.detach().clone(memory_format=torch.contiguous_format).reshape(-1) for x in (a, b)]
        return a.numel() == 0 or torch.equal(*(x.view(torch.uint8) for x in bits))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or struct.pack("d", a) == struct.pack("d", b)
    if isinstance(a, dict):
        # repr tells 1 from True and 1.0 among keys; order counts
        return list(map(repr, a)) == list(map(repr, b)) and all(map(same, a.values(), b.values()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def through_disk(state: Any, folder: Path) -> Any:
    tensors, tree = encode(state)
    write_tensors(folder / "tensors", tensors)
    return decode(read_tensors(folder / "tensors"), json.loads(json.dumps(tree, allow_nan=False)))


KINDS = "?bhilqBHILQefdF"


@st.composite
def arrays(draw: st.DrawFn, kinds: str = KINDS) -> np.ndarray[Any, Any]:
    """An array of any dtype and of any bits, NaNs with payloads among them."""
    dtype = np.dtype(draw(st.sampled_from(kinds)))
    shape = draw(npst.array_shapes(min_dims=0, min_side=0, max_side=3))
    count = math.prod(shape) * dtype.itemsize
    raw = np.frombuffer(draw(st.binary(min_size=count, max_size=count)), np.uint8)
    return (raw % 2 if dtype == np.bool_ else raw).view(dtype).reshape(shape).copy()


@st.composite
def leaves(draw: st.DrawFn) -> Any:
    match draw(st.integers(0, 5)):
        case 0:
            return draw(arrays())
        case 1:
            return next(iter(draw(arrays()).flat), None)  # a NumPy scalar
        case 2:
            return torch.from_numpy(draw(arrays(KINDS.replace("Q", ""))))  # which torch does not take
        case 3:
            return torch.from_numpy(draw(arrays()).reshape(-1).view(np.uint8)[::2].copy()).to(torch.bfloat16)
        case 4:
            return draw(st.integers() | st.integers(-(2**200), 2**200) | st.floats())
    return draw(st.none() | st.booleans() | st.text() | st.binary(max_size=20))


keys = st.text() | st.sampled_from(["$tensor", "$", "__metadata__", "a/b"]) | st.integers() | st.none() | st.booleans()
states = st.recursive(
    leaves(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(states)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, state: Any) -> None:
    assert same(through_disk(state, tmp_path_factory.getbasetemp()), state)


@pytest.mark.parametrize("dtype", SAFETENSORS_DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (2, 3)])
def test_every_dtype(dtype: torch.dtype, shape: tuple[int, ...], tmp_path: Path) -> None:
    count = math.prod(shape) * dtype.itemsize
    raw = torch.arange(count, dtype=torch.uint8) % (2 if dtype is torch.bool else 251)
    tensor = raw.view(dtype).reshape(shape) if count else torch.empty(shape, dtype=dtype)
    assert same(through_disk({"x": tensor}, tmp_path)["x"], tensor)


def test_views_and_shared_memory(tmp_path: Path) -> None:
    weight = torch.arange(24.0).reshape(4, 6)
    state = {
        "tied": weight, "again": weight, "transposed": weight.T, "strided": weight[::2, 1::2], "row": weight[1],
        "expanded": torch.tensor(3.0).expand(2, 5), "conjugate": torch.tensor([1 + 2j]).conj(),
        "parameter": torch.nn.Parameter(weight), "fortran": np.asfortranarray(weight.numpy()),
        "odd": weight.as_strided((1, 1), (7, 5), 3),
        "reversed": weight.numpy()[::-1, ::-2], "frozen": np.broadcast_to(np.float32(2), (3,)),
    }  # fmt: skip
    back = through_disk(state, tmp_path)
    for key, value in state.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(back[key], value), key
            assert type(back[key]) is torch.Tensor
            assert back[key].is_contiguous()
        else:
            np.testing.assert_array_equal(back[key], value)
    back["tied"][0, 0] = -1.0
    assert back["again"][0, 0] == 0.0


def test_real_states(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    network(torch.randn(8, 3)).sum().backward()
    optimizer.step()
    state = {
        "network": network.state_dict(), "optimizer": optimizer.state_dict(),
        "torch": torch.Generator().manual_seed(3).get_state(),
        "pcg": np.random.default_rng(4).bit_generator.state,
        "mersenne": np.random.Generator(np.random.MT19937(5)).bit_generator.state,
    }  # fmt: skip
    back = through_disk(state, tmp_path)
    assert same(back, {**state, "network": dict(state["network"])})
    rng = np.random.default_rng()
    rng.bit_generator.state = back["pcg"]
    assert rng.random() == np.random.default_rng(4).random()
    network.load_state_dict(back["network"])
    optimizer.load_state_dict(back["optimizer"])


class Colour(IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        ({"a": [0, {"b": object()}]}, "state['a'][1]['b'] is a builtins.object"),
        ({"a": {1, 2}}, "state['a'] is a builtins.set"),
        ({"a": Colour.RED}, f"state['a'] is a {__name__}.Colour"),
        ({"a": namedtuple("P", "x")(1)}, f"state['a'] is a {__name__}.P"),
        ({"a": {(1, 2): 3}}, "state['a'] has the key (1, 2)"),
        ({"a": torch.zeros(2, dtype=torch.complex128)}, "state['a'] is a torch.complex128 tensor"),
        ({"a": torch.zeros(2, device="meta")}, "state['a'] is a torch.float32 tensor"),
        ({"a": torch.eye(2).to_sparse()}, "state['a'] is a torch.float32 tensor"),
        ({"a": np.array(["x"])}, "state['a'] is a NumPy <U1 array"),
        ({"a": np.array([1.0], dtype=">f8")}, "state['a'] is a NumPy >f8 array"),
        ({"a": np.array([object()])}, "state['a'] is a NumPy object array"),
        ({"a": np.datetime64("2026-01-01")}, "state['a'] is a NumPy datetime64[D] array"),
        ({"a": lambda: 0}, "state['a'] is a builtins.function"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unknown_types_are_named(bad: Any, path: str) -> None:
    with pytest.raises(TypeError) as caught:
        encode(bad)
    assert str(caught.value).startswith(path)


def test_dict_subclass_comes_back_as_dict(tmp_path: Path) -> None:
    assert same(through_disk(OrderedDict(b=1, a=2), tmp_path), {"b": 1, "a": 2})


def test_huge_integers(tmp_path: Path) -> None:
    for value in (2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 7**9000, -(7**9000)):
        assert through_disk([value], tmp_path) == [value]


def test_decode_refuses_an_unknown_tag() -> None:
    with pytest.raises(ValueError, match="unknown tag"):
        decode({}, {"$import": "os.system"})
