"""A second device that is not there: ``beside``, whose tensors are kept by the processor and may not meet its own.

It is strict as a GPU is. An operation on tensors of both is refused; nothing is read from it but by a copy, and every
such wait is counted. Its numbers are the processor's, so what is trained on it comes to the same bits.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._contextlib import _DecoratorContextManager
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

aten = torch.ops.aten
NAME = "beside"
_setup_privateuseone_for_python_backend(NAME)
THERE = torch.device(NAME, 0)
READS = {
    aten._local_scalar_dense.default: "a number is read", aten.nonzero.default: "places are counted",
    aten.masked_select.default: "a mask is counted", aten.equal.default: "tensors are compared",
    aten._unique2.default: "values are counted", aten.repeat_interleave.Tensor: "repeats are counted",
}  # fmt: skip
"""Operations that wait for a device, since their answer, or its size, is a number there."""
INDEXED = (aten.index.Tensor, aten.index_put_.default, aten.index_put.default, aten._unsafe_index.Tensor)
"""Operations that wait where a mask says which rows."""
waits: Counter[str] = Counter()
"""How often each kind of thing has waited for the device."""


class There(Tensor):
    """A tensor on it; ``here`` is what it holds."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor, requires_grad: bool = False) -> "There":
        made = Tensor._make_wrapper_subclass(
            cls, here.size(), strides=here.stride(), storage_offset=here.storage_offset(), dtype=here.dtype,
            device=THERE, requires_grad=requires_grad,
        )  # fmt: skip
        made.here = here
        return made

    def __repr__(self) -> str:
        return f"There({self.here})"

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is Tensor.tolist:
            return args[0].cpu().tolist()
        if func is Tensor.numpy and (kwargs or {}).get("force"):
            return args[0].cpu().numpy()
        if func is Tensor.new_tensor:
            return torch.tensor(args[1], **{"dtype": args[0].dtype, **(kwargs or {})}).to(THERE)
        if func == Tensor.data.__set__:
            args[0].here = args[1].here
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            args = (args[0], _placed(args[1]), *args[2:])
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(op, args, kwargs or {})


def _placed(index: Any) -> Any:
    """An index whose lists are tensors there."""
    if isinstance(index, tuple):
        return tuple(map(_placed, index))
    return torch.tensor(index).to(THERE) if isinstance(index, list) else index


def is_there(device: Any) -> bool:
    return device is not None and torch.device(device).type == NAME


def computed(op: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What an operation gives, where its tensors are or where it is asked for."""
    flat, form = tree_flatten((args, kwargs))
    own = {id(x.here): x for x in flat if isinstance(x, There)}
    asked = kwargs.get("device")
    if not own and not is_there(asked):
        return op(*args, **kwargs)
    if own:
        if (wait := waited_for(op, args, asked)) is not None:
            waits[wait] += 1
        if op not in (aten._to_copy.default, aten.copy_.default):
            refuse_strangers(op, flat)
    bare_args, bare = tree_unflatten([x.here if isinstance(x, There) else x for x in flat], form)
    given = op(*bare_args, **bare | ({} if asked is None else {"device": torch.device("cpu")}))
    if op is aten.copy_.default:
        return args[0]
    if asked is not None and not is_there(asked):
        return given
    return tree_map(lambda x: (own[id(x)] if id(x) in own else There(x)) if isinstance(x, Tensor) else x, given)


def waited_for(op: Any, args: Any, asked: Any) -> str | None:
    """What an operation on its tensors has to wait for, if anything."""
    fetched = op is aten._to_copy.default and asked is not None and not is_there(asked)
    if fetched or (op is aten.copy_.default and not isinstance(args[0], There)):
        return "a tensor is fetched"
    masked = op in INDEXED and any(x is not None and x.dtype == torch.bool for x in args[1])
    return "a mask is counted" if masked else READS.get(op)


def refuse_strangers(op: Any, given: list[Any]) -> None:
    """RuntimeError where one of its tensors meets one of the processor's; a single number may come from anywhere."""
    strangers = [x for x in given if isinstance(x, Tensor) and not isinstance(x, There) and x.dim() > 0]
    if strangers:
        shapes = [tuple(x.shape) for x in strangers]
        raise RuntimeError(f"{op}: expected all tensors on one device, found {shapes} on the processor")


class Beside(TorchDispatchMode):
    """Makes what is asked for on it."""

    def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return computed(op, args, kwargs or {})


def lstm_cell(x_BF: Tensor, state: tuple[Tensor, Tensor], *weights: Tensor) -> tuple[Tensor, Tensor]:
    """``torch.lstm_cell``, of which a device that is none of PyTorch's own has to have a kernel."""
    to_hidden, to_input = F.linear(state[0], weights[1], weights[3]), F.linear(x_BF, weights[0], weights[2])
    i, f, g, o = (to_hidden + to_input).chunk(4, 1)
    cell = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * cell.tanh(), cell


def lstm(x_TEF: Tensor, state: tuple[Tensor, Tensor], weights: list[Tensor], *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    """``torch.lstm`` of one layer, in the same way."""
    h, c = state[0][0], state[1][0]
    told = []
    for x_EF in x_TEF:
        h, c = lstm_cell(x_EF, (h, c), *weights)
        told.append(h)
    return torch.stack(told), h[None], c[None]


class Given(TorchFunctionMode):
    """Lists become tensors on it by way of the processor, and memories are made of what is known there."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.lstm_cell, torch.lstm):
            return (lstm_cell if func is torch.lstm_cell else lstm)(*args)
        if func in (torch.tensor, torch.as_tensor) and is_there(kwargs.get("device")):
            device = kwargs.pop("device")
            return func(*args, **kwargs).to(device)
        return func(*args, **kwargs)


class Anywhere(torch.Generator):
    """A generator of the processor's, whatever device it is asked for: the same luck."""

    def __new__(cls, device: Any = "cpu") -> "Anywhere":
        made = super().__new__(cls, "cpu")
        made.asked = torch.device(device)
        return made

    @property
    def device(self) -> torch.device:
        return self.asked


class WithoutGradients(_DecoratorContextManager):
    """In the place of inference mode, which wrapped tensors do not know."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.mode = mode

    def __enter__(self) -> None:
        self.before = torch.is_grad_enabled()
        torch.set_grad_enabled(self.before and not self.mode)

    def __exit__(self, *_: object) -> None:
        torch.set_grad_enabled(self.before)


def resolve_device(name: str) -> torch.device:
    """As ``palestra.engine.device`` does it, where there is one device more."""
    return THERE if name == NAME else resolve(name)


# Before our modules are imported, some of which decorate methods with it.
torch.inference_mode = WithoutGradients
torch.Generator = Anywhere
from palestra.engine import device  # noqa: E402

resolve = device.resolve_device
device.resolve_device = resolve_device


@contextmanager
def rehearsed() -> Iterator[None]:
    """Within it tensors may be asked for on ``beside``."""
    with Beside(), Given():
        yield
