"""From an address to a file: over HTTP only, within a limit, and from where a broken download stopped.

What has arrived stays in the file, with the server's mark of its version (ETag or date) beside it. The next try asks
for the rest of that version; a server that has another one, or knows no parts, sends all of it again.
"""

import base64
import errno
import http
import http.client
import os
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit, urlunsplit

from palestra.datasets.hub.content import UnavailableError, megabytes
from palestra.runs.atomic import disk_error

Shows = Callable[[int, int], None]
"""Is told how many bytes have arrived, and of how many."""

TIMEOUT = 15.0
"""Seconds without a byte after which a connection counts as broken."""
TRIES = 3
"""In a row, that bring nothing new."""
PAUSE = 1.0
"""Seconds before the second of them; twice as many before the next."""
PROGRESS = 1 << 20
"""Bytes after which a try counts as one that brought something."""
_CHUNK = 1 << 16
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_ELSEWHERE = "PALESTRA_DATA"


def host(url: str) -> str:
    """Who is asked, without what should not be shown: a name and a password in the address."""
    parts = urlsplit(url)
    return parts.hostname or url


def fetch_page(url: str, *, limit: int, accept: str, certificates: str | None = None) -> tuple[str, bytes]:
    """A page and the address that it was found at in the end. UnavailableError if it is not to be had."""
    try:
        with _open(_request(url, {"Accept": accept}), certificates) as answer:
            data = answer.read(limit + 1)
            found = answer.geturl()
    except urllib.error.HTTPError as error:
        raise UnavailableError(f"{host(url)} answers {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UnavailableError(f"{host(url)}: {_why(error)}") from error
    if len(data) > limit:
        raise UnavailableError(f"{host(url)} sends more than {megabytes(limit)}")
    return found, data


def download(url: str, path: Path, *, limit: int, shows: Shows, certificates: str | None = None) -> None:
    """Fetch an address into a file, going on from what is in it.

    Args:
        url: http or https; a name and a password in it are sent to that host alone.
        path: the file, in a folder that is there.
        limit: bytes above which nothing is taken.
        shows: is told how far it is.
        certificates: a file of authorities to trust instead of the system's.

    Raises:
        UnavailableError: the host refuses, is not reached, breaks off again and again, or sends too much.
        PalestraError: the disk refuses. What was written is removed then.
    """
    fruitless, trouble, started = 0, "", _size(path)
    while fruitless < TRIES:
        if fruitless:
            time.sleep(PAUSE * 2 ** (fruitless - 1))
        before = _size(path)
        try:
            _continue(url, path, limit, shows, certificates)
            return
        except urllib.error.HTTPError as error:
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and before:
                forget(path)
            elif error.code not in _AGAIN:
                raise UnavailableError(f"{host(url)} answers {error.code} {error.reason}") from error
            trouble = f"answers {error.code} {error.reason}"
        except urllib.error.URLError as error:
            trouble = _why(error)
            if _size(path) == started:  # it was never reached: another source is sooner asked than this one again
                break
        except (OSError, http.client.HTTPException, ValueError) as error:
            trouble = _why(error)
        fruitless = 0 if _size(path) - before >= PROGRESS else fruitless + 1
    kept = f" after {megabytes(_size(path))}, from where the next try goes on" if _size(path) else ""
    raise UnavailableError(f"{host(url)}: {trouble}{kept}")


def _continue(url: str, path: Path, limit: int, shows: Shows, certificates: str | None) -> None:
    """One try."""
    start, mark = _size(path), _read_mark(path)
    if start and not mark:  # nothing says that the rest would be of the same version
        forget(path)
        start = 0
    headers = {"Range": f"bytes={start}-", "If-Range": mark} if start else {}
    with _open(_request(url, headers), certificates) as answer:
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise UnavailableError(f"{host(url)} sends it in another encoding than was asked for")
        whole = answer.status != http.HTTPStatus.PARTIAL_CONTENT
        if not whole and answer.headers.get("Content-Range", "").split("-")[0] != f"bytes {start}":
            raise UnavailableError(f"{host(url)} sends another part than was asked for")
        start = 0 if whole else start
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length is not None else None
        if (total or start) > limit:
            raise UnavailableError(
                f"{host(url)} would send {megabytes(total or start)}; at most {megabytes(limit)} fit"
            )
        try:
            _write_mark(path, answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")
            _check_space(path, (total or limit) - start)
            file = path.open("r+b" if start else "wb")
        except OSError as error:
            raise _refused(path, error) from error
        with file:
            _receive(answer, file, start, total, limit, shows, path)


def _receive(
    answer: HTTPResponse, file: BinaryIO, start: int, total: int | None, limit: int, shows: Shows, path: Path
) -> None:
    """Append an answer to a file."""
    done = start
    file.seek(start)
    while True:
        chunk = answer.read(_CHUNK)
        try:
            file.write(chunk)
            file.flush()
        except OSError as error:
            raise _refused(path, error) from error
        if not chunk:
            break
        done += len(chunk)
        if done > limit:
            forget(path)
            raise UnavailableError(f"{host(answer.geturl())} sends more than {megabytes(limit)}")
        shows(done, total or limit)
    if total is not None and done != total:
        raise ConnectionError(f"the connection ended at {done:,} of {total:,} bytes")


def _request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnavailableError(f"{host(url)} is no http or https address")
    server = parts.netloc.rpartition("@")[2]
    request = urllib.request.Request(
        urlunsplit((parts.scheme, server, parts.path, parts.query, "")),
        headers={"User-Agent": "palestra", "Accept-Encoding": "identity", **headers},
    )
    if parts.username is not None:
        words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        token = base64.b64encode(words.encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {token}")  # not to whom it may send us on
    return request


def _open(request: urllib.request.Request, certificates: str | None) -> HTTPResponse:
    """The answer to a request, through the user's proxies; redirections lead to http and https only."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificates)),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    try:
        answer = opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()  # its page is not read, and its connection would stay open
        raise
    assert isinstance(answer, HTTPResponse)
    return answer


def _why(error: Exception) -> str:
    """What went wrong on the way, in a few words."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError):
        return f"no answer in {TIMEOUT:.0f} s"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return str(inner) or type(inner).__name__


def _check_space(path: Path, needed: int) -> None:
    if shutil.disk_usage(path.parent).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _refused(path: Path, error: OSError) -> Exception:
    """The error for a disk that refuses; what was written goes, so that the disk is not left full of it."""
    forget(path)
    return disk_error(path, error, _ELSEWHERE)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.mark")


def _read_mark(path: Path) -> str:
    mark = _mark(path)
    return mark.read_text() if mark.is_file() else ""


def _write_mark(path: Path, mark: str) -> None:
    # A weak ETag promises a like meaning, not the same bytes.
    _mark(path).write_text("" if mark.startswith("W/") else mark)


def forget(path: Path) -> None:
    """Remove a download and its mark."""
    path.unlink(missing_ok=True)
    _mark(path).unlink(missing_ok=True)
