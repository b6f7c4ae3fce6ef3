"""``palestra studio``: the trainings in a page that is seen while they learn."""

import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from palestra.cli.arguments import Switch, parse
from palestra.cli.output import print_json
from palestra.errors import UsageError, missing_extra
from palestra.web.serving import listen

PORT = 8765
"""That is taken when it is free and nobody says another."""


@dataclass(frozen=True)
class Args:
    """Open a page on this machine in which trainings are seen while they learn, and compared.

    Its address, with the token of this start, is the first line that is printed; nobody comes in without it. Ctrl-C
    ends it, and all that it has started: trainings save themselves first.
    """

    runs: Path = Path("runs")
    """Folder of the runs."""
    port: int | None = None
    """Where to listen; 0 for any free port (default: 8765, or any other if that is taken)."""
    open: bool = True
    """Open it in the browser."""
    allow_launch: Switch = False
    """Let the page start, pause and stop trainings, and delete runs with a way back for a day; without it the page
    only looks."""
    json: Switch = False
    """Print the address as one JSON object."""


def command(argv: Sequence[str]) -> int:
    """Run ``palestra studio`` until Ctrl-C."""
    args = parse(Args, argv, "studio")
    if args.runs.exists() and not args.runs.is_dir():
        raise UsageError(f"--runs {args.runs} is a file; expected a folder of runs")
    try:
        import uvicorn  # noqa: F401 - it serves, once the address is printed

        from palestra.studio.server import Open
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio"):
            raise
        raise missing_extra("studio", "the studio") from error
    made = _listen(args.port)
    studio = Open(args.runs.absolute(), made, launch=args.allow_launch)
    print_json({"url": studio.url}) if args.json else print(studio.url, flush=True)
    if args.open and has_screen():
        threading.Thread(target=webbrowser.open, args=[studio.url], daemon=True).start()
    studio.serve()
    return 0


def _listen(port: int | None) -> socket.socket:
    if port is not None:
        return listen(port)
    try:
        return listen(PORT)
    except UsageError:
        return listen(0)


def has_screen() -> bool:
    """Whether a browser that is opened here would be seen; one in the terminal would be in the way."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
