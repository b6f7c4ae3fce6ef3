"""``palestra studio`` as a process: its first line, its end, and what it says when it cannot begin."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from command import started
from made_runs import make_run

from palestra.cli import studio
from palestra.cli.main import main
from palestra.web.serving import listen, port_of


@pytest.mark.parametrize("as_json", [False, True])
def test_the_address_is_the_first_line_and_ctrl_c_ends_it(tmp_path: Path, as_json: bool) -> None:
    make_run(tmp_path)
    argv = ["studio", "--runs", str(tmp_path), "--port", "0", "--no-open", *(["--json"] if as_json else [])]
    with started(argv) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = json.loads(line)["url"] if as_json else line.strip()
        base, token = url.split("/?token=")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{base}/api/runs", timeout=20)
        asked = urllib.request.Request(f"{base}/api/runs", headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert len(json.load(answer)["rows"]) == 1
        live = urllib.request.Request(f"{base}/api/live/runs", headers={"authorization": f"Bearer {token}"})
        with urllib.request.urlopen(live, timeout=20) as stream:
            assert stream.readline().startswith(b":")
            os.kill(process.pid, signal.SIGINT)  # while somebody listens
            rest, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (rest, said) == ("", "")


def test_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with listen() as taken:
        assert main(["studio", "--runs", str(tmp_path), "--port", str(port_of(taken))]) == 2
        assert "is taken by another program; expected a free port" in capsys.readouterr().err
        with studio._listen(None) as other:
            assert port_of(other) != port_of(taken)


def test_a_file_is_no_folder_of_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs").write_text("")
    assert main(["studio", "--runs", str(tmp_path / "runs")]) == 2
    assert "is a file; expected a folder of runs" in capsys.readouterr().err


def test_without_the_extra_the_install_line_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["studio", "--runs", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "the studio needs the [studio] extra: " in said
    assert "-m pip install" in said


def test_a_screen_is_where_a_window_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(studio.sys, "platform", "linux")
    assert not studio.has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert studio.has_screen()
