"""Whether what a learner has learned still consists of numbers; and what is said where a training breaks off."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote

from torch import Tensor, nn

from palestra.engine.state import Part, declared
from palestra.engine.training import Steps
from palestra.errors import PalestraError


class Diverged(PalestraError):
    """The weights of a learner are no numbers any more; the message says which, and what to change."""

    def __init__(self, learner: Steps, weight: str, row: Mapping[str, float], saved: int | None):
        """``row`` is of metrics, ``saved`` the clock of the last checkpoint, if there is one."""
        odd = ", ".join(f"{name} {value}" for name, value in row.items() if not math.isfinite(value))
        kept = "no checkpoint was made before" if saved is None else f"the checkpoint of {saved:,} is from before"
        super().__init__(
            f"{learner.name} has diverged by {learner.clock:,} {learner.clock_unit}: its weights {weight} are not"
            f" finite{f' ({odd})' if odd else ''}; expected finite numbers ({kept}). Begin again with a smaller"
            " learning_rate, or with smaller observations and rewards (normalize_obs, normalize_reward)"
        )


def go_on(learner: Steps, run: Path) -> str:
    """What is saved of a training that broke off, and how to go on with it."""
    return f"{learner.clock:,} {learner.clock_unit} are saved; go on with: palestra train --resume {quote(str(run))}"


def all_finite(values: Mapping[str, float]) -> bool:
    """Whether no metric is NaN or infinite."""
    return all(math.isfinite(value) for value in values.values())


def unsound_weight(learner: object) -> str | None:
    """The name of a weight that is NaN or infinite, or of another tensor of the learner's state that holds NaN.

    Of its own state and that of its parts; what stores itself, a world or a replay, is passed by.
    """
    for name, value in _state(learner):
        match value:
            case nn.Module():
                for inside, weight in value.named_parameters(name):
                    if not weight.isfinite().all():
                        return inside
            case Tensor():
                if value.is_floating_point() and value.isnan().any():
                    return name
    return None


def _state(part: object, within: str = "") -> Iterator[tuple[str, object]]:
    modules = getattr(part, "modules", None)
    if isinstance(modules, nn.Module):  # an agent's networks, wherever they are held
        yield f"{within}modules", modules
    for name in declared(part):
        value = getattr(part, name)
        if isinstance(value, nn.Module | Tensor):
            yield f"{within}{name}", value
        elif isinstance(value, Part):
            yield from _state(value, f"{within}{name}.")
