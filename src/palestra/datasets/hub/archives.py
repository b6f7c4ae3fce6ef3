"""Single members out of archives, each as bytes in memory: nothing is ever unpacked to a path that an archive names.

What comes is not trusted. An archive with a name that leads out of it, a link in the place of a wanted file, or more
inside than there should be is refused whole; whatever else is wrong with one is an error of one line.
"""

import gzip
import io
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from palestra.datasets.hub.content import UnavailableError, megabytes

_BROKEN = (
    OSError, EOFError, ValueError, LookupError, RuntimeError, OverflowError, AssertionError, NotImplementedError,
    struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
)  # fmt: skip
"""All that the standard library raises for archives which are none."""
_MANY = 100_000
"""Members that no archive of data has."""
_AR_HEADER = 60
_AR_MAGIC = b"!<arch>\n"
_SLACK = 64 << 20
"""Bytes that an archive may hold beside what is wanted of it."""


def read_members(archive: Path, limits: Mapping[str, int]) -> dict[str, bytes]:
    """Members of a zip (``.whl``), a tar (``.tar``, ``.tgz``, ``.tar.gz``, ``.tar.xz``) or a Debian package.

    Args:
        archive: whose kind its first bytes say.
        limits: name to the most bytes that the member may have.

    Raises UnavailableError if one is not there, is no plain file or is larger, or if the archive is broken or hostile.
    """
    with _clear_errors():
        with archive.open("rb") as file:
            found = _read(file, limits)
        missing = sorted(limits.keys() - found.keys())
        if missing:
            raise UnavailableError(f"the archive lacks {', '.join(missing[:3])}")
        return found


def gunzip(data: bytes, limit: int) -> bytes:
    """What gzipped bytes hold, at most so much. UnavailableError for more, and for what is broken."""
    with _clear_errors(), gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        out = file.read(limit + 1)
        if len(out) > limit:
            raise UnavailableError(f"a compressed file holds more than {megabytes(limit)}")
        return out


def _read(file: BinaryIO, limits: Mapping[str, int]) -> dict[str, bytes]:
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(b"PK"):
        return _read_zip(file, limits)
    if magic == _AR_MAGIC:
        return _read_debian(file, limits)
    return _read_tar(_decompressed(file, magic), limits)


def _read_zip(file: BinaryIO, limits: Mapping[str, int]) -> dict[str, bytes]:
    found = {}
    with zipfile.ZipFile(file) as archive:
        for count, info in enumerate(archive.infolist()):
            _check_name(info.filename, count)
            if info.filename not in limits:
                continue
            mode = info.external_attr >> 16
            _check_member(info.filename, stat.S_IFMT(mode) in (0, stat.S_IFREG), info.file_size, limits)
            # Others are unpacked at once, however much comes out.
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
                raise UnavailableError(f"{info.filename} is compressed in a way that is not read, or encrypted")
            with archive.open(info) as member:
                found[info.filename] = _read_at_most(member, info.filename, limits)
    return found


def _read_tar(file: "_Reads", limits: Mapping[str, int]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    stream = _Bounded(file, sum(limits.values()) + _SLACK)
    # As a stream: it is never sought in, which a hostile archive could make endless.
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
        for count, info in enumerate(archive):
            name = info.name.removeprefix("./")
            _check_name(name, count)
            if name not in limits:
                continue
            _check_member(name, info.isreg(), info.size, limits)
            member = archive.extractfile(info)
            assert member is not None
            found[name] = _read_at_most(member, name, limits)
    return found


def _read_debian(file: BinaryIO, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The tar called ``data`` in a package (deb(5)), an ``ar`` archive."""
    file.seek(len(_AR_MAGIC))
    while header := file.read(_AR_HEADER):
        digits = header[48:58].rstrip()
        if len(header) < _AR_HEADER or header[58:] != b"`\n" or not digits.isdigit():
            raise ValueError("a broken ar header")
        size = int(digits)
        if header.startswith(b"data.tar"):
            start = file.tell()
            magic = file.read(8)
            file.seek(start)
            return _read_tar(_decompressed(file, magic), limits)
        file.seek(size + size % 2, io.SEEK_CUR)
    raise ValueError("a Debian package without data")


class _Reads(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Bounded:
    """A stream that ends in an error where it should long have ended."""

    def __init__(self, file: _Reads, limit: int):
        self._file, self._limit, self._left = file, limit, limit

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UnavailableError(f"the archive holds more than {megabytes(self._limit)}")
        return data


def _decompressed(file: BinaryIO, magic: bytes) -> _Reads:
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if magic.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile(file)
    return file


def _read_at_most(member: _Reads, name: str, limits: Mapping[str, int]) -> bytes:
    data = member.read(limits[name] + 1)
    _check_member(name, True, len(data), limits)
    return data


def _check_member(name: str, regular: bool, size: int, limits: Mapping[str, int]) -> None:
    if not regular:
        raise UnavailableError(f"{name} is a link or a device in the archive; expected a plain file")
    if size > limits[name]:
        raise UnavailableError(f"{name} unpacks to {megabytes(size)}; expected at most {megabytes(limits[name])}")


def _check_name(name: str, count: int) -> None:
    if count >= _MANY:
        raise UnavailableError(f"the archive has more than {_MANY:,} members")
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":") or "\0" in name:
        raise UnavailableError(f"the archive has a member {name[:80]!r} that leads out of it; nothing of it is taken")


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except UnavailableError:
        raise
    except _BROKEN as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise UnavailableError(f"the archive is broken ({said})") from error
