"""``palestra doctor``: whether this machine has what training needs."""

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from palestra.cli.arguments import Switch, check_writable, parse
from palestra.cli.output import make_console, make_table, print_json
from palestra.errors import PalestraError, install_line, pip_install
from palestra.runs.provenance import cores

CORE = ("torch", "numpy", "gymnasium", "safetensors", "tyro", "rich", "matplotlib")
"""Packages without which something is broken."""
EXTRAS = {
    "box2d": "Box2D",
    "mujoco": "mujoco",
    "arm": "pybullet",
    "envpool": "envpool",
    "atari": "ale_py",
    "video": "av",
    "studio": "starlette",
    "sweep": "optuna",
    "cluster": "ray",
    "kinematics": "daqp",
    "lerobot": "pyarrow",
    "export": "onnxruntime",
    "tensorboard": "tensorboard",
    "wandb": "wandb",
    "mlflow": "mlflow",
    "trackio": "trackio",
    "ml": "sklearn",
    "bench": "stable_baselines3",
}
"""Extra to the module that it brings."""
NO_WHEEL = "PyBullet has wheels up to Python 3.11 only; the arm's backend 'torch' does without"
LEAST_SPACE = 1e9
"""Bytes that should be free where the runs go."""


@dataclass(frozen=True)
class Args:
    """Check that this machine has what training needs; exit status 1 if something necessary is broken."""

    out: Path = Path("runs")
    """Folder of the runs."""
    json: Switch = False
    """Print one JSON object."""


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    name: str
    """What."""
    status: Literal["ok", "missing", "broken"]
    """``missing`` is optional; ``broken`` stops training."""
    detail: str
    """What was found, and what to do about it."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra doctor``."""
    args = parse(Args, argv, "doctor")
    checks = [*_software(), *_hardware(), *_extras(), *_disk(args.out)]
    broken = [check for check in checks if check.status == "broken"]
    if args.json:
        print_json({"ok": not broken, "checks": [asdict(check) for check in checks]})
        return 1 if broken else 0
    from rich.markup import escape

    console = make_console()
    table = make_table("check", "", "found", whole=("check", ""))
    styles = {"ok": "green", "missing": "yellow", "broken": "bold red"}
    for check in checks:
        table.add_row(escape(check.name), f"[{styles[check.status]}]{check.status}[/]", escape(check.detail))
    console.print(table)
    console.print(
        f"\n{len(broken)} broken" if broken else "\nready to train", style="bold red" if broken else "bold green"
    )
    return 1 if broken else 0


def _software() -> Iterator[Check]:
    yield Check("palestra", "ok", f"{importlib.metadata.version('palestra')} in {Path(__file__).parents[1]}")
    yield Check("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    for package in CORE:
        try:
            importlib.import_module(package)
            yield Check(package, "ok", importlib.metadata.version(package))
        except Exception as error:  # whatever an import raises, here it is a finding
            yield Check(
                package, "broken", f"{type(error).__name__}: {error}; {pip_install()} --force-reinstall {package}"
            )
    yield Check("sqlite", "ok", sqlite3.sqlite_version)


def _hardware() -> Iterator[Check]:
    try:
        import torch
    except Exception:  # said already
        yield Check("cpu", "ok", f"{cores()} cores")
        return
    yield Check("cpu", "ok", f"{cores()} cores; torch would use {torch.get_num_threads()} threads, training uses 1")
    if torch.cuda.is_available():
        names = ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        yield Check("cuda", "ok", names)
    else:
        why = "this torch has no CUDA" if torch.version.cuda is None else "no device or driver"
        yield Check("cuda", "missing", f"{why}; small networks do not need it")
    compiler = shutil.which(os.environ.get("CXX") or "c++") or shutil.which("g++") or shutil.which("clang++")
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if compiler and header.is_file():
        yield Check("torch.compile", "ok", f"compiler {compiler}")
    else:
        lacking = "no C++ compiler" if not compiler else f"no {header}"
        yield Check("torch.compile", "missing", f"{lacking}; everything runs without it")


def _extras() -> Iterator[Check]:
    packages = importlib.metadata.packages_distributions()  # which reads what every installed package consists of
    for extra, module in EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            without = NO_WHEEL if extra == "arm" and sys.version_info >= (3, 12) else ""
            yield Check(f"[{extra}]", "missing", without or install_line(extra))
        else:
            yield Check(f"[{extra}]", "ok", _version_of(module, packages.get(module, [])))


def _version_of(module: str, names: Sequence[str]) -> str:
    """The package that a module comes in, of those that have it, and its version."""
    name = module if module in names else next(iter(names), None)
    return f"{name} {importlib.metadata.version(name)}" if name else "installed"


def _disk(out: Path) -> Iterator[Check]:
    try:
        check_writable(out)
    except PalestraError as error:
        yield Check("write", "broken", str(error))
        return
    yield Check("write", "ok", f"{out.absolute()} can be written")
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    enough = free >= LEAST_SPACE
    advice = "" if enough else "; free some, or choose another --out"
    yield Check("disk", "ok" if enough else "broken", f"{free / 1e9:,.1f} GB free{advice}")
