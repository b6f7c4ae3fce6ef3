"""What each of several ranks has of its own in a state, by dotted paths, and whether the rest is the same in all."""

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import torch

from palestra.engine.ranks import Ranks
from palestra.errors import PalestraError
from palestra.runs.checkpoints import Loaded
from palestra.runs.codec import encode


class Shared(Protocol):
    """A learner, as far as several may train it."""

    name: str
    clock: int
    ranks: Ranks
    apart: ClassVar[tuple[str, ...]]

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""


def taken(state: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """What stands at some paths of a state, by path; what is not there is left out."""
    found = {}
    for path in paths:
        first, _, rest = path.partition(".")
        inner = state.get(first)
        if not rest and first in state:
            found[path] = inner
        elif rest and isinstance(inner, Mapping):
            found |= {f"{first}.{name}": value for name, value in taken(inner, [rest]).items()}
    return found


def replaced(state: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A state with other values at some paths, where it has these; the one that was given stays as it is."""
    out = dict(state)
    for path, value in values.items():
        first, _, rest = path.partition(".")
        if not rest and first in out:
            out[first] = value
        elif rest and isinstance(out.get(first), Mapping):
            out[first] = replaced(out[first], {rest: value})
    return out


def digest(state: Mapping[str, Any], paths: Sequence[str]) -> str:
    """SHA-256 of every bit of a state but for what stands at some paths."""
    tensors, tree = encode(replaced(state, dict.fromkeys(paths)))
    found = hashlib.sha256(json.dumps(tree).encode())
    for tensor in tensors.values():
        flat = tensor.as_strided((tensor.numel(),), (1,))  # contiguous ones of one number may have any other stride
        found.update(flat.view(torch.uint8).numpy().data)
    return found.hexdigest()


def of_the_others(learner: Shared) -> list[dict[str, Any]]:
    """On rank 0 what each of the others has of its own, for the checkpoint; elsewhere and alone nothing.

    Raises PalestraError where a rank has come to anything else than rank 0 in what should be the same.
    """
    if learner.ranks.size == 1:
        return []
    state = learner.state_dict()
    mine = digest(state, learner.apart)
    found = learner.ranks.gathered([mine, taken(state, learner.apart)])
    for rank, (theirs, _) in enumerate(found, 1):
        if theirs != mine:
            raise PalestraError(
                f"{learner.name} at {learner.clock:,}: rank {rank} has come to other parameters than rank 0; expected "
                "the same bits on machines of one kind, with one version of PyTorch; the last checkpoint stands"
            )
    return [own for _, own in found]


def own_state(learner: Shared, loaded: Loaded) -> tuple[dict[str, Any], list[str]]:
    """A checkpoint's state as this rank is to have it; a line if it was saved by another number of ranks.

    Then what each had of its own belongs to nobody here, and this one keeps what it was built with.
    """
    state, others, ranks = loaded.state["learner"], loaded.state.get("ranks", []), learner.ranks
    if len(others) + 1 == ranks.size:
        return (replaced(state, others[ranks.rank - 1]) if ranks.rank else state), []
    fresh = copy.deepcopy(taken(learner.state_dict(), learner.apart))
    lost = f": anew begins {', '.join(fresh)}" if fresh else ""
    return replaced(state, fresh), [
        f"not exact: saved by {len(others) + 1} processes, and this is one of {ranks.size}{lost}"
    ]
