"""A web server on the loopback interface for tests of downloads: it knows parts of files, and can misbehave."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web(ThreadingHTTPServer):
    """Files by path, and what is wrong with the way in which they are sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.cut: dict[str, list[int]] = {}
        """Path to numbers of bytes after which the next answers break off."""
        self.status: dict[str, list[int]] = {}
        """Path to statuses of the next answers."""
        self.headers: dict[str, dict[str, str]] = {}
        """Path to headers over ours; an empty one is left out."""
        self.redirect: dict[str, str] = {}
        self.whole: set[str] = set()
        """Paths of which no parts are sent."""
        self.asked: list[tuple[str, str | None, str | None]] = []
        """Path, range and authorization of every request."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        web, path = self.server, self.path
        web.asked.append((path, self.headers.get("Range"), self.headers.get("Authorization")))
        status = web.status.get(path, [])
        if status or (path not in web.files and path not in web.redirect):
            self.send_error(status.pop(0) if status else 404)
            return
        if path in web.redirect:
            self.send_response(302)
            self.send_header("Location", web.redirect[path])
            self.end_headers()
            return
        data = web.files[path]
        tag = f'"{hashlib.md5(data).hexdigest()}"'
        start, code = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and path not in web.whole and self.headers.get("If-Range") == tag:
            start, code = int(asked[1]), 206
        if start > len(data) or (start == len(data) and code == 206):
            self.send_error(416)
            return
        body = data[start:]
        headers = {"Content-Length": str(len(body)), "ETag": tag, "Content-Type": "text/html"}
        headers |= {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if code == 206 else {}
        self.send_response(code)
        for name, value in (headers | web.headers.get(path, {})).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        cuts = web.cut.get(path, [])
        self.wfile.write(body[: cuts.pop(0)] if cuts else body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving() -> Iterator[Web]:
    """A server that runs as long as the block."""
    with Web() as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield web
        finally:
            web.shutdown()
            thread.join()
