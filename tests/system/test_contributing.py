"""What CONTRIBUTING says about adding something is followed, by its text alone, in a copy of the repository."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import palestra

ROOT = Path(palestra.__file__).resolve().parents[2]
NUMBERS = {"one": 1, "two": 2, "three": 3}
NEEDS = {"An estimator": "A data set"}
"""Walks that begin where another one ends."""
COPIED = ("src", "tests", "docs", "records", "bench/results")
GENERATED = re.compile(r"docs/algorithms/[\w-]+\.md|docs/spaces\.md|src/palestra/__init__\.pyi")


def walks() -> dict[str, tuple[int, str]]:
    """What can be added, with the number of files that it is said to take and the text that says how."""
    text = (ROOT / "CONTRIBUTING.md").read_text().split("\n## Adding something\n")[1]
    parts = re.split(r"^### (.+): (\w+) files?\n", text, flags=re.MULTILINE)[1:]
    return {what: (NUMBERS[number], walk) for what, number, walk in zip(parts[::3], parts[1::3], parts[2::3])}


def follow(walk: str, root: Path) -> None:
    """Write the files that a walk shows, and make the changes that it shows."""
    for kind, name, body in re.findall(r"^```(python|diff)\n# (\S+)\n(.*?)^```$", walk, re.MULTILINE | re.DOTALL):
        path = root / name
        if kind == "python":
            assert not path.exists()
            path.write_text(body)
            continue
        there = "".join(line[1:] for line in body.splitlines(keepends=True) if line[0] == " ")
        new = "".join(line[1:] for line in body.splitlines(keepends=True) if line[0] == "+")
        assert path.read_text().count(f"\n{there}") == 1, f"{name} has not, once: {there}"
        path.write_text(path.read_text().replace(f"\n{there}", f"\n{there}{new}"))


def files(root: Path) -> dict[str, bytes]:
    """Every file that was copied, but what Python makes of it."""
    found = (path for folder in COPIED for path in (root / folder).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found if path.suffix != ".pyc"}


def followed(what: str, root: Path) -> tuple[dict[str, bytes], set[str]]:
    """The files of a copy as they were, and those that a walk touched."""
    for folder in COPIED:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.md"), ROOT / "pyproject.toml"):
        shutil.copy(path, root)
    if what in NEEDS:
        follow(walks()[NEEDS[what]][1], root)
    before = files(root)
    follow(walks()[what][1], root)
    return before, {name for name, content in files(root).items() if before.get(name) != content}


def run(root: Path, *command: str) -> None:
    """A command of Python's in the copy, which has to succeed."""
    env = os.environ | {"PYTHONPATH": str(root / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], cwd=root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3_000:]}{done.stderr[-3_000:]}"


@pytest.mark.parametrize("what", walks())
def test_a_walk_touches_as_many_files_as_it_says(what: str, tmp_path: Path) -> None:
    _, touched = followed(what, tmp_path)
    assert len(touched) == walks()[what][0] <= 3
    own = sorted(name for name in touched if name.endswith(".py"))
    run(tmp_path, "-m", "ruff", "check", *own)
    run(tmp_path, "-m", "ruff", "format", "--check", *own)


@pytest.mark.slow
@pytest.mark.parametrize("what", walks())
def test_a_walk_leads_there(what: str, tmp_path: Path) -> None:
    before, touched = followed(what, tmp_path)
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", walks()[what][1], re.MULTILINE | re.DOTALL)
    for command in commands.splitlines():
        match shlex.split(command):
            case ["palestra", "train", *arguments]:
                run(tmp_path, "-m", "palestra", "train", *arguments, "--quiet", "--no-plots")
            case ["python", *arguments]:
                run(tmp_path, *arguments)
            case ["make", "docs"]:
                run(tmp_path, "docs/build.py")
            case other:
                raise AssertionError(other)
    run(tmp_path, "docs/build.py", "--check")
    run(tmp_path, "-m", "mypy")
    after = {name for name, content in files(tmp_path).items() if before.get(name) != content}
    assert all(GENERATED.fullmatch(name) for name in after - touched)


def test_every_kind_is_there() -> None:
    assert list(walks()) == ["An RL algorithm", "A policy", "A world", "A data set", "An estimator"]


def test_a_change_to_what_is_not_there_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("\nb = 1\n")
    follow("```diff\n# a.py\n b = 1\n+c = 2\n```\n", tmp_path)
    assert (tmp_path / "a.py").read_text() == "\nb = 1\nc = 2\n"
    with pytest.raises(AssertionError, match="has not, once"):
        follow("```diff\n# a.py\n d = 1\n+c = 2\n```\n", tmp_path)
