"""The page about a user's own world is followed, by its text alone, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import palestra

PAGE = Path(palestra.__file__).resolve().parents[2] / "docs" / "your-world.md"
BUDGET = re.compile(r"(--total-timesteps) (\d+)")


def follow(folder: Path, divisor: int) -> dict[str, str]:
    """Write the files that the page shows and run its commands in turn; returns what each printed.

    Budgets are divided by ``divisor``.
    """
    # The commands of the page are those of this Python.
    program = folder / "bin"
    program.mkdir()
    for name, words in (("palestra", f"{sys.executable} -m palestra"), ("python", sys.executable)):
        (program / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (program / name).chmod(0o755)
    empty = folder / "empty"
    empty.mkdir()
    env = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    said = {}
    for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        if kind == "python":
            (empty / re.findall(r"# (\S+)\n", body)[0]).write_text(body)
            continue
        for line in body.splitlines():
            command = BUDGET.sub(lambda given: f"{given[1]} {int(given[2]) // divisor}", line)
            done = subprocess.run(command, shell=True, cwd=empty, env=env, capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
            said[line] = done.stdout
    return said


def test_every_line_of_it_works(tmp_path: Path) -> None:
    said = follow(tmp_path, divisor=20)
    assert len(said) == 10
    assert "is_success" in next(text for line, text in said.items() if line.startswith("palestra eval"))
    assert len(list((tmp_path / "empty").glob("first/dock-v0-*/videos/*"))) == 1
    assert len(list((tmp_path / "empty" / "several").glob("dock-v0-*/manifest.json"))) == 3


@pytest.mark.slow
def test_the_boat_reaches_the_dock(tmp_path: Path) -> None:
    said = follow(tmp_path, divisor=1)
    evaluated = next(text for line, text in said.items() if line.startswith("palestra eval"))
    (share,) = re.findall(r"is_success +([\d.]+)", evaluated)
    assert float(share) >= 0.95
    assert said["python look.py"] == "success\n"
