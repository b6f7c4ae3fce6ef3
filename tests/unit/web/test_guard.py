import asyncio
from typing import Any

import pytest
from asgi import HOST, Answer, ask

from palestra.web.guard import Guard, Message, Receive, Scope, Send, local_names, make_token

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MADE-UP")
TOKEN = make_token()
BEARER = {"authorization": f"Bearer {TOKEN}"}
COOKIE = {"cookie": f"other=1; studio-8000={TOKEN}"}
HERE = {"origin": f"http://{HOST}"}


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything, with a header that the door sets otherwise."""
    headers = [(b"x-frame-options", b"ALLOW"), (b"content-type", b"text/html")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"inside"})


DOOR = Guard(inner, TOKEN, local_names(8000), "studio-8000")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {TOKEN[:-1]}"},
        {"authorization": f"Basic {TOKEN}"},
        {"cookie": f"studio-8001={TOKEN}"},
        {"cookie": "studio-8000="},
        {"cookie": "studio-8000=" + make_token(), **HERE},
    ],
)
def test_nobody_comes_in_without_the_token(method: str, headers: dict[str, str]) -> None:
    for path in ("/", "/static/app.js", "/no/such/address"):
        answer = ask(DOOR, path, method, headers)
        assert answer.status == 401
        assert b"inside" not in answer.body


@pytest.mark.parametrize("method", METHODS)
def test_who_has_it_comes_in(method: str) -> None:
    assert ask(DOOR, "/x", method, BEARER).body == b"inside"
    assert ask(DOOR, "/x", method, COOKIE | HERE).body == b"inside"


@pytest.mark.parametrize("method", METHODS)
def test_a_cookie_alone_gives_no_orders(method: str) -> None:
    assert ask(DOOR, "/x", method, COOKIE).status == (200 if method in ("GET", "HEAD") else 403)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("origin", ["http://example.org", "null", f"https://{HOST}", "http://127.0.0.1:8001", ""])
def test_no_other_site_gives_orders(method: str, origin: str) -> None:
    for right in (BEARER, COOKIE):
        assert ask(DOOR, "/x", method, right | {"origin": origin}).status == 403
    assert ask(DOOR, "/x", method, BEARER, pairs=[("origin", f"http://{HOST}"), ("origin", origin)]).status == 403


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:8000.example.org", "", None])
def test_no_other_name_leads_here(host: str | None) -> None:
    for method in METHODS:
        assert ask(DOOR, "/x", method, BEARER, host=host).status == 403
    assert ask(DOOR, f"/?token={TOKEN}", host=host).status == 403
    assert ask(DOOR, "/x", headers=BEARER, pairs=[("host", "example.org")]).status == 403


@pytest.mark.parametrize("host", ["localhost:8000", "LOCALHOST:8000", "[::1]:8000"])
def test_this_machine_has_three_names(host: str) -> None:
    assert ask(DOOR, "/x", headers=BEARER, host=host).status == 200


def test_a_picture_in_another_page_is_not_shown() -> None:
    for site in ("cross-site", "same-site"):
        asked = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert ask(DOOR, "/x", headers=COOKIE | asked).status == 403
        # but the address may be followed from anywhere
        assert ask(DOOR, "/x", headers=COOKIE | asked | {"sec-fetch-mode": "navigate"}).status == 200
    assert ask(DOOR, "/x", headers=COOKIE | {"sec-fetch-site": "same-origin"}).status == 200


def test_the_printed_address_gives_a_cookie_and_leaves_no_trace() -> None:
    answer = ask(DOOR, f"/runs?a=1%202&token={TOKEN}&b=")
    assert answer.status == 303
    assert answer.header("location") == "/runs?a=1+2&b="
    name, _, rest = answer.header("set-cookie").partition("=")
    value, *marks = rest.split("; ")
    assert (name, value, set(marks)) == ("studio-8000", TOKEN, {"Path=/", "HttpOnly", "SameSite=Lax"})
    assert ask(DOOR, "/runs", headers={"cookie": f"{name}={value}"}).status == 200
    assert ask(DOOR, f"/?token={make_token()}", headers=COOKIE).status == 401
    assert ask(DOOR, f"/?token={TOKEN}&token=x").status == 401
    assert ask(DOOR, f"/x?token={TOKEN}", "POST").status == 401


@pytest.mark.parametrize("path", ["//example.org", "/%2Fexample.org", "/%5Cexample.org", "/%0d%0aset-cookie:x"])
def test_the_way_on_leads_nowhere_else(path: str) -> None:
    there = ask(DOOR, f"{path}?token={TOKEN}").header("location")
    assert there.startswith("/")
    assert not there.startswith(("//", "/\\"))
    assert "\n" not in there


def _everywhere() -> list[Answer]:
    return [
        ask(DOOR, "/", headers=BEARER),
        ask(DOOR, "/"),
        ask(DOOR, "/", host="example.org"),
        ask(DOOR, f"/?token={TOKEN}"),
    ]


def test_what_a_page_may_do_is_said_in_every_answer() -> None:
    for answer in _everywhere():
        policy = dict(part.split(" ", 1) for part in answer.header("content-security-policy").split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in answer.header("content-security-policy")
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("referrer-policy") == "no-referrer"
        assert answer.header("x-frame-options") == "DENY"
        assert answer.header("cache-control") == "no-store"


def test_no_answer_holds_the_token_but_the_cookie() -> None:
    for answer in _everywhere():
        assert TOKEN.encode() not in answer.body
        assert all(TOKEN not in value for name, value in answer.headers if name != "set-cookie")


def test_a_socket_is_closed_and_a_lifespan_passed_on() -> None:
    said: list[Message] = []
    passed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    async def send(message: Message) -> None:
        said.append(message)

    async def nothing() -> Message:
        raise AssertionError("nobody is to be listened to")

    async def run() -> None:
        door = Guard(app, TOKEN, local_names(8000), "studio-8000")
        socket: dict[str, Any] = {"type": "websocket", "headers": [(b"host", HOST.encode())], "path": "/"}
        await door(socket, nothing, send)
        await door({"type": "lifespan"}, nothing, send)

    asyncio.run(run())
    assert said == [{"type": "websocket.close", "code": 1008}]
    assert passed == ["lifespan"]


def test_every_start_has_a_token_of_its_own() -> None:
    tokens = {make_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) >= 43 and token.replace("-", "").replace("_", "").isalnum() for token in tokens)
