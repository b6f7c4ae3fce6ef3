"""The files of the page itself: read once, each under the one name by which it is asked for."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palestra.studio.folder import NotThereError

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


def files() -> dict[str, Path]:
    """Every file that may be sent, by its name in an address."""
    found = (path for path in STATIC.rglob("*") if path.is_file() and path.suffix in _TYPES)
    return {path.relative_to(STATIC).as_posix(): path for path in sorted(found)}


def routes() -> list[Route]:
    """The requests of this file."""
    known = files()

    def send(name: str) -> Response:
        if name not in known:
            raise NotThereError(f"no file {name[:80]!r}; expected one of the page's own")
        return Response(known[name].read_bytes(), media_type=_TYPES[known[name].suffix])

    async def page(request: Request) -> Response:
        """The one page."""
        return send("index.html")

    async def file(request: Request) -> Response:
        """A part of it."""
        return send(request.path_params["name"])

    return [Route("/", page), Route("/static/{name:path}", file)]
