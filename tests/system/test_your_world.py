"""The page about a user's own world is followed, by its text alone, in an empty folder."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import palestra

PAGE = Path(palestra.__file__).resolve().parents[2] / "docs" / "your-world.md"
BUDGET = re.compile(r"(--total-timesteps) (\d+)")
FORKING = """
import glob, os, shlex, sys
import matplotlib.backends.backend_agg, matplotlib.figure
import palestra.cli.train, palestra.learners.on_policy.ppo, palestra.trials.compare, palestra.trials.film
import palestra.trials.suitability, palestra.trials.train
from palestra.cli.main import main

for line in sys.stdin:
    words = [found for word in shlex.split(line) for found in sorted(glob.glob(word)) or [word]]
    child = os.fork()
    if child == 0:
        said = os.open(os.path.join("..", "said"), os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(said, 1)
        os.dup2(said, 2)
        status = 70
        try:
            status = main(words[1:])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Follows each line that is written to it as a shell would, ``palestra`` as a process that need not import PyTorch."""


def follow(folder: Path, divisor: int, run: Callable[[str], tuple[int, str]]) -> dict[str, str]:
    """Write the files that the page shows and run its commands in turn; returns what each printed.

    Budgets are divided by ``divisor``. ``run`` gives a command's status and its words.
    """
    said = {}
    for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        if kind == "python":
            (folder / re.findall(r"# (\S+)\n", body)[0]).write_text(body)
            continue
        for line in body.splitlines():
            command = BUDGET.sub(lambda given: f"{given[1]} {int(given[2]) // divisor}", line)
            status, said[line] = run(command)
            assert status == 0, f"{command}: {said[line]}"
    return said


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def shell(empty: Path, tmp_path: Path) -> Callable[[str], tuple[int, str]]:
    """Runs a line of the page in that folder; the commands of the page are those of this Python."""
    program = tmp_path / "bin"
    program.mkdir()
    for name, words in (("palestra", f"{sys.executable} -m palestra"), ("python", sys.executable)):
        (program / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (program / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}

    def run(command: str) -> tuple[int, str]:
        done = subprocess.run(command, shell=True, cwd=empty, env=env, capture_output=True, text=True, timeout=600)
        return done.returncode, done.stdout if done.returncode == 0 else done.stdout + done.stderr

    return run


def test_every_line_of_it_works(empty: Path, tmp_path: Path, shell: Callable[[str], tuple[int, str]]) -> None:
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", FORKING], cwd=empty, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def run(command: str) -> tuple[int, str]:
            if not command.startswith("palestra "):
                return shell(command)
            asked.write(f"{command}\n")
            asked.flush()
            status = int(answers.readline())
            return status, (tmp_path / "said").read_text()

        said = follow(empty, 20, run)
    assert len(said) == 10
    assert "is_success" in next(text for line, text in said.items() if line.startswith("palestra eval"))
    assert len(list(empty.glob("first/dock-v0-*/videos/*"))) == 1
    assert len(list(empty.glob("several/dock-v0-*/manifest.json"))) == 3


@pytest.mark.slow
def test_the_boat_reaches_the_dock(empty: Path, shell: Callable[[str], tuple[int, str]]) -> None:
    said = follow(empty, 1, shell)
    evaluated = next(text for line, text in said.items() if line.startswith("palestra eval"))
    (share,) = re.findall(r"is_success +([\d.]+)", evaluated)
    assert float(share) >= 0.95
    assert said["python look.py"] == "success\n"
