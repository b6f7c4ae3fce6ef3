"""Depots: objects are whole, a name is given once, and a folder that is not there is no empty one."""

import multiprocessing
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from palestra.runs.depot import Depot, DepotError, FolderDepot
from palestra.runs.objects import StoreDepot

FORK = multiprocessing.get_context("fork")


@pytest.fixture(params=["folder", "store"])
def depot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Depot]:
    made: Depot = FolderDepot(tmp_path / "depot")
    if request.param == "store":
        system = MemoryFileSystem(skip_instance_cache=True)
        made = StoreDepot("memory://depot", system, "/depot")
    made.make()
    yield made
    if request.param == "store":
        MemoryFileSystem.store.clear()
        MemoryFileSystem.pseudo_dirs[:] = [""]


def test_what_is_put_is_there(depot: Depot, tmp_path: Path) -> None:
    assert (depot.get("a/b"), depot.names("a")) == (None, [])
    depot.put("a/b", b"first")
    depot.put("a/b", b"second")
    depot.put("a/c/d", b"")
    (tmp_path / "sent").write_bytes(b"content")
    depot.put_file("a/file", tmp_path / "sent")
    assert depot.get("a/b") == b"second"
    assert depot.names("a") == ["a/b", "a/c/d", "a/file"]
    digest = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"  # of sha256sum
    assert depot.get_file("a/file", tmp_path / "came") == digest
    assert (tmp_path / "came").read_bytes() == b"content"
    assert depot.get_file("a/other", tmp_path / "no") is None
    depot.remove("a/b")
    depot.remove("a/b")  # harmless
    assert depot.names("a") == ["a/c/d", "a/file"]
    depot.remove_all("a")
    assert depot.names("a") == []


def test_a_name_is_given_once(depot: Depot) -> None:
    assert depot.create("a/b", b"first")
    assert not depot.create("a/b", b"second")
    assert depot.get("a/b") == b"first"


def test_a_file_that_has_gone_is_no_fault_of_the_depot(depot: Depot, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        depot.put_file("a/file", tmp_path / "gone")


def create_all(root: Path, names: list[str], begin: Any, won: Connection) -> None:
    depot = FolderDepot(root)
    begin.wait()
    won.send([name for name in names if depot.create(name, b"mine")])


def test_of_several_processes_at_once_one_has_the_name(tmp_path: Path) -> None:
    names, begin = [f"lease/{i:03d}" for i in range(100)], FORK.Barrier(3)
    FolderDepot(tmp_path / "depot").make()
    pipes = [FORK.Pipe(duplex=False) for _ in range(3)]
    processes = [
        FORK.Process(target=create_all, args=(tmp_path / "depot", names, begin, theirs)) for _, theirs in pipes
    ]
    for process in processes:
        process.start()
    won = [ours.recv() for ours, _ in pipes]
    for process in processes:
        process.join()
    assert sorted(name for each in won for name in each) == names


def test_what_is_being_written_is_not_listed_and_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    depot = FolderDepot(tmp_path)
    depot.put("a/b", b"first")

    def write_half() -> None:
        with depot._replacing("a/b") as file:
            file.write(b"half")
            assert depot.names("a") == ["a/b"]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert depot.get("a/b") == b"first"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_folder_that_is_not_there_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    depot = FolderDepot(tmp_path / "mount")
    for ask in (
        lambda: depot.get("a"),
        lambda: depot.create("a/b", b""),
        lambda: depot.put("a/b", b""),
        lambda: depot.names("a"),
        lambda: depot.get_file("a", tmp_path / "came"),
    ):
        with pytest.raises(DepotError, match=r"depot .*mount cannot be reached"):
            ask()
    assert not (tmp_path / "mount").exists()


def test_threads_of_one_process_do_not_share_what_is_being_written(tmp_path: Path) -> None:
    depot, seen = FolderDepot(tmp_path), set()

    def write(value: bytes) -> None:
        for _ in range(20):
            depot.put("a", value * 10_000)

    threads = [threading.Thread(target=write, args=(value,)) for value in (b"x", b"y")]
    depot.put("a", b"")
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.add(depot.get("a"))
    assert seen <= {b"", b"x" * 10_000, b"y" * 10_000}
