"""The cache: where it is, what is in it whole, and who may write."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from palestra.datasets.hub.cache import Shelf, cache_root
from palestra.datasets.hub.content import Content, UnavailableError
from palestra.errors import PalestraError

DATA = b"0123456789"
CONTENT = Content("digits.txt", len(DATA), hashlib.sha256(DATA).hexdigest())


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PALESTRA_DATA", "~/mine")
    assert cache_root() == Path.home() / "mine"
    monkeypatch.delenv("PALESTRA_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_root() == tmp_path / "palestra" / "data"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # which the specification says to ignore
    assert cache_root() == Path.home() / ".cache" / "palestra" / "data"


def test_a_file_is_published_whole_or_not_at_all() -> None:
    shelf = Shelf("toy")
    assert shelf.read(CONTENT) is None
    with pytest.raises(UnavailableError):
        shelf.put(CONTENT, DATA[::-1])
    assert not shelf.folder.exists()
    shelf.put(CONTENT, DATA)
    assert shelf.read(CONTENT) == DATA
    assert shelf.holds(CONTENT)
    assert [path.name for path in shelf.folder.iterdir()] == ["digits.txt"]


def test_what_is_damaged_is_not_read() -> None:
    shelf = Shelf("toy")
    shelf.put(CONTENT, DATA)
    (shelf.folder / "digits.txt").write_bytes(b"0123456780")
    assert shelf.holds(CONTENT)
    assert shelf.read(CONTENT) is None
    (shelf.folder / "digits.txt").write_bytes(DATA * 2)
    assert not shelf.holds(CONTENT)
    assert shelf.read(CONTENT) is None


def test_a_link_out_and_a_pipe_are_not_read(tmp_path: Path) -> None:
    shelf, outside = Shelf("toy"), tmp_path / "outside"
    outside.write_bytes(DATA)
    shelf.folder.mkdir(parents=True)
    (shelf.folder / "digits.txt").symlink_to(outside)
    assert shelf.read(CONTENT) is None
    (shelf.folder / "digits.txt").unlink()
    os.mkfifo(shelf.folder / "digits.txt")
    assert shelf.read(CONTENT) is None


def test_where_it_came_from() -> None:
    shelf = Shelf("toy")
    assert shelf.origin == {}
    shelf.note_origin({"digits.txt": {"source": "a shop"}})
    assert shelf.origin == {"digits.txt": {"source": "a shop"}}
    (shelf.folder / "origin.json").write_text("{")
    assert shelf.origin == {}


def test_partial_downloads_have_a_place_each_and_go() -> None:
    shelf = Shelf("toy")
    one, other = shelf.partial("http://a/x"), shelf.partial("http://a/y")
    assert one != other
    one.write_bytes(b"half")
    shelf.forget_partials()
    assert not one.parent.exists()
    shelf.forget_partials()  # nothing is there


def test_one_at_a_time() -> None:
    shelf, seen, waited = Shelf("toy"), [], threading.Event()

    def second() -> None:
        with Shelf("toy").alone(waited.set):
            seen.append("second")

    with shelf.alone(lambda: pytest.fail("nobody else is there")):
        thread = threading.Thread(target=second)
        thread.start()
        assert waited.wait(10)
        time.sleep(0.05)
        seen.append("first")
    thread.join(10)
    assert seen == ["first", "second"]


def test_a_process_that_dies_gives_its_right_back() -> None:
    shelf = Shelf("toy")
    text = (
        "import os; from palestra.datasets.hub.cache import Shelf\n"
        "with Shelf('toy').alone(print):\n"
        "    print('has it', flush=True); input(); os._exit(9)"
    )
    command = [sys.executable, "-c", text]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "has it\n"
        waits: list[int] = []

        def waiting() -> None:
            waits.append(1)
            child.kill()

        with shelf.alone(waiting):
            assert waits == [1]


def test_leftovers_of_a_killed_writer_go() -> None:
    shelf = Shelf("toy")
    shelf.folder.mkdir(parents=True)
    (shelf.folder / ".digits.txt.tmp-1").write_bytes(b"half")
    with shelf.alone(print):
        assert [path.name for path in shelf.folder.iterdir()] == [".lock"]


def test_a_disk_that_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PALESTRA_DATA", str(tmp_path / "file"))
    with pytest.raises(PalestraError, match=r"cannot write .*: Not a directory; check the disk"):
        Shelf("toy").put(CONTENT, DATA)

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("PALESTRA_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(PalestraError, match=r"cannot write .*: No space left on device; free space on that disk"):
        Shelf("toy").put(CONTENT, DATA)
    assert [*(tmp_path / "cache" / "toy").iterdir()] == []
    monkeypatch.setattr(os, "fsync", _not_permitted)
    with pytest.raises(PalestraError, match="or choose another PALESTRA_DATA"):
        Shelf("toy").put(CONTENT, DATA)


def _not_permitted(descriptor: int) -> None:
    raise OSError(13, "Permission denied")
