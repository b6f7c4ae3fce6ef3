"""Depots in object stores: what is asked of one, and which ones are refused."""

from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from palestra.errors import UsageError
from palestra.runs.objects import StoreDepot, open_depot


@pytest.mark.parametrize("url", ["memory://depot", "http://there/depot", "sftp://there/depot"])
def test_a_store_that_may_give_a_name_twice_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="both succeed; expected a folder that all machines have, or s3://"):
        open_depot(url)


def test_a_store_that_does_not_listen_is_found_out() -> None:
    class Deaf(MemoryFileSystem):  # type: ignore[misc]
        store: dict[str, Any] = {}  # noqa: RUF012 - as its parent has it
        pseudo_dirs = [""]  # noqa: RUF012

        def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
            super().pipe_file(path, value)

    with pytest.raises(UsageError, match="gave one name to two"):
        StoreDepot("s3://there", Deaf(skip_instance_cache=True), "/there").make()


def test_a_path_is_a_folder_wherever_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_depot("there").url == open_depot(f"file://{tmp_path}/there").url == f"{tmp_path}/there"
