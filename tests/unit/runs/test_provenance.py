"""What a run was made with and on."""

import importlib.metadata
import os
import platform
from pathlib import Path

import pytest
import torch

from palestra.runs import provenance
from palestra.runs.provenance import cores, installed_packages, machine_facts, processor


def test_every_installed_package_stands_there_once_with_its_version() -> None:
    lines = installed_packages().splitlines()
    assert f"torch=={importlib.metadata.version('torch')}" in lines
    assert lines == sorted(set(lines), key=str.lower)


def test_a_manifest_says_versions_machine_and_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no repository, and so no commit
    monkeypatch.setattr(provenance, "_PACKAGES", ("torch", "no-such-package"))
    facts = machine_facts()
    torch_version = importlib.metadata.version("torch")
    assert facts["versions"] == {
        "python": platform.python_version(), "torch": torch_version, "no-such-package": None,
    }  # fmt: skip
    assert (facts["git_commit"], facts["threads"]) == (None, torch.get_num_threads())
    assert facts["processor"] == processor()
    assert processor().endswith(f"({torch.backends.cpu.get_cpu_capability()})")


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system ties no process to processors")
def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    assert cores() == 2
