"""How ``bench/defaults.py`` keeps its cells, goes on where it stopped, and what it makes of made-up figures."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the cells, which writes elsewhere; ``bench.table`` is the script."""
    monkeypatch.syspath_prepend(str(BENCH))
    monkeypatch.setenv("PALESTRA_BENCH_RESULTS", str(tmp_path))
    names = ("report", "default_cells", "defaults")
    before = {name: sys.modules.pop(name, None) for name in names}
    cells, table = (importlib.import_module(name) for name in names[1:])
    cells.table = table  # type: ignore[attr-defined]
    yield cells
    for name, module in before.items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module


def measured(bench: Any, cell: Any, value: float) -> dict[str, Any]:
    """What a training of a cell would have left."""
    return {**bench.origin(cell.algorithm, cell.env, cell.side), "returns": [value - 1.0, value + 1.0], "cpu": "some"}


def all_of(bench: Any, ours: list[float], peer: list[float]) -> dict[str, Any]:
    """Cells of DQN on CartPole."""
    kept: dict[str, Any] = {"cells": {}, "speeds": {}}
    for side, values in (("ours", ours), ("peer", peer)):
        for seed, value in enumerate(values):
            cell = bench.Cell(seed, "dqn", "CartPole-v1", side)
            kept["cells"][cell.name] = measured(bench, cell, value)
    return kept


def row(bench: Any, kept: dict[str, Any], seeds: int = 3) -> tuple[dict[str, Any], list[str]]:
    found = bench.table.rows(kept, range(seeds))
    return next((r, m) for r, m in found if (r["algorithm"], r["environment"]) == ("dqn", "CartPole-v1"))


@pytest.mark.parametrize(
    ("ours", "peer", "word"),
    [
        ([500.0, 490.0, 495.0], [100.0, 120.0, 110.0], "better, with evidence"),
        ([100.0, 120.0, 110.0], [500.0, 490.0, 495.0], "worse, with evidence"),
        ([500.0, 100.0, 400.0], [100.0, 350.0, 300.0], "ahead"),
        ([100.0, 350.0, 300.0], [500.0, 100.0, 400.0], "behind"),
        ([500.0, 500.0, 500.0], [500.0, 500.0, 500.0], "equal"),
        ([-1.0, -1.0, -1.0], [-2.0, -2.0, -2.0], "better, with evidence"),
    ],
)
def test_a_difference_is_evidence_where_its_interval_excludes_zero(
    bench: Any, ours: list[float], peer: list[float], word: str
) -> None:
    found, missing = row(bench, all_of(bench, ours, peer))
    assert (found["verdict"], missing) == (word, [])


def test_what_was_not_measured_has_no_verdict_and_is_named(bench: Any) -> None:
    found, missing = row(bench, all_of(bench, [500.0, 500.0, 500.0], [100.0, 90.0]))
    assert (found["verdict"], found["peer, by seed"], missing) == ("-", "100, 90", ["peer"])
    bench.table.publish_table(all_of(bench, [1.0], []), range(1))
    text = (bench.CELLS.parent / "defaults.md").read_text()
    assert "NOT measured yet: ppo CartPole-v1 (1 of ours, 1 of peer)" in text
    assert "dqn CartPole-v1 (1 of peer)" in text


def test_the_summary_counts_what_the_table_says(bench: Any) -> None:
    words = ["ahead", "better, with evidence", "equal", "worse, with evidence", "behind", "-"]
    table = [{"algorithm": "ppo", "verdict": word, "speed": speed} for word, speed in zip(words, (3.0, 2.0, None) * 2)]
    (line,) = bench.table.summary(table)
    assert "of 5 environments, ours has the higher mean in 2 (1 with evidence), the same in 1" in line
    assert "the lower in 2 (1 with evidence); speed from 2.00 times the peer's, median 2.50 (4 of 6 timed)." in line


def test_a_run_goes_on_where_it_stopped(bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    asked = []

    def learn(cells: Any, kept: dict[str, Any], jobs: int) -> None:
        for cell in cells[:4]:  # killed after four
            asked.append(cell.name)
            bench.keep(kept, "cells", cell.name, measured(bench, cell, 1.0))

    monkeypatch.setattr(bench.table, "learn", learn)
    monkeypatch.setattr(sys, "argv", ["defaults.py", "--algo", "dqn", "--seeds", "2"])
    for _ in range(3):
        bench.table.main()
    capsys.readouterr()
    assert len(asked) == len(set(asked)) == 8  # two environments, two seeds, two sides
    assert asked[0] == "dqn CartPole-v1 ours 0"


def test_cells_of_other_defaults_are_measured_again_and_a_peer_of_the_same_versions_is_kept(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"cells": {}}
    ours, peer = (bench.Cell(0, "ppo", "CartPole-v1", side) for side in bench.SIDES)
    for cell in (ours, peer):
        kept["cells"][cell.name] = measured(bench, cell, 1.0)
        assert bench.standing(kept, cell) is not None
    kept = json.loads(json.dumps(kept))
    assert bench.standing(kept, ours) is not None
    bench.settings.cache_clear(), bench.origin.cache_clear()
    plan = bench.our_plan("ppo", "CartPole-v1").override({"learner.gamma": 0.9})
    monkeypatch.setattr(bench, "our_plan", lambda *_: plan)
    assert bench.standing(kept, ours) is None
    assert bench.standing(kept, peer) is not None
    bench.origin.cache_clear()
    monkeypatch.setattr(bench, "version", lambda name: "0.0" if name == "stable-baselines3" else "1.0")
    assert bench.standing(kept, peer) is None


def test_one_training_of_either_side_is_played_by_the_same_code(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = bench.SUITES["dqn"]
    monkeypatch.setitem(bench.SUITES, "dqn", bench.Suite(suite.peer, 300, 0, 0, suite.envs))
    monkeypatch.setattr(bench, "EPISODES", 2)
    for side in bench.SIDES:
        found = bench.measure(bench.Cell(0, "dqn", "CartPole-v1", side))
        assert found["steps"] == 300
        assert len(found["returns"]) == 2
        assert found["returns"] == [float(round(value)) for value in found["returns"]]
        assert found["settings"]["gamma"] == 0.99
        assert json.loads(json.dumps(found)) == found


def test_what_another_process_has_measured_meanwhile_is_kept(bench: Any) -> None:
    one, other = bench.load(), bench.load()
    bench.keep(one, "cells", "a", {"returns": [1.0]})
    bench.keep(other, "speeds", "b", {"ours": [2.0]})
    assert bench.load() == other == {"cells": {"a": {"returns": [1.0]}}, "speeds": {"b": {"ours": [2.0]}}}
