"""One side of the comparison: run every case with the Palestra of one source, and write what came of it.

    PYTHONPATH=SOURCE python side.py SOURCE OUT [PATTERN]

It is the same file for both sides, so it adapts to what either source calls things: where two names are tried, the
first is today's. ``OUT/index.json`` says how each case ended, and ``OUT/<n>.npz`` holds the arrays of the n-th:

- ``rows/<metric>``: (steps,) float64, NaN in steps that do not report it;
- ``evaluation/<metric>`` and ``reference/<metric>``, with the ``samples`` of each;
- ``actions/...``: what is done about observations, greedily and not;
- ``recorded/<series>``: (n, 2) float64, of a recorded training, each step and the value there;
- ``settings/<name>``: text, the defaults of learners and what recipes say;
- ``learned/<name>``: parameters, tables and counts at the end;
- ``kept/<n>``: every array that can be reached from the learner then, under whatever name.
"""

import dataclasses
import fnmatch
import hashlib
import importlib
import inspect
import json
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from cases import OWN, SMALL, TRAININGS, Case, Place, cases, register_own

import palestra
from palestra.engine.trainer import TrainSettings
from palestra.errors import UsageError

EPISODES = 3
STEPS, MORE_STEPS = 8, 2
"""Before the evaluation, and after it: it has to change nothing."""
POLICIES = ("random", "expert")
"""They learn nothing, and are evaluated only."""
NOT_LEARNED = {"interaction", "env", "episodes", "history", "record", "obs"}
"""Entries of a state that belong to the world, or that the rows show."""
Arrays = dict[str, np.ndarray]


def names() -> list[str]:
    """Every registered learner, and the policies."""
    from palestra.learners.registry import LEARNERS

    return list(dict.fromkeys([*POLICIES, *LEARNERS]))


def type_of(name: str) -> Any:
    """The class of a learner, or of a policy that was one."""
    from palestra.learners.registry import LEARNERS, learner_type

    if name in LEARNERS:
        return learner_type(name)
    return getattr(importlib.import_module(f"palestra.policies.{name}"), name.capitalize())


def world(place: Place, num_envs: int) -> Any:
    """The description of a world that constructors take."""
    try:
        from palestra.envs.world import World
    except ImportError:
        from palestra.engine.env_config import EnvConfig as World
    return World(place.id, num_envs, backend=place.backend, kwargs=place.kwargs)


def made(case: Case) -> Any:
    """The learner of a case; UsageError where it does not serve the world."""
    cls = type_of(case.learner)
    fields = {f.name for f in dataclasses.fields(cls.config_type)}
    settings = {key: value for key, value in SMALL.items() if key in fields} | case.settings
    learner = cls(world(case.place, 2), cls.config_type(**settings), seed=0)
    learner.budget = 1_000
    return learner


def run(case: Case) -> Arrays:
    """Everything that is compared of one case."""
    learner = made(case)
    try:
        out: Arrays = {}
        learns = case.learner not in POLICIES
        rows = [row(learner) for _ in range(STEPS if learns else 0) if not learner.finished]
        out |= evaluated(learner, "evaluation")
        if case.place.reference:
            out |= evaluated(learner, "reference", reference=True)
        if learns:
            rows += [row(learner) for _ in range(MORE_STEPS) if not learner.finished]
            keys = dict.fromkeys(key for row in rows for key in row)
            out |= {f"rows/{key}": np.array([row.get(key, np.nan) for row in rows]) for key in keys}
            out |= acted(learner, case.place)
            out |= remembered(learner)
        return out
    finally:
        learner.close()


def row(learner: Any) -> dict[str, float]:
    """What one step reports."""
    metrics = learner.step()
    return {**metrics, "clock": float(learner.clock)}


def evaluated(learner: Any, name: str, **how: Any) -> Arrays:
    """An evaluation's samples and metrics."""
    found = learner.evaluate(episodes=EPISODES, seed=1, **how)
    metrics = {key: np.array([value]) for key, value in {"score": found.score, **found.metrics}.items()}
    return {f"{name}/{key}": array for key, array in {"samples": plain(found.samples), **metrics}.items()}


def acted(learner: Any, place: Place) -> Arrays:
    """Actions for a batch of observations of Gymnasium's environment, if it has one to show."""
    if not place.reference or place.id.startswith(("bandit/", "probe/")):
        return {}
    env = gym.make(place.id, **place.kwargs)
    env.action_space.seed(0)
    seen = [env.reset(seed=0)[0]]
    for _ in range(7):
        obs, _, terminated, truncated, _ = env.step(env.action_space.sample())
        seen.append(env.reset()[0] if terminated or truncated else obs)
    env.close()
    batch = np.stack(seen)
    ways = {"greedy": True, "exploring": False}
    return {f"actions/{way}": np.asarray(learner.predict(batch, deterministic=it)) for way, it in ways.items()}


def remembered(learner: Any) -> Arrays:
    """What was learned, under its names, and everything that is kept, under none."""
    named = {f"learned/{name}": array for name, array in learned(learner)}
    return named | {f"kept/{i}": array for i, array in enumerate(kept(learner))}


