"""A place on this machine where an application listens, and the time from its start to a Ctrl-C."""

import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from types import FrameType

from palestra.errors import UsageError, missing_extra
from palestra.web.guard import App

LOOPBACK = "127.0.0.1"
_LEAVING_SECONDS = 3
"""That answers which are still going on have after a Ctrl-C."""


def listen(port: int = 0, host: str = LOOPBACK) -> socket.socket:
    """A socket that listens, on any free port for 0; who connects before it is served waits.

    Raises UsageError where the port is taken or refused.
    """
    # Of TCP by name: only then asyncio turns off Nagle's algorithm, by which answers wait 40 ms for the client's word.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the port of a server that just ended is free
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        made.close()
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is taken by another program" if taken else getattr(error, "strerror", None) or "is no port"
        raise UsageError(f"--port {port} {why}; expected a free port from 1024 to 65535, or 0 for any") from error
    return made


def port_of(made: socket.socket) -> int:
    """The port of a socket."""
    port: int = made.getsockname()[1]
    return port


def serve(app: App, made: socket.socket, leaving: Callable[[], None] | None = None, *, extra: str = "studio") -> None:
    """Serve an application until Ctrl-C, or until the process is told to end; returns after a Ctrl-C.

    Args:
        app: its lifespan ends before this does, so that what it has started can be ended there.
        made: the socket (``listen``), which is closed at the end.
        leaving: called when the end is near, to finish answers that would go on for ever.
        extra: the optional dependencies that the server is among.
    """
    try:
        import uvicorn
    except ImportError as error:
        raise missing_extra(extra, "a server") from error

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if leaving is not None:
                leaving()
            super().handle_exit(sig, frame)

    # Addresses hold tokens, so no line is written of a request; and nobody in front of us may say who asks.
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, proxy_headers=False, ws="none",
        lifespan="on", timeout_graceful_shutdown=_LEAVING_SECONDS,
    )  # fmt: skip
    server, log = Server(config), logging.getLogger("uvicorn.error")

    def wanted(record: logging.LogRecord) -> bool:
        return not server.should_exit  # what is given up at the end is no fault of anybody's

    log.addFilter(wanted)
    try:
        with contextlib.suppress(KeyboardInterrupt):  # which the server raises once it has ended well
            server.run(sockets=[made])
    finally:
        log.removeFilter(wanted)


def address(made: socket.socket, token: str, path: str = "/") -> str:
    """What to type into a browser on this machine."""
    return f"http://{LOOPBACK}:{port_of(made)}{path}?token={token}"
