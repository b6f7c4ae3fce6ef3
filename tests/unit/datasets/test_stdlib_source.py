"""The standard library as data: which files, in which order and split, and what a run notes of them."""

import hashlib
import platform
from pathlib import Path

import pytest
import torch

import palestra
from palestra.datasets import stdlib_source
from palestra.datasets.dataset import Dataset
from palestra.datasets.stdlib_source import digest, files, folder, load, part
from palestra.errors import UsageError
from palestra.runs.store import Run


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of four files, and around them what is none of it."""
    for name in (
        "ast.py", "json/decoder.py", "json/tests/test_it.py", "test/support.py", "site-packages/numpy.py", "string.py",
        "_sysconfigdata_here.py", "heapq.py", "ast.txt",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"# {name}\n".encode() * 5)
    monkeypatch.setattr(stdlib_source, "folder", lambda: tmp_path)
    return tmp_path


def test_the_library_and_nothing_else_in_one_order(small: Path) -> None:
    assert files(small) == ("ast.py", "heapq.py", "json/decoder.py", "string.py")
    whole = b"".join(f"{name}\n".encode() + (small / name).read_bytes() for name in files(small))
    assert digest(small) == hashlib.sha256(whole).hexdigest()
    about = f"Python {platform.python_version()}, 4 modules, {5 * (9 + 11 + 18 + 12)} bytes"
    origin = {"files": {"the standard library": {"sha256": digest(small), "source": about}}}
    assert Dataset("stdlib-source", {"context": 8}).origin() == origin
    with pytest.raises(UsageError, match="no standard library in"):
        files(small / "json" / "tests")


def test_windows_are_the_text_and_targets_what_comes_next(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = {"heapq.py": "validation", "string.py": "test"}
    monkeypatch.setattr(stdlib_source, "part", lambda name: where.get(name, "train"))
    splits, text = load(context=7), (small / "ast.py").read_bytes() + (small / "json/decoder.py").read_bytes()
    train = splits["train"]
    assert train.targets is not None
    assert train.inputs.dtype == train.targets.dtype == torch.uint8
    assert bytes(train.inputs.flatten().tolist()) == text[: 7 * ((len(text) - 1) // 7)]
    assert bytes(train.targets.flatten().tolist()) == text[1 : 1 + 7 * ((len(text) - 1) // 7)]
    held = splits["validation"].inputs.flatten().tolist()
    assert (small / "heapq.py").read_bytes().startswith(bytes(held))
    spread = [0, 8, 16, 25, 33, 42, 50]  # of the 59 windows of a byte, one in every seventh
    assert torch.equal(load(context=1, held_out=7)["test"].inputs, load(1, 0)["test"].inputs[spread])
    with pytest.raises(UsageError, match="held_out=-1; expected 0 or more windows"):
        load(held_out=-1)
    for context, why in ((0, "1 byte or more"), (55, "fewer than the 55 bytes")):
        with pytest.raises(UsageError, match=f"context={context}; expected {why}"):
            load(context)


def test_the_real_one_is_large_and_its_splits_are_as_large_as_meant() -> None:
    names = files(folder())
    assert {"ast.py", "json/decoder.py", "string.py"} <= set(names)
    assert not [name for name in names if "site-packages" in name or "/test/" in name]
    sizes = {name: split.inputs.numel() for name, split in load(held_out=0).items()}
    whole = sum(sizes.values())
    assert whole > 5_000_000
    assert sizes["train"] > 0.8 * whole
    assert min(sizes["validation"], sizes["test"]) > 0.02 * whole
    assert part("ast.py") == part("ast.py")


def test_bytes_are_characters() -> None:
    assert Dataset("stdlib-source").token_names()[ord("d")] == "d"
    assert len(Dataset("stdlib-source").class_names()) == 256


def test_a_run_on_it_is_read_again(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the manifest notes of the library is what a reader of manifests expects."""
    where = {"heapq.py": "validation", "string.py": "test"}
    monkeypatch.setattr(stdlib_source, "part", lambda name: where.get(name, "train"))
    settings = {"dataset.kwargs.context": 8, "dataset.kwargs.held_out": 2, "width": 8, "blocks": 1, "heads": 1}
    outcome = palestra.train("stdlib-source/gpt", settings, budget=16, eval_every=0, out=tmp_path / "runs")
    read = Run.open(Path(outcome.path), tmp_path / "runs")
    assert read.manifest["data"]["files"]["the standard library"]["sha256"] == digest(small)
