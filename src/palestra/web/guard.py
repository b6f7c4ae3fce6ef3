"""The door before every page and service of ours: who may come in, from where, and what a browser may do in here.

One ASGI application around another. Behind it nothing is reached, no page and no file and no address that is not there,
without the token of this start; nothing by a name that is not this machine's (a foreign site's name may be made to lead
here); and nothing at the order of another site's page, whatever the method.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI application."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
"""Of every answer, refusals too."""
_READING = ("GET", "HEAD")


def make_token() -> str:
    """A secret that nobody guesses, made of what an address may hold."""
    return secrets.token_urlsafe(32)


def local_names(port: int) -> tuple[str, ...]:
    """What this machine is called in the ``Host`` of a request that comes from itself."""
    return tuple(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


class Guard:
    """Lets in who has the token, and sends everybody else away.

    The token comes as ``Authorization: Bearer``, or once in the address that was printed (``/?token=``): then it is put
    into a cookie, and the browser is sent on to the same address without it, so that it stays in no history.

    Args:
        app: what is behind the door.
        token: of this start (``make_token``).
        hosts: every ``name:port`` by which it may be called (``local_names``).
        cookie: its name; a browser keeps one for all ports of a machine, so it should tell them apart.
    """

    def __init__(self, app: App, token: str, hosts: Collection[str], cookie: str):
        self._app = app
        self._token = token.encode()
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _secured(send))
        else:  # nothing of ours is a socket
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _Headers(scope)
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        why = self._foreign(headers)
        if why:
            await _refuse(send, 403, why)
        elif scope["method"] in _READING and any(name == "token" for name, _ in given):
            await self._welcome(scope, given, send)
        elif self._is_token(headers.bearer()):
            await self._app(scope, receive, send)
        elif not self._is_token(headers.cookie(self._cookie)):
            await _refuse(send, 401, "no token; expected the address that was printed at the start, with its ?token=")
        elif scope["method"] not in _READING and not headers.all("origin"):
            # A browser sends a cookie by itself, and with each order the page from which it comes.
            await _refuse(send, 403, f"{scope['method']} by a cookie, without Origin; expected a browser's own page")
        else:
            await self._app(scope, receive, send)

    def _foreign(self, headers: "_Headers") -> str:
        """Why a request is not from here; empty if it is."""
        hosts, origins = headers.all("host"), headers.all("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return "a Host that is not this machine; expected the address that was printed at the start"
        if any(origin.lower() not in self._origins for origin in origins):
            return "an Origin that is not this page; expected no other site's"
        # A picture in another site's page has no Origin; but a browser tells on whose behalf it asks.
        apart = {"cross-site", "same-site"} & {*headers.all("sec-fetch-site")}
        if apart and headers.all("sec-fetch-mode") != ["navigate"]:
            return "a request for another site's page; expected this one's"
        return ""

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token)

    async def _welcome(self, scope: Scope, given: list[tuple[str, str]], send: Send) -> None:
        """Put the token of the address into a cookie, and send the browser on to the address without it."""
        if not all(self._is_token(value) for name, value in given if name == "token"):
            await _refuse(send, 401, "a token of another start; expected the address that was printed at this one")
            return
        rest = urlencode([pair for pair in given if pair[0] != "token"])
        # One slash: with two, the path would be read as the name of another machine.
        path = quote("/" + scope["path"].lstrip("/"))
        # Lax: the address may have been followed from another page, and the cookie has to come along then.
        kept = f"{self._cookie}={self._token.decode()}; Path=/; HttpOnly; SameSite=Lax"
        location = f"{path}?{rest}" if rest else path
        headers = [(b"location", location.encode()), (b"set-cookie", kept.encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class _Headers:
    """The headers of a request; one may be there several times."""

    def __init__(self, scope: Scope):
        self._pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def bearer(self) -> str:
        """What ``Authorization: Bearer`` holds; empty without it."""
        kind, _, value = next(iter(self.all("authorization")), "").partition(" ")
        return value.strip() if kind.lower() == "bearer" else ""

    def cookie(self, name: str) -> str:
        """A cookie; of several of one name the first, and empty without it."""
        pairs = (pair.strip().partition("=") for text in self.all("cookie") for pair in text.split(";"))
        return next((value for key, _, value in pairs if key == name), "")


def _secured(send: Send) -> Send:
    """The same, with the headers of every answer added."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in _HEADERS]
            cached = any(name.lower() == b"cache-control" for name, _ in kept)
            fresh = [] if cached else [(b"cache-control", b"no-store")]
            message = {**message, "headers": [*kept, *_HEADERS.items(), *fresh]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, why: str) -> None:
    body = f"{why}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
