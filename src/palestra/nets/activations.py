"""What comes out of each layer of a network that is at work, whatever it is built of.

A hook on a module sees what the module gives, and many networks here are one module of several layers. So products are
watched instead: where one factor is a weight that is known, what comes of it belongs to that layer, after the
normalisation and the activation that follow at once.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, resolve_name

from palestra.nets.layer_statistics import FLAT


class Activity(NamedTuple):
    """Of what comes out of one layer, over all its units and all rows."""

    size: float | None
    """The root of the mean square; None where nothing came."""
    flat: float | None
    """Share of the answers at which ReLU, tanh or sigmoid lets hardly any gradient through; None where none follows."""
    dead: float | None
    """Share of the units at which it does for no row."""


_PRODUCTS = {"linear", "matmul", "mul", "mm", "bmm", "addmm", "baddbmm", "einsum", "embedding", "rmatmul"} | {
    f"conv{transposed}{n}d" for n in (1, 2, 3) for transposed in ("", "_transpose")
}
_THROUGH = {"add", "radd", "transpose", "batch_norm", "layer_norm", "group_norm", "gelu", "silu", "elu", "leaky_relu"}
"""What may follow a product and is of its layer; of sums those with a parameter, which is a bias."""
_FLAT: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": lambda y: y <= 0,
    "tanh": lambda y: 1 - y.square() < FLAT,
    "sigmoid": lambda y: 4 * y * (1 - y) < FLAT,
}
"""Where an activation gave ``y``, whether its slope is there less than this share of its largest."""


class Watch(TorchFunctionMode):
    """Sees what each of some weights makes of what goes in, while it is entered: ``with Watch(...) as seen: net(x)``.

    Args:
        weights: name to a matrix or a kernel.
        parameters: all of the networks', biases among them.
    """

    def __init__(self, weights: Mapping[str, Tensor], parameters: Iterable[Tensor]):
        super().__init__()
        self._names = {weight.data_ptr(): name for name, weight in weights.items()}
        self._parameters = {each.data_ptr() for each in parameters}
        self._last: tuple[Tensor, str, str] | None = None  # what a layer gave, its name, and by which operation
        self.found: dict[str, Activity] = {}
        """Name to what came out when it was last at work; what was not is not there."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call it, and look at what it gives."""
        out = func(*args, **(kwargs or {}))  # inside, nothing is watched
        if isinstance(out, Tensor) and out.is_floating_point():
            given = [each for each in (*args, *(kwargs or {}).values()) if isinstance(each, Tensor)]
            self._look(_plain_name(func), given, out)
        return out

    def _look(self, called: str, given: list[Tensor], out: Tensor) -> None:
        name = next((self._names[p] for p in map(Tensor.data_ptr, given) if p in self._names), None)
        if called in _PRODUCTS and name is not None:
            self._keep(name, called, out, None)
        elif self._last is not None and given and given[0] is self._last[0]:
            biased = called not in ("add", "radd") or any(each.data_ptr() in self._parameters for each in given[1:])
            if called in _FLAT:
                self._keep(self._last[1], called, out, _FLAT[called](out))
                self._last = None
            elif (called in _THROUGH and biased) or (
                called == "sum" and self._last[2] == "mul"
            ):  # a product, by elements
                self._keep(self._last[1], called, out, None)

    def _keep(self, name: str, called: str, out: Tensor, flat: Tensor | None) -> None:
        """``out`` is (..., K), or (B, K, H, W) of a convolution, whose units are its channels."""
        size = float(torch.linalg.vector_norm(out.detach().double()) / max(1, out.numel()) ** 0.5)
        share = dead = None
        if flat is not None:
            units = flat.bool().movedim(1, -1) if flat.dim() == 4 else flat.bool()
            rows = units.reshape(-1, units.shape[-1])
            share, dead = float(rows.double().mean()), float(rows.all(0).double().mean())
        self.found[name] = Activity(size, share, dead)
        self._last = (out, name, called)


def _plain_name(func: Any) -> str:
    """``relu`` of ``torch.relu_``, ``Tensor.relu`` and ``torch.nn.functional.relu``."""
    name = getattr(func, "__name__", None) or (resolve_name(func) or "").rpartition(".")[2]
    return str(name).strip("_")
