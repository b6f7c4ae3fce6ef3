"""``palestra ablate``: what makes no sense is refused, and a stop says how to go on."""

from pathlib import Path
from typing import Any

import pytest

from palestra.cli import ablate as command
from palestra.cli.main import main
from palestra.trials import ablate, verify


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--seeds", "0"], "--seeds 0; expected at least 1"),
        (["--budget", "0"], "--budget 0; expected at least 1"),
        (["--jobs", "0"], "--jobs 0; expected at least 1"),
        (["--flags", "double, nosy"], "unknown flag 'nosy'; nearest: noisy"),
    ],
)
def test_what_makes_no_sense_is_refused(
    argv: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ablate", "cartpole/dqn", "--out", str(tmp_path), *argv]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_is_asked_for_is_trained_and_a_stop_is_128_and_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def stopped(recipe: Any, **words: Any) -> None:
        asked.append((recipe.id, words["flags"], words["settings"], words["seeds"], words["out"]))
        raise verify.Stopped(2)

    monkeypatch.setattr(ablate, "ablate", stopped)
    argv = ["ablate", "cartpole/dqn", "--flags", "double,noisy", "--set", "gamma=0.9", "--seeds", "3"]
    assert main([*argv, "--out", str(tmp_path)]) == 130
    assert asked == [("cartpole/dqn", ["double", "noisy"], {"gamma": "0.9"}, 3, tmp_path / "cartpole-dqn")]
    assert "4 variants of 3 seeds" in capsys.readouterr().out  # base, each alone, and both


def test_an_interval_that_there_is_not_is_a_dash() -> None:
    assert [command._spoken(None), command._spoken((1.0, 2.5))] == ["-", "1 to 2.5"]
