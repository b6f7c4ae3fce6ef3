"""How far must one walk? Source files that are entered on the way of an update and of a whole training.

A journey is a call, made under ``sys.setprofile`` after the same call was made once before, so that imports are over. A
file is *crossed* if a function of it is entered; its lines are those of the whole file, since that is what has to be
opened. Three kinds of files are no station of any journey: ``errors.py`` and ``ops/shapes.py``, which check and return
nothing, and the packages' ``__init__.py``.

* **one PPO update, one SAC round**: a ``step`` of the learner on its smallest usual world, without what runs below
  the collecting of experience (``collect``, the world's own ``step``), below the tallying of episodes and below what
  replay stores.
* **one SAC update**: what of that runs below ``gradient_step``: from the batch on, which is what a paper calls an
  update. The round has the loop around it too, the draw from replay and the encoding of what was drawn.
* **a training**: ``palestra train cartpole/ppo`` from argv to the last checkpoint, quiet and without pictures, claim
  included, without what is inside the learner (rooms ``ops``, ``nets``, ``data``, and the worlds themselves) and
  without all that runs below ``step`` and below the evaluation of a policy.
* **the way down**: of that training only the files that stand on the stack when a checkpoint's bytes are written: who
  called whom, without those who were asked something on the way and had returned.

Counted so, commit 5a08b02 gives 11 files and 1,481 lines for PPO, 8 and 1,106 for SAC, 32 and 3,845 for the training. A
reader who walked the same ways by hand, parameter by parameter, had found 11 and 1,432, 6 and 1,031, 33 and 3,970.

Today ``collect`` gives a batch with its advantages. At 5a08b02 they were estimated in the update: less that, it gives 9
files and 1,386 lines for PPO.
"""

import argparse
import ast
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import torch

import palestra
from palestra.cli.main import main as command
from palestra.runs.tensorfile import write_tensors
from report import publish

SOURCE = Path(palestra.__file__).parent
CHECKS = {"errors.py", "ops/shapes.py", "__init__.py"}
AS_IN_THE_PAPER = {"normalize_obs": False, "normalize_reward": False}
"""Which has no running means; the defaults have."""
TRAIN = ["train", "cartpole/ppo", "--quiet", "--no-plots"]
FILES, LINES, TRAIN_FILES, LONGEST, DEEPEST = 6, 800, 18, 300, 2
"""Goals: of an update, of a training, of a source file, of classes below ABC."""

INSIDE = re.compile(r"^(ops|nets|data)/|^envs/(?!registry|world)")
"""Files that are inside a learner, of no interest to a training's journey."""


def crossed(
    call: Callable[[], Any], below: re.Pattern[str], inside: re.Pattern[str] | None = None, within: str = ""
) -> list[str]:
    """Files of the package that a call enters, in order, less those below some functions and those in some rooms.

    Args:
        call: made twice; the second time counts.
        below: functions, as ``path:qualified name``, whose callees are not walked into (nor they themselves).
        inside: files that are left out.
        within: a function's qualified name; what runs outside of it does not count.
    """
    call()
    found: dict[str, None] = {}
    hidden: list[bool] = []
    calls: list[bool] = []

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            path = frame.f_code.co_filename
            name = path[len(str(SOURCE)) + 1 :] if path.startswith(str(SOURCE)) else ""
            hidden.append(
                bool(hidden and hidden[-1]) or bool(name and below.search(f"{name}:{frame.f_code.co_qualname}"))
            )
            calls.append(bool(calls and calls[-1]) or not within or bool(name and frame.f_code.co_qualname == within))
            if name and calls[-1] and not hidden[-1] and name not in CHECKS and not (inside and inside.search(name)):
                found[name] = None
        elif event == "return" and hidden:
            hidden.pop(), calls.pop()

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    return [name for name in found if not name.endswith("__init__.py")]


def lines_of(files: list[str]) -> int:
    """Lines of some files together."""
    return sum(len((SOURCE / name).read_text().splitlines()) for name in files)


BELOW_UPDATE = re.compile(
    r"[:.]collect$|^data/episodes\.py:|^envs/|^engine/interaction\.py:|:(ReplayBuffer|\w+)\.(add|push)$"
)
BELOW_TRAINING = re.compile(
    r"^(learners|policies)/.*:\w+\.(step|evaluate|measured)$|^engine/(agent|arena|evaluate)\.py:.*(evaluate|measured|run_episodes)$"
)


