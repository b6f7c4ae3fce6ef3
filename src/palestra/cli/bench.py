"""``palestra bench``: the benchmarks of the source checkout, each side by side with a peer."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

import palestra
from palestra.cli.arguments import Switch, parse
from palestra.cli.output import print_json
from palestra.errors import UsageError, unknown_name


@dataclass(frozen=True)
class Args:
    """Run a benchmark; without a name, list them. What follows the name is the benchmark's own (try NAME --help)."""

    name: Positional[str | None] = None
    """Which one."""
    json: Switch = False
    """Print one JSON object."""


def bench_folder() -> Path:
    """The benchmarks beside this package's source; UsageError where it was installed without them."""
    folder = Path(palestra.__file__).resolve().parents[2] / "bench"
    if not folder.is_dir():
        raise UsageError(f"no benchmarks at {folder}: they come with the source, not with the package; clone it")
    return folder


def command(argv: Sequence[str]) -> int:
    """Run ``palestra bench``; the exit status is the benchmark's."""
    if not argv or argv[0].startswith("-"):
        args = parse(Args, argv, "bench")
        names = _names(bench_folder())
        if args.json:
            print_json({"benchmarks": names})
        else:
            print("\n".join(names) if names else f"no benchmarks in {bench_folder()}")
        return 0
    folder = bench_folder()
    name, rest = argv[0], argv[1:]
    if name not in _names(folder):
        raise unknown_name("benchmark", name, _names(folder))
    with subprocess.Popen([sys.executable, str(folder / f"{name}.py"), *rest]) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:  # the benchmark has had the signal too
            process.wait()
            return 128 + signal.SIGINT
    return status if status >= 0 else 128 - status


def _names(folder: Path) -> list[str]:
    # What cannot be run by itself is shared by those that can.
    return sorted(path.stem for path in folder.glob("*.py") if '"__main__"' in path.read_text())
