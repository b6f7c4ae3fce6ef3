"""Trains learners on a device that is not the processor, beside the same on it, and says as JSON how the two compare.

``python on_another_device.py DEVICE NAME[:KIND] ...``, or ``ID:world`` for a world. ``beside`` is the device of
``tests/toys/rehearsal.py``, which every machine has; ``cuda`` is a GPU. What is said stands at :class:`Compared`.
"""

import dataclasses
import json
import math
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DEVICE, *WORDS = sys.argv[1:] if __name__ == "__main__" else ("cuda",)
sys.path[:0] = [str(Path(__file__).parents[1] / room) for room in ("oracles", "toys", "system", "contract")]
if DEVICE == "beside":
    import rehearsal  # before everything else: it takes the place of parts of PyTorch
    import strict

import numpy as np  # noqa: E402
import test_paradigms as on_data  # noqa: E402
import torch  # noqa: E402
from small_learners import SMALL, TASKS, construct  # noqa: E402

from palestra.engine.device import resolve_device  # noqa: E402
from palestra.engine.learner import Learner  # noqa: E402
from palestra.envs.backends.torch import TorchVectorEnv  # noqa: E402
from palestra.envs.world import World  # noqa: E402
from palestra.errors import UsageError  # noqa: E402
from palestra.learners.registry import learner_type  # noqa: E402
from palestra.measure import Metrics  # noqa: E402
from palestra.trials.plan import resolve  # noqa: E402

STEPS = 4
ON_DATA, WORLD = "data", "world"
WALK = 12
"""Steps in a world."""
MORE = ("num_steps", "num_epochs", "train_frequency", "gradient_steps", "batches_per_step")
"""Settings that say how much a step does; twice as much, and it should wait for the device as often."""
OWN = {"mlp": {"gradient": "by-hand"}}
"""Settings of those whose recipe is made for the processor: its gradients are NumPy's."""
Make = Callable[[str, int], Learner]
"""A learner for a device, whose steps do so many times the work."""


@dataclasses.dataclass(frozen=True)
class Compared:
    """A learner on one kind of task, here and there."""

    name: str
    kind: str
    refused: str = ""
    """Why it does not go there."""
    failed: str = ""
    """What went wrong there."""
    apart: float = 0.0
    """Largest difference between figures of its steps, against their size."""
    waits: dict[str, int] = dataclasses.field(default_factory=dict)
    """How often its last step waited for the device, by what for."""
    of_more: dict[str, int] = dataclasses.field(default_factory=dict)
    """The same of a step with twice the work."""


def in_a_world(name: str, kind: str) -> Make:
    """As the tests of learners in worlds make it."""

    def made(device: str, times: int) -> Learner:
        more = {key: times * SMALL[key] for key in MORE if key in SMALL}
        return construct(name, kind, device=device, small=SMALL | more)

    return made


def with_data(name: str) -> Make:
    """As the tests of learners on data make it."""
    plan = resolve(on_data.OURS[name], {"seed": 0, **on_data.SMALL.get(name, {}), **OWN.get(name, {})})

    def made(device: str, times: int) -> Learner:
        settings = plan.learner.settings
        more = {key: times * getattr(settings, key) for key in MORE if hasattr(settings, key)}
        return learner_type(name)(plan.source, dataclasses.replace(settings, **more), device=device)

    return made


def trained(make: Make, device: str, times: int = 1) -> tuple[list[Metrics], Counter[str]]:
    """What the first steps reported, and what the last one waited for."""
    learner, waits = make(device, times), Counter[str]()
    learner.budget = 1_000
    if device == "cpu":
        blinded(learner)
    told = []
    for _ in range(STEPS):
        if not learner.finished:
            with counted(device) as waits:
                told.append(learner.step())
    return told, waits


def blinded(learner: Learner) -> None:
    """Let a world of tensors do on the processor what it does elsewhere: begin all copies anew, and keep some."""
    experience = getattr(learner, "experience", None)
    for part in (learner, getattr(learner, "loop", None), experience, getattr(experience, "plain", None)):
        env = getattr(getattr(part, "interaction", None), "env", None)
        if hasattr(env, "_can_look"):
            env._can_look, env._next_limit = False, 0


@contextmanager
def counted(device: str) -> Iterator[Counter[str]]:
    """What waits for the device meanwhile."""
    waits = Counter[str]()
    if device == "cpu":
        yield waits
    elif device == "beside":
        rehearsal.waits.clear()
        yield waits
        waits.update({what: times for what, times in rehearsal.waits.items() if times})
    else:
        with torch.profiler.profile() as trace:
            yield waits
        for event in trace.events():
            if "Synchronize" in event.name or "DtoH" in event.name:
                waits[event.name] += 1


def apart(here: list[Metrics], there: list[Metrics]) -> float:
    """The largest difference of a figure, against its size; infinite where one has it and the other has not."""
    pairs = [(a.get(key, math.inf), b.get(key, -math.inf)) for a, b in zip(here, there, strict=True) for key in a | b]
    differences = [abs(a - b) / max(1.0, abs(a)) for a, b in pairs if a != b and not (math.isnan(a) and math.isnan(b))]
    return max((math.inf if math.isnan(each) else each for each in differences), default=0.0)


def compared(name: str, kind: str, device: str) -> Compared | None:
    """The comparison, or None where the learner does not serve such tasks at all."""
    make = with_data(name) if kind == ON_DATA else in_a_world(name, kind)
    try:
        here, _ = trained(make, "cpu")
    except UsageError:
        return None
    try:
        there, waits = trained(make, device)
        _, of_more = trained(make, device, times=2)
    except UsageError as refusal:
        return Compared(name, kind, refused=str(refusal))
    except Exception as error:
        return Compared(name, kind, failed=f"{type(error).__name__} at {where(error)}: {error}")
    return Compared(name, kind, apart=apart(here, there), waits=dict(waits), of_more=dict(of_more))


def walked(world_id: str, device: str) -> tuple[list[Metrics], Counter[str]]:
    """What three copies of a world of tensors tell of a walk at random, as means, and what it waited for."""
    env = World(world_id, 3).make(device=resolve_device(device))
    assert isinstance(env, TorchVectorEnv)
    env._can_look, env._next_limit = False, 0
    env.action_space.seed(0)
    actions = np.array([[env.action_space.sample() for _ in range(env.num_envs)] for _ in range(WALK)])
    told = [env.reset(0)]
    with counted(device) as waits:
        for action in torch.from_numpy(actions).to(device):
            told += [*env.step(action)]
    return [{"told": float(each.double().mean())} for each in told], waits


def compared_world(world_id: str, device: str) -> Compared:
    """The comparison of a world."""
    here, _ = walked(world_id, "cpu")
    there, waits = walked(world_id, device)
    return Compared(world_id, WORLD, apart=apart(here, there), waits=dict(waits))


def where(error: Exception) -> str:
    """The line of ours that it was raised from."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "palestra/" in frame.filename]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "none of ours"


def kinds(name: str) -> list[str]:
    """What a learner is tried on: its recipe's data, or every kind of task."""
    return [ON_DATA] if name in on_data.OURS else [*TASKS]


def main() -> None:
    """A line for each learner and kind of task."""
    for name, *kind_of in (word.split(":") for word in WORDS):
        for kind in kind_of or kinds(name):
            found = compared_world(name, DEVICE) if kind == WORLD else compared(name, kind, DEVICE)
            if found is not None:
                print(json.dumps(dataclasses.asdict(found)), flush=True)


if __name__ == "__main__":
    if DEVICE == "beside":
        with rehearsal.rehearsed():
            strict.check()
            main()
    else:
        main()
