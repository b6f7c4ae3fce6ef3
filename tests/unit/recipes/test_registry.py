"""Recipes are names, configurations and claims, one file a task family, and nothing else."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from command import BARE

from palestra.errors import UsageError
from palestra.recipes import registry
from palestra.recipes.registry import RECIPES, get_recipe

ROOM = Path(registry.__file__).parent
FAMILIES = sorted(path for path in ROOM.glob("*.py") if path.stem not in ("__init__", "recipe", "registry"))


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_a_family_imports_nothing_but_what_a_recipe_is(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported <= {"dataclasses", "typing", "palestra.recipes.recipe", "palestra.errors"}


def loaded(program: str) -> set[str]:
    """Top-level modules that are there after a program, without those of Python."""
    end = "print({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names)"
    command = [sys.executable, "-c", f"{BARE}\n{program}\n{end}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    modules: set[str] = ast.literal_eval(done.stdout)
    return modules


def test_they_load_without_anything_installed() -> None:
    assert loaded("from palestra.recipes.registry import RECIPES") == loaded("")
    assert "numpy" in loaded("import numpy")


def test_a_task_stands_in_one_file() -> None:
    where: dict[str, set[str]] = {}
    for path in FAMILIES:
        for recipe in importlib.import_module(f"palestra.recipes.{path.stem}").RECIPES:
            where.setdefault(recipe.task, set()).add(path.stem)
    assert {task: files for task, files in where.items() if len(files) > 1} == {}
    assert set(where) == {recipe.task for recipe in RECIPES.values()}
    assert next(iter(RECIPES)).startswith("cartpole/")  # the list begins where a reader does


def test_an_unknown_one_is_told() -> None:
    assert get_recipe("cartpole/ppo").task == "cartpole"
    with pytest.raises(UsageError, match="unknown recipe 'cartpole/pppo'; nearest: cartpole/ppo"):
        get_recipe("cartpole/pppo")