def update(name: str, world: str, begin: int, within: str = "", **settings: Any) -> list[str]:
    """Files of one update of an algorithm, once it has begun to learn, or of what runs within one of its functions."""
    learner = getattr(palestra, name)(world, getattr(palestra, f"{name}Config")(**settings), seed=0)
    learner.budget = 1_000_000
    while learner.clock < begin:
        learner.step()
    files = crossed(learner.step, BELOW_UPDATE, within=within)
    learner.close()
    return files


def training() -> list[str]:
    """Files of a whole training."""
    with tempfile.TemporaryDirectory() as out:
        argv = [*TRAIN, "--out", out]
        return crossed(lambda: command(argv), BELOW_TRAINING, INSIDE)


def way_down() -> list[str]:
    """Files between argv and the bytes of the last checkpoint, each called by the one before it."""
    found: list[str] = []

    def watch(frame: FrameType | None, event: str, _: Any) -> None:
        if event != "call" or frame is None or frame.f_code is not write_tensors.__code__:
            return
        files: list[str] = []
        while frame is not None:
            if frame.f_code.co_filename.startswith(str(SOURCE)):
                files.append(frame.f_code.co_filename[len(str(SOURCE)) + 1 :])
            frame = frame.f_back
        found[:] = dict.fromkeys(reversed(files))

    with tempfile.TemporaryDirectory() as out:
        sys.setprofile(watch)
        try:
            command([*TRAIN, "--out", out])
        finally:
            sys.setprofile(None)
    return found


def classes() -> dict[str, list[str]]:
    """Every class of the package and the names of those that it inherits from."""
    found: dict[str, list[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                found[node.name] = [ast.unparse(each).split("[")[0].rpartition(".")[2] for each in node.bases]
    return found


def deep() -> Iterator[str]:
    """Classes that stand more than two below ABC, each with the way down."""
    known = classes()

    def way(name: str) -> list[str]:
        if name == "ABC":
            return [name]
        ways = [way(each) for each in known.get(name, [])]
        longest = max((each for each in ways if each), key=len, default=[])
        return [*longest, name] if longest else []

    for name in sorted(known):
        if len(way(name)) - 1 > DEEPEST:
            yield " > ".join(way(name))


def long() -> Iterator[str]:
    """Files over 300 lines whose docstring does not say why (in words with ``300 lines`` among them)."""
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text()
        doc = (ast.get_docstring(ast.parse(text)) or "").lower()
        if len(text.splitlines()) > LONGEST and "300 lines" not in doc:
            yield f"{path.relative_to(SOURCE)} ({len(text.splitlines())})"


def main() -> None:
    """Count, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", action="store_true", help="print which files each journey crosses")
    args, _ = parser.parse_known_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    journeys = {
        "one PPO update (CartPole-v1)": (update("PPO", "CartPole-v1", 1, **AS_IN_THE_PAPER), FILES, LINES),
        "one SAC update (Pendulum-v1)": (update("SAC", "Pendulum-v1", 5_000, "SAC.gradient_step"), FILES, LINES),
        "one SAC round (Pendulum-v1)": (update("SAC", "Pendulum-v1", 5_000), None, None),
        "palestra train cartpole/ppo, argv to checkpoint": (training(), TRAIN_FILES, None),
        "the same, the way down": (way_down(), None, None),
    }
    table = []
    for name, (files, most, lines) in journeys.items():
        goal = (f"{most} files" if most else "") + (f", {lines} lines" if lines else "")
        table.append({"journey": name, "files": len(files), "lines": lines_of(files), "goal": goal})
        if args.files:
            print(name, *(f"  {file} ({lines_of([file])})" for file in files), sep="\n")
    too_deep, too_long = list(deep()), list(long())
    publish(
        "journeys",
        "How far one must walk",
        {
            "ours": len(journeys["one PPO update (CartPole-v1)"][0]),
            "peer": 6,
            "ratio": len(journeys["one PPO update (CartPole-v1)"][0]) / 6,
            "unit": "files of one PPO update; the peer is Stable-Baselines3, whose 6 have 4,219 lines",
            "seconds": time.perf_counter() - began,
            "seeds": [0],
        },
        table,
        [
            *(f"{name}: {', '.join(f'`{file}`' for file in files)}." for name, (files, _, _) in journeys.items()),
            f"Classes more than {DEEPEST} below ABC: {'; '.join(too_deep) or 'none'}.",
            f"Source files over {LONGEST} lines that do not say why: {', '.join(too_long) or 'none'}.",
            "What counts as crossed stands in the first lines of `bench/journeys.py`.",
        ],
    )


if __name__ == "__main__":
    main()
