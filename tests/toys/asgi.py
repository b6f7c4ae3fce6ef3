"""An ASGI application asked in this process, with the very bytes that are given: no client tidies an address first."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

HOST = "127.0.0.1:8000"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """The value of a header that is there once; empty without it."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, found
        return found[0] if found else ""


def ask(
    app: Any, path: str = "/", method: str = "GET", headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    """One request; see ``asked``."""
    return asyncio.run(asked(app, path, method, headers, **more))


def ask_all(
    app: Any, paths: Iterable[str], method: str = "GET", headers: Mapping[str, str] | None = None
) -> list[Answer]:
    """Many requests, one after the other."""

    async def run() -> list[Answer]:
        return [await asked(app, path, method, headers) for path in paths]

    return asyncio.run(run())


async def asked(
    app: Any,
    path: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    *,
    json_body: Any = None,
    pairs: Iterable[tuple[str, str]] = (),
    host: str | None = HOST,
) -> Answer:
    """What the application answers.

    Args:
        app: the application.
        path: with its query; what is percent-encoded is decoded as servers do.
        method: of HTTP.
        headers: besides ``Host``.
        json_body: what is sent, if anything.
        pairs: headers that may be there several times.
        host: of the header; None for none.
    """
    raw, _, query = path.partition("?")
    sent = [] if host is None else [("host", host)]
    sent += [*(headers or {}).items(), *pairs]
    body = b"" if json_body is None else json.dumps(json_body).encode()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(raw), "raw_path": raw.encode("utf-8", "replace"), "query_string": query.encode(),
        "root_path": "", "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent],
    }  # fmt: skip
    said: list[Any] = []
    gone = asyncio.Event()
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if unread:
            return unread.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        said.append(message)

    await app(scope, receive, send)
    start = said[0]
    assert start["type"] == "http.response.start"
    found = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return Answer(start["status"], found, b"".join(message.get("body", b"") for message in said[1:]))
