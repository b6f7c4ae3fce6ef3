"""Downloads: whole, resumed, refused, and what a disk that is full says."""

import errno
import shutil
import urllib.error
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from web import Web

from palestra.datasets.hub import transfer
from palestra.datasets.hub.content import UnavailableError
from palestra.datasets.hub.transfer import download, fetch_page, host
from palestra.errors import PalestraError

DATA = bytes(range(256)) * 2_000
LIMIT = len(DATA)


def nothing(done: int, total: int) -> None:
    """Shows nothing."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "download"


def get(web: Web, path: Path, name: str = "/a", limit: int = LIMIT) -> None:
    download(f"{web.url}{name}", path, limit=limit, shows=nothing)


def test_a_whole_file_with_its_progress(web: Web, path: Path) -> None:
    web.files["/a"] = DATA
    seen: list[tuple[int, int]] = []
    download(f"{web.url}/a", path, limit=LIMIT, shows=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == DATA
    assert seen == sorted(seen)
    assert seen[-1] == (LIMIT, LIMIT)


def test_a_broken_download_goes_on_from_where_it_broke(web: Web, path: Path) -> None:
    web.files["/a"], web.cut["/a"] = DATA, [100_000, 200_000]
    get(web, path)
    assert path.read_bytes() == DATA
    assert [asked[1] for asked in web.asked] == [None, "bytes=100000-", "bytes=300000-"]


def test_after_three_tries_that_bring_nothing_it_is_kept_for_the_next_call(web: Web, path: Path) -> None:
    web.files["/a"], web.cut["/a"] = DATA, [120_000, 0, 0]
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1: .* after 0\.1 MB, from where the next try goes on"):
        get(web, path)
    assert path.stat().st_size == 120_000
    get(web, path)
    assert path.read_bytes() == DATA
    assert web.asked[-1][1] == "bytes=120000-"


def test_tries_that_bring_much_are_not_counted(web: Web, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PROGRESS", 1_000)
    web.files["/a"], web.cut["/a"] = DATA, [50_000] * 8
    get(web, path)
    assert path.read_bytes() == DATA
    assert len(web.asked) == 9


def test_another_version_is_fetched_from_its_start(web: Web, path: Path) -> None:
    web.files["/a"], web.cut["/a"] = DATA, [120_000, 0, 0]
    with pytest.raises(UnavailableError):
        get(web, path)
    web.files["/a"] = DATA[::-1]
    get(web, path)
    assert path.read_bytes() == DATA[::-1]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_mark_of_the_version_nothing_is_resumed(web: Web, path: Path, tag: str) -> None:
    web.files["/a"], web.cut["/a"], web.headers["/a"] = DATA, [120_000], {"ETag": tag}
    get(web, path)
    assert path.read_bytes() == DATA
    assert [asked[1] for asked in web.asked] == [None, None]


def test_a_server_without_parts_sends_it_again(web: Web, path: Path) -> None:
    web.files["/a"], web.cut["/a"], web.whole = DATA, [120_000], {"/a"}
    get(web, path)
    assert path.read_bytes() == DATA


def test_a_file_that_is_whole_already_is_fetched_again(web: Web, path: Path) -> None:
    """416: there is nothing after the end, so what is there is not trusted."""
    web.files["/a"] = DATA
    get(web, path)
    get(web, path)
    assert path.read_bytes() == DATA


def test_a_server_that_is_busy_is_asked_again(web: Web, path: Path) -> None:
    web.files["/a"], web.status["/a"] = DATA, [503, 429]
    get(web, path)
    assert path.read_bytes() == DATA


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_final(web: Web, path: Path, status: int) -> None:
    web.files["/a"], web.status["/a"] = DATA, [status]
    with pytest.raises(UnavailableError, match=rf"127\.0\.0\.1 answers {status} "):
        get(web, path)
    assert len(web.asked) == 1
    assert not path.exists()


def test_a_host_that_is_not_there_is_one_line(path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"^no-such\.host: Name or service not known$"):
        download("https://no-such.host/a", path, limit=9, shows=nothing)
    with pytest.raises(UnavailableError, match=r"^127\.0\.0\.1: Connection refused$"):
        download("http://127.0.0.1:9/a", path, limit=9, shows=nothing)


def test_a_host_that_is_not_reached_is_not_asked_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def unreachable(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise urllib.error.URLError(TimeoutError())

    monkeypatch.setattr(transfer, "_open", unreachable)
    with pytest.raises(UnavailableError, match=r"^a\.host: no answer in 15 s$"):
        download("https://a.host/a", path, limit=9, shows=nothing)
    assert len(tries) == 1


def test_a_host_that_was_reached_is_asked_again(web: Web, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is cut in the middle, and comes back."""
    web.files["/a"], web.cut["/a"] = DATA, [100_000]
    real, tries = transfer._open, []

    def cut(*rest: Any) -> Any:
        tries.append(1)
        if len(tries) == 2:
            raise urllib.error.URLError(OSError(101, "Network is unreachable"))
        return real(*rest)

    monkeypatch.setattr(transfer, "_open", cut)
    get(web, path)
    assert path.read_bytes() == DATA
    assert len(tries) == 3


