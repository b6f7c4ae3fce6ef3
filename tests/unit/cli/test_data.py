"""``palestra data``: what there is, fetched, verified and shown."""

import hashlib
import json
from pathlib import Path

import packed
import pytest
from PIL import Image

from palestra.cli import data as command
from palestra.cli.main import main
from palestra.datasets import dataset, idx_set
from palestra.datasets.card import Card
from palestra.datasets.hub.content import Content
from palestra.datasets.hub.ladder import Resource
from palestra.datasets.hub.sources import Folder, NpmPackage

Captured = pytest.CaptureFixture[str]
FILE = b"a file of a data set"


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set ``toy/file`` that lies in a folder, and an empty cache."""
    assert command.command
    for name in ("SOURCES", "CARDS", "NAMES"):
        monkeypatch.setattr(dataset, name, dict(getattr(dataset, name)))
    monkeypatch.setenv("PALESTRA_DATA", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a").write_bytes(FILE)
    content = Content("a", len(FILE), hashlib.sha256(FILE).hexdigest())
    sources = (Folder(str(tmp_path / "source"), {"a": "a"}), NpmPackage("toy", "1.0", {"a": "package/a"}, 9))
    resource = Resource("toy/file", (content,), sources)
    dataset.register("toy/file", lambda: {}, Card("Toy", "a toy; which?", "table", "none", "here", 7, resource))
    return tmp_path


def told(capsys: Captured) -> dict[str, object]:
    value: dict[str, object] = json.loads(capsys.readouterr().out)
    return value


def test_the_list(capsys: Captured, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["data", "--json"]) == 0
    listed = told(capsys)
    assert listed["cache"] == str(toy / "cache")
    facts = {each["name"]: each for each in listed["datasets"]}  # type: ignore[attr-defined]
    assert facts["toy/file"]["sources"] == [str(toy / "source"), "npm toy 1.0"]
    assert facts["toy/file"]["cached"] is False
    assert facts["mnist"]["stand_in"] is True
    assert facts["mnist"]["sha256"]["train-images-idx3-ubyte"].startswith("ba891046")
    for columns in ("120", "60"):
        monkeypatch.setenv("COLUMNS", columns)
        assert main(["data", "ls"]) == 0
        said = capsys.readouterr().out
        assert "a handwritten digit of 28 x 28 pixels; which one?" in " ".join(said.split())
        assert "palestra data get NAME" in said


def test_get_and_verify(capsys: Captured, toy: Path) -> None:
    assert main(["data", "get", "toy/file"]) == 0
    said = capsys.readouterr()
    folder = toy / "cache" / "toy" / "file"
    assert said.out == f"toy/file: 1 files, 20 bytes in {folder}\n"
    assert said.err == f"toy/file: from {toy / 'source'}, nothing fetched, 0.0 kB with the right SHA-256\n"
    assert main(["data", "get", "toy/file", "--json"]) == 0
    (got,) = told(capsys)["datasets"]  # type: ignore[misc]
    assert got["files"]["a"]["source"] == str(toy / "source")
    assert main(["data", "verify"]) == 0
    assert capsys.readouterr().out == "toy/file: 20 bytes, every SHA-256 as published\n"
    (folder / "a").write_bytes(FILE[::-1])
    assert main(["data", "verify", "toy/file"]) == 1
    assert capsys.readouterr().out == "toy/file: a has another SHA-256; palestra data get toy/file\n"
    assert main(["data", "verify", "--json"]) == 1
    assert told(capsys)["ok"] is False
    assert main(["data", "get", "toy/file"]) == 0
    assert "in the cache is damaged, and fetched again" in capsys.readouterr().err
    assert main(["data", "verify", "toy/file"]) == 0


def test_an_empty_cache_is_said(capsys: Captured) -> None:
    assert main(["data", "verify"]) == 0
    assert capsys.readouterr().out == "nothing is in the cache; palestra data get NAME fetches a data set\n"


def test_from_a_file(capsys: Captured, toy: Path) -> None:
    (toy / "toy.tgz").write_bytes(packed.tgz({"package/a": FILE}))
    assert main(["data", "get", "toy/file", "--from", "toy.tgz"]) == 0
    assert "from toy.tgz" in capsys.readouterr().err
    (toy / "cache" / "toy" / "file" / "a").unlink()
    assert main(["data", "get", "toy/file", "--from", str(toy), "--json"]) == 1
    assert "cannot take toy/file from" in str(told(capsys)["error"])


@pytest.mark.parametrize(("argv", "why"), [
    (["get"], "nothing to get; expected data sets"),
    (["get", "toy/fil"], "unknown data set 'toy/fil'; nearest: toy/file"),
    (["get", "toy/file", "mnist", "--from", "a"], "--from with 2 data sets; expected one"),
    (["verify", "nothing"], "unknown data set 'nothing'"),
    (["show", "nothing"], "unknown data set 'nothing'"),
    (["show", "mnist", "--set", "validation"], "--set validation; expected KEY=VALUE"),
    (["show", "mnist", "--set", "colour=1"], "got an unexpected keyword argument 'colour'"),
    (["fetch"], "see palestra data --help"),
])  # fmt: skip
def test_bad_usage_is_one_line(argv: list[str], why: str, capsys: Captured) -> None:
    assert main(["data", *argv]) == 2
    said = capsys.readouterr()
    assert why in said.err
    assert said.err.count("\n") == 1
    assert main(["data", *argv, "--json"]) == 2
    assert why in str(told(capsys)["error"])


def test_show_draws(capsys: Captured, toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx_set, "SIZES", (60, 20))
    made = ["data", "show", "mnist", "--set", "stand_in=true", "--set", "validation=10"]
    assert main(made) == 0
    said = capsys.readouterr().out
    assert "licence     CC BY-SA 3.0" in said
    assert "validation  10 rows of 28 x 28, uint8" in said
    with Image.open("mnist.png") as image:
        assert image.width == 1600
    assert main([*made, "--out", "pics/a.png", "--json"]) == 0
    shown = told(capsys)
    assert shown["splits"]["test"] == {"rows": 20, "inputs": [28, 28], "dtype": "uint8"}  # type: ignore[index]
    assert shown["classes"] == [*"0123456789"]
    assert Path("pics/a.png").is_file()


def test_show_of_ones_own(capsys: Captured, toy: Path) -> None:
    Path("mine.csv").write_text("x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(20)))
    assert main(["data", "show", "mine.csv", "--set", "target=y"]) == 0
    said = capsys.readouterr().out
    assert "classes     a, b" in said
    assert Path("mine.csv.png").is_file()
    assert main(["data", "show", "mine.csv"]) == 0
    assert "classes" not in capsys.readouterr().out
