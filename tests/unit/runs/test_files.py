"""Files of a run: opened if they are regular, of a size that can be, and inside; refused at once if not."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.runs.files import MAX_DEPTH, UnreadableError, check_file, parse_json, read_bytes, read_json, short


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


INSTEAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "is a named pipe; expected a regular file"),
    "a folder": (Path.mkdir, "is a folder; expected a regular file"),
    "a socket": (bound_socket, "cannot be opened: No such device or address"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "leads out of "),
    "a link out": (lambda path: path.symlink_to(path.parents[1] / "secret"), "leads out of "),
    "a link to itself": (lambda path: path.symlink_to(path), "cannot be opened: "),
    "nothing": (lambda path: None, "cannot be opened: No such file or directory"),
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(b"{}")
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.mark.parametrize("name", INSTEAD)
def test_what_is_no_file_of_the_run_is_refused_at_once(run: Path, name: str) -> None:
    make, said = INSTEAD[name]
    make(run / "x.json")
    for reading in (lambda: read_json(run / "x.json", run), lambda: check_file(run / "x.json", run)):
        with pytest.raises(UnreadableError) as refusal:
            reading()
        assert str(refusal.value).startswith(f"cannot read {run}: x.json {refusal.value.why}")
        assert said in refusal.value.why
    assert isinstance(refusal.value, UsageError)


def test_links_inside_are_followed_and_a_run_may_itself_be_linked(run: Path) -> None:
    (run / "real.json").write_bytes(b'{"a": 1}')
    (run / "x.json").symlink_to("real.json")
    (run.parent / "link").symlink_to(run)
    for folder in (run, run.parent / "link"):
        assert read_json(folder / "x.json", folder) == {"a": 1}


def test_a_size_beyond_the_limit_is_not_read(run: Path) -> None:
    (run / "x").write_bytes(b"12345")
    assert read_bytes(run / "x", run, 5) == b"12345"
    with pytest.raises(UnreadableError, match="x has 5 bytes; expected at most 4"):
        read_bytes(run / "x", run, 4)
    with (run / "giant").open("wb") as file:
        file.truncate(1 << 40)  # takes no room
    with pytest.raises(UnreadableError, match="giant has 1,099,511,627,776 bytes; expected at most 16,777,216"):
        read_json(run / "giant", run)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("\xff", "is not JSON"),
        ("[]", "holds a list; expected a JSON object"),
        ("9" * 5000, "is not JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 64 levels"),
        ('{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "nested deeper than 64 levels"),
    ],
)
def test_what_is_no_json_object_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_json(text.encode("latin1"))


def test_nesting_up_to_the_limit_is_read() -> None:
    depth = MAX_DEPTH - 1
    assert list(parse_json(b'{"a":' + b"[" * depth + b"]" * depth + b"}")) == ["a"]
    assert len(short("x" * 1000)) < 50
