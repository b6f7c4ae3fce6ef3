"""Networks of the user's own in the place of ours: any ``nn.Module``, differentiated by autograd.

    palestra.PPO("CartPole-v1", networks=Networks(policy=Mine(), value=lambda inputs, outputs: Other(inputs, outputs)))

A module is copied, with the weights that it has; what makes one is called with the sizes, its random numbers drawn from
the learner's seed. Weights and buffers are saved and restored with the learner, so a resume is exact. No file can hold
the code: whoever loads or resumes gives the same networks again.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from gymnasium import spaces
from torch import Generator, Tensor, nn

from palestra.envs.spaces import Packed, is_image
from palestra.errors import UsageError, require
from palestra.nets.encoders import Architecture, Encoder, EncoderName, make_encoder
from palestra.nets.ensemble import Ensemble
from palestra.nets.normed_mlp import NormedMLP
from palestra.nets.precision import Precision
from palestra.nets.recorded import ByAutograd, Recorded
from palestra.ops.augment import random_shift

Maker = nn.Module | Callable[..., nn.Module]
"""A module, or what makes one."""

PROBE = 2
"""Rows of the batch that shows what a module makes of its inputs."""


@dataclass(frozen=True)
class Networks:
    """Which networks are the user's own; None for ours."""

    encoder: Maker | None = None
    """From observations (B, *obs_shape) float32, images from 0 to 1, parts of a Dict by name, to features (B, F). Made
    with the space of one observation."""
    policy: Maker | None = None
    """From features (B, F) to the numbers (B, K) that an action is drawn by. Made with F and K, as those below."""
    value: Maker | None = None
    """From features (B, F) to values (B, 1)."""
    q: Maker | None = None
    """From features (B, F) to a value of each action (B, K); of actions that are numbers too, from both (B, F + A) to
    (B, 1), and where there are several critics this makes each."""

    def names(self) -> dict[str, str]:
        """Of their classes, by their places."""
        given = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {place: _name(maker) for place, maker in given if maker is not None}

    def only(self, *places: str) -> None:
        """Raise UsageError where one is given for another place than these."""
        for place, name in self.names().items():
            require(place in places, f"networks with {place}={name}", f"of this algorithm {' and '.join(places)} only")


OURS = Networks()
"""None that is the user's own."""