def test_a_host_that_says_nothing_is_given_up(web: Web, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(transfer, "_open", never)
    with pytest.raises(UnavailableError, match="no answer in 15 s"):
        get(web, path)


def test_more_than_fits_is_refused_before_and_while_it_comes(web: Web, path: Path) -> None:
    web.files["/a"] = DATA
    with pytest.raises(UnavailableError, match=r"would send 0\.5 MB; at most 1\.0 kB fit"):
        get(web, path, limit=1_000)
    assert not path.exists()
    web.headers["/a"] = {"Content-Length": ""}  # it does not say how much will come
    with pytest.raises(UnavailableError, match=r"sends more than 1\.0 kB"):
        get(web, path, limit=1_000)
    assert not path.exists()


def test_an_answer_in_another_encoding_is_refused(web: Web, path: Path) -> None:
    web.files["/a"], web.headers["/a"] = DATA, {"Content-Encoding": "gzip"}
    with pytest.raises(UnavailableError, match="another encoding"):
        get(web, path)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/a", "gopher://a"])
def test_it_is_led_to_http_only(web: Web, path: Path, target: str) -> None:
    web.redirect["/a"] = target
    with pytest.raises(UnavailableError):
        get(web, path)
    with pytest.raises(UnavailableError, match="is no http or https address"):
        download(target, path, limit=9, shows=nothing)
    assert not path.exists()


def test_a_password_is_sent_to_its_host_and_shown_to_nobody(web: Web, path: Path) -> None:
    web.files["/a"] = DATA
    with_password = web.url.replace("//", "//me:se%40cret@")
    download(f"{with_password}/a", path, limit=LIMIT, shows=nothing)
    assert web.asked[-1][2] == "Basic bWU6c2VAY3JldA=="  # me:se@cret
    web.redirect["/b"] = "/a"
    download(f"{with_password}/b", path.with_name("b"), limit=LIMIT, shows=nothing)
    assert web.asked[-1] == ("/a", None, None)
    with pytest.raises(UnavailableError) as refused:
        download(f"{with_password}/none", path, limit=LIMIT, shows=nothing)
    assert "cret" not in str(refused.value)
    assert host(f"{with_password}/none") == "127.0.0.1"


class Usage(NamedTuple):
    """What a disk has."""

    free: int


def test_a_disk_without_room_is_said_before(web: Web, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web.files["/a"] = DATA
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(LIMIT - 1))
    with pytest.raises(PalestraError, match=r"cannot write .*: No space left on device; free space on that disk$"):
        get(web, path)
    assert [*path.parent.iterdir()] == []


def test_a_disk_that_fills_is_not_left_full(web: Web, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web.files["/a"] = DATA
    real = Path.open

    def opened(self: Path, *rest: Any, **more: Any) -> Any:
        file = real(self, *rest, **more)
        return Full(file) if self == path else file

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(PalestraError, match="No space left on device"):
        get(web, path)
    assert [*path.parent.iterdir()] == []


class Full:
    """A file on a disk that is full after the first piece."""

    def __init__(self, file: Any):
        self.file, self.pieces = file, 0

    def __enter__(self) -> "Full":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def seek(self, place: int) -> None:
        self.file.seek(place)

    def flush(self) -> None:
        self.file.flush()

    def write(self, data: bytes) -> None:
        self.pieces += 1
        if self.pieces > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.file.write(data)


def test_a_page_and_where_it_was_found(web: Web) -> None:
    web.files["/simple/a/"], web.redirect["/a"] = b"<a>", "/simple/a/"
    assert fetch_page(f"{web.url}/a", limit=9, accept="text/html") == (f"{web.url}/simple/a/", b"<a>")
    with pytest.raises(UnavailableError, match="sends more than"):
        fetch_page(f"{web.url}/a", limit=2, accept="text/html")
    with pytest.raises(UnavailableError, match="answers 404"):
        fetch_page(f"{web.url}/none", limit=2, accept="text/html")
    with pytest.raises(UnavailableError, match="Connection refused"):
        fetch_page("http://127.0.0.1:9/", limit=2, accept="text/html")
