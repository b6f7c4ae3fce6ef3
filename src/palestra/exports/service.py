"""``predict`` over HTTP as an ASGI application: ``POST /predict``, ``GET /health``. The door before it: ``web.guard``.

Questions wait for each other in one thread, since a learner answers one at a time; nothing that is asked changes it.
"""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from palestra.engine.learner import Learner
from palestra.errors import UsageError
from palestra.exports.answers import Answers, parsed
from palestra.web.guard import Receive, Scope, Send

MOST_BYTES = 16 << 20
"""Of a question."""


class TooLarge(Exception):
    """A question has more bytes than are read."""


class Service:
    """Answers questions about observations or rows.

    Args:
        learner: who answers. UsageError for one that cannot.
        run: its name.
        most_bytes: of a question.
    """

    def __init__(self, learner: Learner, run: str, most_bytes: int = MOST_BYTES):
        self.answers, self.run, self.most_bytes = Answers(learner), run, most_bytes
        self.answered, self.started = 0, time.monotonic()
        self._thread = ThreadPoolExecutor(1, "predict")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server from its start to its end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        match scope["path"], scope["method"]:
            case "/predict", "POST":
                status, said = await self._predict(scope, receive)
            case "/predict", _:
                status, said = 405, {"error": f"{scope['method']} /predict; expected POST"}
            case "/health" | "/", "GET" | "HEAD":
                status, said = 200, self.health()
            case "/health" | "/", _:
                status, said = 405, {"error": f"{scope['method']} {scope['path']}; expected GET"}
            case _:
                status, said = 404, {"error": "nothing is there; expected POST /predict or GET /health"}
        body = json.dumps(said).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if status == 413:
            headers.append((b"connection", b"close"))  # the rest of the question is not read
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def health(self) -> dict[str, Any]:
        """Who answers, and how often it has."""
        learner = self.answers.learner
        return {
            "status": "ok",
            "run": self.run,
            "learner": learner.name,
            "learned_from": learner.source.id,
            "step": learner.clock,
            "asks_for": self.answers.key,
            "answered": self.answered,
            "seconds": round(time.monotonic() - self.started, 3),
        }

    def close(self) -> None:
        """Wait for the answer that is being made."""
        self._thread.shutdown()

    async def _predict(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, Any]]:
        try:
            body = await self._read(scope, receive)
            said = await asyncio.get_running_loop().run_in_executor(self._thread, self._say, body)
        except TooLarge:
            return 413, {"error": f"a question of more than {self.most_bytes:,} bytes; expected several smaller ones"}
        except (UsageError, IndexError) as error:  # a number that no table has
            return 400, {"error": " ".join(str(error).split())}
        self.answered += 1
        return 200, said

    def _say(self, body: bytes) -> dict[str, Any]:
        return self.answers(parsed(body))

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """The body of a request, if it is no larger than it may be."""
        told = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
        if not told.isdigit() or int(told) > self.most_bytes:
            raise TooLarge
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
            if len(body) > self.most_bytes:
                raise TooLarge
        return bytes(body)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