class OwnNetwork(Recorded):
    """A module from (B, F) to (B, K)."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.module = module

    def forward(self, x_BF: Tensor) -> Tensor:
        """(B, F) -> (B, K)."""
        out_BK: Tensor = self.module(x_BF)
        return out_BK


class OwnEnsemble(Recorded):
    """Modules from (B, F) to (B, K) side by side, as an ``Ensemble``, whatever they are: (M, B, K)."""

    def __init__(self, modules: Sequence[nn.Module]):
        super().__init__()
        self.networks = nn.ModuleList(modules)

    def forward(self, *inputs: Tensor, number: int | None = None) -> Tensor:
        """(B, F), the same for every network, or (M, B, F) -> (M, B, K), of the first ``number`` alone if given."""
        x = inputs[0] if len(inputs) == 1 else torch.cat(inputs, -1)
        chosen = list(self.networks)[:number]
        return torch.stack([network(x if x.dim() == 2 else x[m]) for m, network in enumerate(chosen)])

    def record(self, *inputs: Tensor, number: int | None = None) -> Tensor:
        """The same as a leaf; a derivative with fewer rows than were given is one at the first of them."""
        with torch.enable_grad():
            given = [x.detach().requires_grad_() if x.requires_grad else x for x in inputs]
            out = self(*given, number=number)
        return ByAutograd(self, inputs, [x for x in given if x.requires_grad], out).leaf(out.detach())


class OwnEncoder(Encoder):
    """A module from observations to features.

    Args:
        space: of one observation.
        module: it.
    """

    def __init__(self, space: spaces.Box, module: nn.Module):
        super().__init__()
        self.space, self.module = space, module
        self.num_features = _probed("encoder", module, self._inputs(torch.as_tensor(space.sample())[None]), 1)

    def _inputs(self, batch: Tensor) -> Any:
        """What the module takes."""
        parts = self.space.unpack(batch) if isinstance(self.space, Packed) else {"": batch}
        scaled = {name: x / 255.0 if x.dtype == torch.uint8 else x for name, x in parts.items()}
        return scaled if isinstance(self.space, Packed) else scaled[""]

    def to_batch(self, obs: Tensor) -> Tensor:
        """Observations as they are."""
        return obs

    def shifted(self, batch: Tensor, pixels: int, generator: Generator) -> Tensor:
        """Images (B, C, H, W), each moved on its own. UsageError for any other layout."""
        if not pixels:
            return batch
        shape = self.space.shape
        movable = is_image(self.space) and len(shape) == 3 and shape[0] < min(shape[1:])
        require(movable, f"random shifts of {self.space} before an encoder of your own", "none, or images (C, H, W)")
        return random_shift(batch, pixels, generator)

    def forward(self, batch: Tensor) -> Tensor:
        """(B, *obs_shape) -> (B, F)."""
        features_BF: Tensor = self.module(self._inputs(batch))
        return features_BF

    def encode_to_learn(self, batch: Tensor) -> Tensor:
        """The features, recorded unless all weights are frozen."""
        return self.record(batch) if any(p.requires_grad for p in self.parameters()) else self.encode(batch)


def own_encoder(
    maker: Maker | None,
    seed: int,
    space: spaces.Box,
    generator: Generator,
    architecture: Architecture | EncoderName,
    precision: Precision = "float32",
) -> Encoder:
    """The encoder that was given, or ours."""
    if maker is None:
        return make_encoder(space, generator, architecture, precision)
    return OwnEncoder(space, _made("encoder", maker, seed, space))


def own_network(place: str, maker: Maker, seed: int, inputs: int, outputs: int) -> OwnNetwork:
    """The network that was given, from (B, inputs) to (B, outputs)."""
    return OwnNetwork(_fitting(place, maker, seed, inputs, outputs))


def own_ensemble(
    place: str, maker: Maker | None, seed: int, number: int, sizes: Sequence[int], generator: Generator,
    precision: Precision, normed: bool = False,
) -> Ensemble | OwnEnsemble:  # fmt: skip
    """As many as asked for of what was given, or of ours of these sizes: an Ensemble, or with LayerNorm in them."""
    if maker is None:
        if normed:
            return OwnEnsemble([NormedMLP(sizes, generator) for _ in range(number)])
        return Ensemble(number, sizes, generator, precision)
    require(not normed, f"networks with {place}={_name(maker)} and normed_critics", "one of both")
    one = f"{place}={_name(maker)}, one module for {number} networks"
    require(number == 1 or not isinstance(maker, nn.Module), one, "a function that makes one: they are to differ")
    fitting = [_fitting(place, maker, seed + n, sizes[0], sizes[-1]) for n in range(number)]
    return OwnEnsemble(fitting)


def _fitting(place: str, maker: Maker, seed: int, inputs: int, outputs: int) -> nn.Module:
    module = _made(place, maker, seed, inputs, outputs)
    found = _probed(place, module, torch.zeros(PROBE, inputs), PROBE)
    name = type(module).__name__
    require(found == outputs, f"{place} {name}, which makes {found} numbers of {inputs}", f"{outputs} of them")
    return module


def _made(place: str, maker: Maker, seed: int, *sizes: Any) -> nn.Module:
    if isinstance(maker, nn.Module):
        module = copy.deepcopy(maker)
    else:
        with torch.random.fork_rng(devices=[]):  # modules draw their weights from the global generator, lent to them
            torch.random.set_rng_state(Generator().manual_seed(seed).get_state())
            module = maker(*sizes)
    require(isinstance(module, nn.Module), f"{place}={module!r}", "an nn.Module, or a function that makes one")
    odd = {str(p.dtype) for p in module.parameters()} - {"torch.float32"}
    require(not odd, f"{place} {type(module).__name__} with weights of {', '.join(sorted(odd))}", "torch.float32")
    return module


def _probed(place: str, module: nn.Module, inputs: Any, rows: int) -> int:
    """How many numbers a module makes of one row; a copy of it is asked, so that nothing is changed."""
    shapes = {name: tuple(x.shape) for name, x in inputs.items()} if isinstance(inputs, dict) else tuple(inputs.shape)
    name = type(module).__name__
    try:
        with torch.no_grad():
            out = copy.deepcopy(module).eval()(inputs)
    except Exception as error:
        raise UsageError(f"{place} {name} cannot take {shapes}: {error}") from error
    fits = isinstance(out, Tensor) and out.dim() == 2 and len(out) == rows and out.dtype == torch.float32
    given = f"{tuple(out.shape)} {out.dtype}" if isinstance(out, Tensor) else repr(type(out).__name__)
    require(fits, f"{place} {name}, which makes {given} of {shapes}", f"({rows}, F) torch.float32")
    return int(out.shape[1])


def _name(maker: Maker) -> str:
    return type(maker).__name__ if isinstance(maker, nn.Module) else str(getattr(maker, "__name__", repr(maker)))
