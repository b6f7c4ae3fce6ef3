"""The house's rules about its own source: who may import whom, and what no file may contain."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import palestra

SOURCE = Path(palestra.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
ROOMS = (
    "errors", "measure", "ops", "kinematics", "envs", "runs", "datasets", "recipes", "nets", "data", "engine",
    "pictures", "policies", "learners", "trials", "playgrounds", "web", "studio", "exports", "imports", "streaming",
    "cli",
)  # fmt: skip
"""A file may import from its own room and from rooms to its left."""

FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "misc"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__",
    "torch.load", "torch.save", "torch.manual_seed", "torch.seed", "torch.random.manual_seed",
    "torch.cuda.manual_seed", "torch.cuda.manual_seed_all", "random.seed",
}  # fmt: skip
EXPLICIT_RANDOMNESS = {"Generator", "default_rng", "SeedSequence", "PCG64", "BitGenerator", "RandomState"}
"""What of numpy.random makes or names a generator; everything else there draws from the global one."""

_NAMES_OF_LEARNERS = "palestra.learners.registry"
"""Knows what there is, and imports one when it is asked for."""


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every module imported anywhere in a file, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield ("." * node.level) + (node.module or ""), node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for such an expression, else an empty string."""
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return node.id if isinstance(node, ast.Name) else ""


def faults(source: str, room: str) -> list[str]:
    """What a file of a room may not contain, one line each."""
    tree = ast.parse(source)
    rank = {name: i for i, name in enumerate(ROOMS)}
    found = []
    for module, line in imports(tree):
        top, *rest = module.split(".")
        if top == "":
            found.append(f"{line}: relative import {module}")
        if top == "palestra" and rest and room in rank and rank.get(rest[0], -1) > rank[room]:
            found.append(f"{line}: {room} imports {rest[0]}")
        if room == "studio" and module.startswith("palestra.learners.") and not module.startswith(_NAMES_OF_LEARNERS):
            found.append(f"{line}: the page imports {module}")
        if room == "ops" and top not in {"palestra", "torch", "numpy", *sys.stdlib_module_names}:
            found.append(f"{line}: ops imports {top}")
        if top in FORBIDDEN_MODULES:
            found.append(f"{line}: imports {top}")
        if module in FORBIDDEN_CALLS:
            found.append(f"{line}: imports {module}")
        if module.startswith("numpy.random.") and rest[1] not in EXPLICIT_RANDOMNESS:
            found.append(f"{line}: imports {module}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)) in FORBIDDEN_CALLS:
            found.append(f"{node.lineno}: calls {name}")
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            if name.startswith(("np.random.", "numpy.random.")) and node.attr not in EXPLICIT_RANDOMNESS:
                found.append(f"{node.lineno}: uses {name}")
    return found


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_file_keeps_the_rules(path: Path) -> None:
    assert faults(path.read_text(), room_of(path)) == []


def test_every_file_is_in_a_room() -> None:
    assert {room_of(path) for path in FILES} <= {*ROOMS, "__init__", "__main__"}


def test_contributing_shows_every_room_in_this_order() -> None:
    table = (SOURCE.parents[1] / "CONTRIBUTING.md").read_text().split("\n## The rooms\n")[1].split("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)(?:/|\.py)` \|", table, re.MULTILINE)) == ROOMS
    assert sum(line.startswith("| `") for line in table.splitlines()) == len(ROOMS)


def test_no_file_or_folder_is_a_drawer_for_anything() -> None:
    names = {part for path in FILES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not names & FORBIDDEN_NAMES


def test_the_rules_are_seen_to_be_broken() -> None:
    broken = {
        "from palestra.engine import seeding": "nets imports engine",
        "def f():\n    import palestra.cli.main": "nets imports cli",
        "from palestra import engine": "nets imports engine",
        "from ..engine import seeding": "relative import ..engine",
        "import pickle": "imports pickle",
        "from torch import load": "imports torch.load",
        "torch.load(path)": "calls torch.load",
        "x = eval(text)": "calls eval",
        "exec(text)": "calls exec",
        "torch.manual_seed(0)": "calls torch.manual_seed",
        "np.random.seed(0)": "uses np.random.seed",
        "draw = np.random.rand": "uses np.random.rand",
        "from numpy.random import rand": "imports numpy.random.rand",
    }
    for source, fault in broken.items():
        assert any(line.endswith(fault) for line in faults(source, "nets")), source
    assert faults("import gymnasium", "ops") == ["1: ops imports gymnasium"]
    for fine in ("from palestra.ops import losses", "np.random.default_rng(0)", "model.eval()", "re.compile('a')"):
        assert faults(fine, "nets") == []


def test_the_page_imports_no_learner() -> None:
    assert faults("from palestra.learners.on_policy.ppo import PPO", "studio")[0].endswith(
        "palestra.learners.on_policy.ppo"
    )
    assert faults("from palestra.learners.registry import learner_type", "studio") == []
