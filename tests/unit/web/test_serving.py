import os
import signal
import socket
import threading
import time
import urllib.request
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.web.guard import Message, Receive, Scope, Send
from palestra.web.serving import address, listen, port_of, serve


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with listen() as taken, pytest.raises(UsageError, match="is taken by another program; expected a free port"):
        listen(port_of(taken))


@pytest.mark.parametrize("port", [-1, 70_000])
def test_what_is_no_port_is_told_in_one_line(port: int) -> None:
    with pytest.raises(UsageError, match=f"--port {port} .*expected a free port"):
        listen(port)


def test_nobody_else_reaches_it() -> None:
    with listen() as made:
        assert made.getsockname()[0] == "127.0.0.1"
        assert address(made, "abc") == f"http://127.0.0.1:{port_of(made)}/?token=abc"
        with socket.create_connection(made.getsockname(), timeout=5):
            pass  # before it is served


def test_it_serves_until_ctrl_c_and_ends_well() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                message: Message = await receive()
                seen.append(message["type"])
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})

    made = listen()
    where = f"http://127.0.0.1:{port_of(made)}/"
    answers: list[Any] = []

    def visit() -> None:
        with urllib.request.urlopen(where, timeout=20) as answer:
            answers.append((answer.read(), answer.headers.get("server")))
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    visitor = threading.Thread(target=visit)
    visitor.start()
    serve(app, made, lambda: seen.append("leaving"))
    visitor.join()
    assert answers == [(b"here", None)]
    assert seen == ["lifespan.startup", "leaving", "lifespan.shutdown"]
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(where, timeout=5)
