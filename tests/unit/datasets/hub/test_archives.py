"""Members out of archives: found, or refused in one line, whatever somebody made of the archive."""

import gzip
import lzma
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import packed
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from outcomes import outcome

from palestra.datasets.hub import archives
from palestra.datasets.hub.archives import gunzip, read_members
from palestra.datasets.hub.content import UnavailableError

MEMBERS = {"data/a.bin": bytes(1_000), "data/b.txt": b"hello", "other": b"?"}
WANTED = {"data/a.bin": 1_000, "data/b.txt": 5}
KINDS = {"zip": packed.zipped, "tar": packed.tarred, "tgz": packed.tgz, "debian": packed.debian}
kinds = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
Makes = Callable[..., bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@kinds
def test_what_is_wanted_is_read(make: Makes, path: Path) -> None:
    path.write_bytes(make(MEMBERS))
    assert read_members(path, WANTED) == {name: MEMBERS[name] for name in WANTED}
    assert [each.name for each in path.parent.iterdir()] == ["archive"]


@kinds
def test_what_is_not_there(make: Makes, path: Path) -> None:
    path.write_bytes(make(MEMBERS))
    with pytest.raises(UnavailableError, match=r"^the archive lacks data/c, data/d$"):
        read_members(path, {"other": 1, "data/d": 1, "data/c": 1})


@kinds
@pytest.mark.parametrize("name", ["../out", "/etc/out", "data/../../out", "..\\out", "C:\\out"])
def test_a_name_that_leads_out_is_refused(make: Makes, path: Path, name: str) -> None:
    path.write_bytes(make({name: b"!", **MEMBERS}))
    if make is packed.debian:
        name = f"./{name}"  # as all names in a package
    with pytest.raises(UnavailableError, match="leads out of it; nothing of it is taken"):
        read_members(path, WANTED)


@kinds
def test_a_link_in_the_place_of_a_file_is_refused(make: Makes, path: Path) -> None:
    path.write_bytes(make({"other": b"?"}, {"data/b.txt": "/etc/hostname"}))
    with pytest.raises(
        UnavailableError, match=r"data/b\.txt is a link or a device in the archive; expected a plain file"
    ):
        read_members(path, {"data/b.txt": 100})


@kinds
def test_a_member_that_unpacks_to_more_is_refused(make: Makes, path: Path) -> None:
    path.write_bytes(make({**MEMBERS, "data/b.txt": bytes(10_000_000)}))
    with pytest.raises(UnavailableError, match=r"data/b\.txt unpacks to 10\.0 MB; expected at most 0\.0 kB"):
        read_members(path, WANTED)


def test_a_zip_that_lies_about_a_size_is_refused(path: Path) -> None:
    path.write_bytes(packed.zipped({"data/b.txt": bytes(1_000_000)}))
    size = (1_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (5).to_bytes(4, "little")))
    with pytest.raises(UnavailableError):
        read_members(path, {"data/b.txt": 5})


@pytest.mark.parametrize("make", [packed.tgz, packed.debian])
def test_an_archive_that_holds_endlessly_more_is_refused(
    make: Makes, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_SLACK", 1 << 20)
    path.write_bytes(make({"bomb": bytes(20 << 20), **MEMBERS}))
    with pytest.raises(UnavailableError, match=r"the archive holds more than 1\.0 MB"):
        read_members(path, WANTED)


def test_a_compression_that_is_not_bounded_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", bytes(9))
    with pytest.raises(UnavailableError, match="compressed in a way that is not read"):
        read_members(path, {"a": 9})


def test_too_many_members_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_MANY", 3)
    path.write_bytes(packed.zipped({str(i): b"" for i in range(4)}))
    with pytest.raises(UnavailableError, match="more than 3 members"):
        read_members(path, {"0": 1})


def test_gzip_to_a_limit() -> None:
    assert gunzip(gzip.compress(b"12345"), 5) == b"12345"
    with pytest.raises(UnavailableError, match="holds more than"):
        gunzip(gzip.compress(b"123456"), 5)
    with pytest.raises(UnavailableError, match="is broken"):
        gunzip(gzip.compress(b"12345")[:-3], 5)
    with pytest.raises(UnavailableError, match="is broken"):
        gunzip(lzma.compress(b"12345"), 5)


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\5\6" + bytes(18), b"!<arch>\n", b"!<arch>\n" + b"x" * 60, b"\x1f\x8b"]
)
def test_what_is_no_archive(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    with pytest.raises(UnavailableError, match=r"^the archive"):
        read_members(path, WANTED)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, 2_000), changes=st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=6))
@example(cut=0, changes=[])
def test_damage_is_harmless(kind: str, cut: int, changes: list[tuple[int, int]]) -> None:
    """Whatever bytes are lost or changed: what was wanted comes out, never more of it than allowed, or one error."""
    data = bytearray(KINDS[kind](MEMBERS))
    for place, value in changes:
        data[place % len(data)] = value
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data[: len(data) - cut] if cut < len(data) else b"")
        found, _ = outcome(lambda: read_members(Path(file.name), WANTED))
        if found is not None:
            assert found.keys() == WANTED.keys()
            assert all(len(found[name]) <= limit for name, limit in WANTED.items())
