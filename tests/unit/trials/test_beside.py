"""The ranks beside the first: with threads in the place of processes, they come to what rank 0 comes to."""

from pathlib import Path
from typing import Any

from quick import QUICK
from same_state import differing

from palestra.runs import checkpoints
from palestra.runs.series import read_rows
from palestra.trials.beside import resume_beside, train_beside
from palestra.trials.train import resume, train
from together import Threads, side_by_side

ASKED: dict[str, Any] = {"devices": 2, "eval_every": 128, "tensorboard": False, "log_every": 64}


def begun(out: Path, budget: int, **words: Any) -> str:
    def work(ranks: Threads) -> tuple[str, int, Any]:
        asked = {**ASKED, "budget": budget}
        if ranks.rank:
            result = train_beside(ranks, QUICK, asked, out=out, **words)
            return result.ending, result.steps, result.best_score
        outcome = train(QUICK, asked, out=out, ranks=ranks, claim=False, **words)
        paths.append(outcome.path)
        return outcome.ending, outcome.steps, outcome.metrics["eval/return_mean"]

    paths: list[str] = []
    first, second = side_by_side(2, work)
    assert first[:2] == second[:2] == ("finished", budget)
    return paths[0]


def gone_on_with(path: str, budget: int) -> list[str]:
    def work(ranks: Threads) -> Any:
        if ranks.rank:
            return resume_beside(ranks, path, {}, total_timesteps=budget)
        return resume(path, total_timesteps=budget, ranks=ranks)

    outcome, result = side_by_side(2, work)
    assert (outcome.steps, outcome.ending) == (result.steps, result.ending) == (budget, "finished")
    return list(outcome.notes)


def test_what_two_have_begun_two_go_on_with_to_the_bit(tmp_path: Path) -> None:
    parts = begun(tmp_path / "parts", 256)
    assert gone_on_with(parts, 512) == []
    whole = begun(tmp_path / "whole", 512)
    assert read_rows(Path(parts) / "metrics.db") == read_rows(Path(whole) / "metrics.db")
    known, found = (checkpoints.load_latest(Path(path) / "checkpoints").state for path in (whole, parts))
    assert differing(known, found) == []
    assert len(known["ranks"]) == 1


def test_one_alone_goes_on_where_it_is_allowed_to(tmp_path: Path) -> None:
    path = begun(tmp_path, 256)
    outcome = resume(path, {"devices": 1}, total_timesteps=384, allow_inexact=True)
    assert outcome.steps == 384
    assert any(note.startswith("not exact: saved by 2 processes, and this is one of 1") for note in outcome.notes)
    assert any(note.startswith("not exact: training.devices was 2 and is 1") for note in outcome.notes)


def test_what_another_run_learned_is_begun_with_by_all(tmp_path: Path) -> None:
    first = begun(tmp_path, 256)
    begun(tmp_path, 512, start_from=first)
