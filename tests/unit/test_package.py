"""What ``import palestra`` gives, and where."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import palestra
from palestra.learners.registry import LEARNERS, learner_type


def test_every_learner_is_here_with_its_settings() -> None:
    for name in LEARNERS:
        registered = learner_type(name)
        here = getattr(palestra, registered.kind.__name__)
        assert here is registered.kind if registered.is_learner else here == registered
        assert getattr(palestra, f"{registered.kind.__name__}Config") is registered.config_type
    assert palestra.DAgger.name == "dagger"


def test_every_name_that_is_listed_is_here() -> None:
    assert {"train", "resume", "load", "evaluate", "compare", "verify", "make_vec", "PPO", "PPOConfig"} <= set(
        dir(palestra)
    )
    assert len(set(palestra.__all__)) == len(palestra.__all__)
    for name in palestra.__all__:
        assert hasattr(palestra, name)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(palestra.__file__).with_suffix(".pyi").read_text())
    seen = {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                name = alias.asname or alias.name
                if name in palestra.__all__:  # else a type that others are declared by
                    seen.add(name)
                    assert getattr(palestra, name) is getattr(module, alias.name)
    assert seen == set(palestra.__all__)


@pytest.mark.parametrize("name", ["PPOO", "Config", "trainConfig"])
def test_any_other_is_not(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'palestra' has no attribute '{name}'"):
        getattr(palestra, name)


def test_windows_is_told_in_one_line() -> None:
    program = "import os; os.name = 'nt'; import palestra"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: palestra needs a POSIX system")
