"""``palestra serve``: the first line is the address, and behind it stands the run."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from asgi import Answer, ask

from palestra.cli.main import main
from palestra.cli.serve import Args
from palestra.web import serving

QUESTION = {"observations": [0.0, 0.0, 0.1, 0.0]}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, int]]:
    """The applications that were to be served, with their ports; none of them waits for a Ctrl-C."""
    found: list[tuple[Any, int]] = []
    monkeypatch.setattr(serving, "serve", lambda app, made: found.append((app, serving.port_of(made))))
    return found


def asked(app: Any, port: int, token: str, body: Any) -> Answer:
    headers = {"authorization": f"Bearer {token}"}
    return ask(app, "/predict", "POST", headers, json_body=body, host=f"127.0.0.1:{port}")


def test_programs_get_one_object(quick_run: Path, served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(quick_run), "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    ((app, port),) = served
    assert about["url"] == f"http://127.0.0.1:{port}/?token={about['token']}"
    assert about["predict"] == f"http://127.0.0.1:{port}/predict"
    assert (about["run"], about["learner"], about["asks_for"]) == (quick_run.name, "ppo", "observations")
    assert asked(app, port, about["token"], QUESTION).json()["actions"] in (0, 1)
    assert asked(app, port, "another", QUESTION).status == 401


def test_people_get_the_address_first(quick_run: Path, served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(quick_run), "--which", "last"]) == 0
    address, how = capsys.readouterr().out.splitlines()
    ((_, port),) = served
    start, token = address.split("?token=")
    assert start == f"http://127.0.0.1:{port}/"
    assert how == f'POST /predict {{"observations": ...}} with Authorization: Bearer {token}'
    assert Args("run").port == 0


def test_a_port_that_is_taken_is_told_before_anything_is_loaded(
    quick_run: Path, served: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", str(quick_run), "--port", str(taken.getsockname()[1])]) == 2
    assert "is taken by another program" in capsys.readouterr().err
    assert served == []


def test_what_predicts_nothing_is_refused(tmp_path: Path, served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import palestra

    saved = palestra.Thompson("bandit/bernoulli").save(tmp_path / "saved")
    assert main(["serve", str(saved)]) == 2
    assert "thompson, which predicts nothing" in capsys.readouterr().err


def test_answers_do_not_wait_for_the_clients_word() -> None:
    """Asyncio turns off Nagle's algorithm for sockets that are of TCP by name; with it an answer takes 40 ms more."""
    with serving.listen() as made:
        assert made.proto == socket.IPPROTO_TCP
