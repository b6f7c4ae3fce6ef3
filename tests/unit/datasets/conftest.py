"""Every test of data sets has a cache of its own, and reaches this machine only."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web import Web, serving

from palestra.datasets.hub import transfer


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty cache of a test."""
    root = tmp_path / "cache"
    monkeypatch.setenv("PALESTRA_DATA", str(root))
    monkeypatch.setattr(transfer, "PAUSE", 0.0)
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    find = socket.getaddrinfo

    def here_only(host: Any, *rest: Any, **more: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return find(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here_only)
    return root


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server of this machine."""
    with serving() as server:
        yield server
