"""What the machine says of its memory, its processes and its devices; and what is taken where it says nothing."""

import os
from pathlib import Path

import pytest
import torch

from palestra.trials.machine import devices, free_memory, memory_of, ticks_of


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_least_of_machine_and_container_is_free(tmp_path: Path) -> None:
    proc = written(tmp_path / "proc", meminfo="MemTotal: 999 kB\nMemAvailable:    400 kB\n")
    assert free_memory(proc, tmp_path / "nothing") == 400 * 1024
    newer = {
        "memory_DOT_max": "300000\n",
        "memory_DOT_current": "200000\n",
        "memory_DOT_stat": "anon 5\ninactive_file 50000\n",
    }
    assert free_memory(proc, written(tmp_path / "v2", **newer)) == 150_000
    older = {"memory__memory_DOT_limit_in_bytes": "90000", "memory__memory_DOT_usage_in_bytes": "100000"}
    assert free_memory(proc, written(tmp_path / "v1", **older)) == 0  # more is used than is allowed
    unlimited = {**newer, "memory_DOT_max": "max\n"}
    assert free_memory(proc, written(tmp_path / "without", **unlimited)) == 400 * 1024
    assert free_memory(tmp_path / "nothing", tmp_path / "nothing") is None


def test_what_a_process_has_and_has_computed(tmp_path: Path) -> None:
    proc = written(tmp_path, **{"7__status": "Name:\tx\nVmHWM:\t  30 kB\nVmRSS:\t  20 kB\n"})
    assert memory_of(7, proc) == (20 * 1024, 30 * 1024)
    assert memory_of(8, proc) == (0, 0)
    stat = "7 (a name) with) " + " ".join(["S", *["0"] * 10, "41", "1", "0"])
    assert ticks_of(7, written(proc, **{"7__stat": stat})) == 42
    assert ticks_of(8, proc) == 0


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs Linux's /proc")
def test_of_this_process_it_is_something() -> None:
    now, most = memory_of(os.getpid())
    assert most >= now > 1 << 20
    before = ticks_of(os.getpid())
    while ticks_of(os.getpid()) == before:
        sum(range(100_000))


def test_devices_are_those_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices({}) == ["0", "1"]
    assert devices({"CUDA_VISIBLE_DEVICES": "3, 5"}) == ["3", "5"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert devices({"CUDA_VISIBLE_DEVICES": "3"}) == []
