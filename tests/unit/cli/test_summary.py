"""What is said at the end of a training: how it ended, what it is worth, and what to do next."""

from dataclasses import replace
from pathlib import Path

import pytest

from palestra.cli.summary import print_summary
from palestra.envs import modules
from palestra.trials.train import Outcome

MEASURED = {"eval/return_mean": 12.5}
DONE = Outcome(
    "r1", "runs/r1", "finished", 2000, 4.0, MEASURED, None, "eval/return_mean", "env steps", "world", [], None
)
CLAIM = {
    "metric": "eval/return_mean",
    "value": 12.5,
    "count": 7,
    "threshold": 20.0,
    "source": "a book",
    "reached": False,
}


def said(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_summary(outcome, stderr=False)
    return capsys.readouterr().out.splitlines()[1:]


def test_what_is_finished_says_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(DONE, capsys) == [
        "finished  r1",
        "steps    2,000 in 4 s (500 steps/s)",
        "result   eval/return_mean 12.5",
        "run      runs/r1",
        "next     palestra play r1",
        "         palestra eval r1",
    ]
    assert said(replace(DONE, path="else where/r1"), capsys)[-1] == "         palestra eval 'else where/r1'"
    assert said(replace(DONE, video=Path("it.mp4")), capsys)[-2:] == ["video    it.mp4", "next     palestra eval r1"]


def test_a_module_that_was_named_is_named_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modules, "_typed", ["mine", "yours.too"])
    assert said(DONE, capsys)[-1] == "         palestra eval r1 --import mine --import yours.too"


def test_a_claim_is_told_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    text = "eval/return_mean 12.5 over 7 episodes; promised 20 (a book)"
    assert f"claim    NOT reached: {text}" in said(replace(DONE, claim=CLAIM), capsys)
    assert f"claim    reached: {text}" in said(replace(DONE, claim={**CLAIM, "reached": True}), capsys)


def test_episodes_that_were_cut_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    cut = replace(DONE, metrics={**MEASURED, "eval/cut": 3.0}, claim={**CLAIM, "cut": 2})
    lines = said(cut, capsys)
    assert "result   eval/return_mean 12.5  (3 episodes cut)" in lines
    assert "claim    NOT reached: eval/return_mean 12.5 over 7 episodes; promised 20 (a book); 2 episodes cut" in lines


def test_what_was_interrupted_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(replace(DONE, ending="interrupted", notes=["not exact"]), capsys)
    assert lines[0] == "interrupted and saved  r1"
    assert "note     not exact" in lines
    assert lines[-1] == "resume   palestra train --resume r1"