def learned(learner: Any) -> Iterator[tuple[str, np.ndarray]]:
    """What learning has made: the networks' state, or of what has none the arrays of its own state."""
    modules = getattr(learner, "modules", None)
    state = modules.state_dict() if modules is not None else {}
    if not state:
        state = {key: value for key, value in learner.state_dict().items() if key not in NOT_LEARNED}
    yield from ((name, array) for name, array in leaves(state) if not is_generator(array))


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of nested dicts and lists, by their paths."""
    if isinstance(tree, torch.Tensor | np.ndarray):
        yield name, plain(tree)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{name}.{key}".lstrip("."))
    elif isinstance(tree, list | tuple):
        for i, value in enumerate(tree):
            yield from leaves(value, f"{name}.{i}")


def is_generator(array: np.ndarray) -> bool:
    """Whether this is the state of a torch.Generator."""
    return array.dtype == np.uint8 and array.shape == tuple(torch.Generator().get_state().shape)


def kept(learner: Any) -> list[np.ndarray]:
    """Every array that can be reached from a learner or stands in its state, each once."""
    found: dict[tuple[str, tuple[int, ...], str], np.ndarray] = {}
    seen: dict[int, Any] = {}
    waiting: list[Any] = [learner, learner.state_dict()]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing  # alive, so that no other takes its id
        if isinstance(thing, torch.Tensor | np.ndarray):
            array = plain(thing)
            found.setdefault((str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).hexdigest()), array)
        elif isinstance(thing, dict):
            waiting += thing.values()
        elif isinstance(thing, list | tuple | set):
            waiting += thing
        elif isinstance(thing, torch.nn.Module) or type(thing).__module__.startswith("palestra"):
            waiting += vars(thing).values() if hasattr(thing, "__dict__") else []
            slots = [slot for cls in type(thing).__mro__ for slot in getattr(cls, "__slots__", ())]
            waiting += [getattr(thing, slot) for slot in slots if hasattr(thing, slot)]
    return [array for array in found.values() if array.dtype != object]


def plain(value: Any) -> np.ndarray:
    """A tensor or array as an array of its own that NumPy can write."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float().numpy() if value.dtype == torch.bfloat16 else value.numpy()
    return np.array(value, order="C")


def trained(recipe: str, how: dict[str, Any]) -> Arrays:
    """What a training by a recipe's name leaves: its metrics as recorded, and the learner that loads from it."""
    out: Arrays = {}
    if "settings" not in inspect.signature(palestra.train).parameters:  # they stand among the other overrides
        how = {**how, **how.get("settings", {})}
        how.pop("settings", None)
    how = dict(how)
    with tempfile.TemporaryDirectory() as folder:
        fields = TrainSettings.__dataclass_fields__
        how["eval_count" if "eval_count" in fields else "eval_episodes"] = EPISODES
        path = Path(palestra.train(recipe, out=folder, claim=False, **how).path)
        with closing(sqlite3.connect(f"file:{path / 'metrics.db'}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT name, step, value FROM points JOIN series ON id = series ORDER BY step")
            series: dict[str, list[tuple[float, float]]] = {}
            for name, step, value in rows:
                series.setdefault(name, []).append((step, np.nan if value is None else value))
        out |= {f"recorded/{name}": np.array(points, dtype=np.float64) for name, points in series.items()}
        learner = palestra.load(path, which="last")
        try:
            return out | remembered(learner)
        finally:
            learner.close()


def defaults() -> Arrays:
    """Every setting's default, as text."""
    return dict(item for name in names() for item in texts(name, dataclasses.asdict(type_of(name).config_type())))


def recipes() -> Arrays:
    """What every recipe says, as text."""
    from palestra.recipes.registry import RECIPES

    return dict(item for name, recipe in RECIPES.items() for item in texts(name, dataclasses.asdict(recipe)))


def texts(name: str, values: Any) -> Iterator[tuple[str, np.ndarray]]:
    """The values of nested dicts by their paths; what is empty says nothing."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from texts(f"{name}.{key}", value)
    else:
        yield f"settings/{name}", np.array([repr(tuple(values) if isinstance(values, list) else values)])


def main() -> None:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    pattern = sys.argv[3] if len(sys.argv) > 3 else "*"
    assert Path(palestra.__file__).is_relative_to(source), f"{palestra.__file__} is not of {source}"
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    register_own()
    index: list[dict[str, Any]] = []
    jobs: list[tuple[str, bool, Callable[[], Arrays]]] = [("defaults", True, defaults), ("recipes", True, recipes)]
    jobs += [(case.name, case.named, partial(run, case)) for case in cases(names())]
    jobs += [(f"train {recipe}", True, partial(trained, recipe, how)) for recipe, how in TRAININGS.items()]
    for name, named, job in jobs:
        if not fnmatch.fnmatch(name, pattern):
            continue
        start, status, said = time.perf_counter(), "done", ""
        try:
            np.savez(out / f"{len(index)}.npz", **{key.replace("/", "\\"): array for key, array in job().items()})
        except UsageError as error:
            status, said = "refused", str(error)
        except Exception as error:
            status, said = "failed", f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        index.append({"case": name, "named": named, "status": status, "said": said, "seconds": seconds})
    (out / "index.json").write_text(json.dumps(index, indent=1))
    for env_id in OWN:
        del gym.registry[env_id]


if __name__ == "__main__":
    main()
