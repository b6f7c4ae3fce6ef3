"""The studio's application: every route there is, behind the door of :mod:`palestra.web.guard`."""

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palestra import __version__
from palestra.errors import PalestraError
from palestra.playgrounds.catalogue import catalogue
from palestra.studio import doing, pages, reading, teaching
from palestra.studio.answers import MOST_BYTES, answer, failed
from palestra.studio.studio import Studio
from palestra.web.guard import Guard, local_names, make_token
from palestra.web.serving import address, port_of, serve

_TIDY_SECONDS = 60.0
"""Between two looks for programs that nobody uses."""


def make_app(studio: Studio, offers: list[dict[str, Any]]) -> Starlette:
    """The application without its door.

    Args:
        studio: what it shows.
        offers: the playgrounds that there are.
    """

    async def about(request: Request) -> Response:
        """What the page says of itself."""
        where = studio.folder.root
        return answer({"version": __version__, "runs": str(where), "launch": studio.launch})

    async def missing(request: Request, error: Exception) -> Response:
        """An address or a method that there is not."""
        assert isinstance(error, HTTPException)
        return answer({"error": error.detail}, error.status_code)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async def tidy() -> None:
            while True:
                await anyio.sleep(_TIDY_SECONDS)
                await to_thread.run_sync(studio.drop_idle)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tidy)
            yield
            tasks.cancel_scope.cancel()
        studio.close()

    app = Starlette(
        routes=[
            Route("/api/about", about),
            *reading.routes(studio),
            *doing.routes(studio),
            *teaching.routes(studio, offers),
            *pages.routes(),
        ],
        exception_handlers={PalestraError: failed, OSError: failed, HTTPException: missing},
        lifespan=lifespan,
        max_body_size=MOST_BYTES,
    )
    app.router.redirect_slashes = False  # an address that is not there is told so
    return app


class Open:
    """A studio that listens, and is not served yet.

    Args:
        root: the folder of the runs.
        made: the socket.
        launch: whether the page may start trainings, and delete runs.
    """

    def __init__(self, root: Path, made: socket.socket, *, launch: bool = False):
        offers = catalogue()
        self._made, token, port = made, make_token(), port_of(made)
        self.studio = Studio(root, launch=launch, playgrounds=tuple(offer["name"] for offer in offers))
        self._door = Guard(make_app(self.studio, offers), token, local_names(port), f"palestra-studio-{port}")
        self.url = address(made, token)
        """With its token."""

    def serve(self) -> None:
        """Serve it until Ctrl-C; then nothing is left running."""
        try:
            serve(self._door, self._made, self.studio.leave)
        finally:
            self.studio.close()
