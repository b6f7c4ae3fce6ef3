"""A folder is there whole or not at all."""

from pathlib import Path

import pytest

from palestra.errors import UsageError
from palestra.exports.publishing import Exported, check_free, publishing


def test_it_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "it"
    with publishing(folder) as hidden:
        (hidden / "inside").mkdir()
        (hidden / "inside" / "a").write_text("x")
        assert not folder.exists()
    assert (folder / "inside" / "a").read_text() == "x"
    assert [path.name for path in folder.parent.iterdir()] == ["it"]
    assert Exported(folder, "onnx", folder / "inside" / "a", "ppo", 1, {}).file.is_file()


def test_nothing_is_left_of_one_that_fails(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()

    def failing() -> None:
        with publishing(tmp_path / "it") as hidden:
            (hidden / "a").write_text("x")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        failing()
    assert [path.name for path in tmp_path.iterdir()] == ["it"]
    assert list((tmp_path / "it").iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    check_free(tmp_path / "it")
    (tmp_path / "it" / "mine").write_text("x")
    for taken in (tmp_path / "it", tmp_path / "it" / "mine"):
        with pytest.raises(UsageError, match="which is there already; expected a folder that is new, or empty"):
            check_free(taken)
        with pytest.raises(UsageError, match="there already"), publishing(taken):
            raise AssertionError
