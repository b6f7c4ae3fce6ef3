"""Functions as files: of any number of samples, and without a pickle in them."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from palestra.errors import PalestraError, UsageError
from palestra.exports import programs
from palestra.exports.functions import Function
from palestra.exports.observations import Input
from palestra.exports.programs import check_onnx, traced, write_archive, write_onnx


class Doubled(nn.Module):
    """Twice the rows, and the place of the largest; its weights are no parameters, as those of many learners."""

    def __init__(self) -> None:
        super().__init__()
        self.held = [torch.full((3,), 2.0)]

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        out = inputs[0] * self.held[0]
        return out, out.argmax(1)


def function(module: nn.Module) -> Function:
    return Function(module, (Input("rows", "float32", (3,)),), ("value", "label"), lambda given: {})


def archive(tmp_path: Path) -> Path:
    program = traced(function(Doubled()), [torch.rand(5, 3)], "it")
    write_archive(program, tmp_path / "model.pt2", {"labels": ["a", "b", "c"]})
    return tmp_path / "model.pt2"


def test_an_archive_takes_any_number_of_samples_and_tells_what_it_is(tmp_path: Path) -> None:
    extra: dict[str, Any] = {"artefact.json": ""}
    module = torch.export.load(archive(tmp_path), extra_files=extra).module()
    for count in (1, 2, 5, 700):
        rows = torch.rand(count, 3)
        value, label = module(rows)
        assert torch.equal(value, 2 * rows)
        assert torch.equal(label, rows.argmax(1))
    assert json.loads(extra["artefact.json"]) == {"labels": ["a", "b", "c"]}


def test_no_archive_holds_a_pickle(tmp_path: Path) -> None:
    with zipfile.ZipFile(archive(tmp_path)) as files:
        held = {name: files.read(name) for name in files.namelist()}
    assert any("weight" in name or "constant" in name for name in held)
    assert [name for name, data in held.items() if data[:2] == b"\x80\x02" or data[:2] == b"PK"] == []
    assert all(b'"use_pickle": true' not in data for data in held.values())
    # With the inputs that it was traced with there would be one: the check above can fail.
    program = traced(function(Doubled()), [torch.rand(5, 3)], "it")
    torch.export.save(program, tmp_path / "with.pt2")
    with zipfile.ZipFile(tmp_path / "with.pt2") as files:
        assert any(files.read(name)[:2] == b"PK" for name in files.namelist())


class Branching(nn.Module):
    """Does something else for the first row's sake."""

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return (inputs[0] if float(inputs[0].sum()) > 0 else -inputs[0],)


def test_what_does_not_follow_its_tensors_is_told_in_one_line() -> None:
    with pytest.raises(PalestraError, match=r"it cannot become one file: torch.export says .*--to hub") as refusal:
        traced(function(Branching()), [torch.rand(5, 3)], "it")
    assert "\n" not in str(refusal.value)


def test_without_its_packages_the_line_that_installs_them_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "NEEDED", ("not_here_at_all",))
    with pytest.raises(UsageError, match=r"an ONNX file needs the \[export\] extra: .* -m pip install .*export\]"):
        check_onnx()


def test_an_onnx_file_holds_its_weights_and_says_what_it_is(tmp_path: Path) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    check_onnx()
    program = traced(function(Doubled()), [torch.rand(5, 3)], "it")
    write_onnx(program, function(Doubled()), tmp_path / "model.onnx", {"labels": ["a"]}, "it")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert json.loads({each.key: each.value for each in model.metadata_props}["palestra"]) == {"labels": ["a"]}
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    for count in (1, 700):
        rows = torch.rand(count, 3)
        value, label = session.run(["value", "label"], {"rows": rows.numpy()})
        assert torch.equal(torch.from_numpy(value), 2 * rows)
        assert torch.equal(torch.from_numpy(label), rows.argmax(1))
