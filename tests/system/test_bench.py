"""Benchmarks run: all are imported, and the slow test runs each on its smallest sizes, writing its table elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SMALLEST = {
    "anomalies": ["--rows", "1000", "--seeds", "1"],
    "atari_speed": ["--seconds", "0.1", "--rounds", "1", "--iterations", "1", "--transitions", "400"],
    "arm_speed": ["--seconds", "0.2", "--copies", "8", "--iterations", "1", "--warm-up", "512"],
    "bandits": ["--repeats", "1", "--loop-bandits", "1"],
    "checkpoint_cost": ["--pairs", "1"],
    "control": ["--seconds", "0.01"],
    "demonstrations": ["--budget", "2000", "--seeds", "1", "--agents", "TD3 + demonstrations, LayerNorm"],
    "dqn_lunarlander": ["--steps", "100", "--seeds", "1"],
    "dqn_throughput": ["--steps", "512", "--seeds", "1"],
    "interval_coverage": ["--trials", "20"],
    "journeys": [],
    "learned_model": ["--seeds", "1", "--episodes", "1", "--epochs", "1", "--steps", "210"],
    "plain_loops": ["--steps", "1200", "--seeds", "1"],
    "pendulum_optimum": ["--points", "41", "--actions", "5", "--starts", "50", "--gammas", "0.9"],
    "planning_regret": ["--points", "21", "--actions", "5", "--starts", "2", "--horizons", "5"],
    "practice": ["--seeds", "1"],
    "ppo_throughput": ["--seconds", "0.1"],
    "sac_curves": ["--steps", "1200", "--points", "1", "--seeds", "1"],
    "sac_throughput": ["--steps", "20", "--seeds", "1"],
    "time_to_accuracy": ["--seeds", "1", "--textbook-seeds", "1", "--textbook-epochs", "1", "--longest", "1"],
    "time_to_solve": ["--seeds", "1"],
    "together": ["--seeds", "1", "2", "--few", "1", "--commands", "2", "--only", "gridworld"],
    "ratings": ["--seeds", "1", "--peers"],
    "recurrent": ["--steps", "1024", "--seeds", "1"],
    "recommendation": ["--items", "20000", "--queries", "3"],
    "lenet_epoch": ["--images", "512", "--rounds", "1"],
    "kmeans": ["--rows", "2000", "--passes", "3", "--repeats", "1"],
    "methods": ["--data", "penguins"],
    "value_iteration": ["--sides", "20", "--plain-side", "10", "--plain-seconds", "0.2"],
}
"""Not among them: ``ppo_lunarlander``, whose sizes cannot be less than a training; ``same_results`` and ``same_speed``,
which need the repository's history; ``association_rules`` and
``value_iteration_peers``, whose peers no extra has; ``planted_diseases``, minutes long
(``tests/learning/test_planted_diseases.py`` plants them too); ``defaults``, whose trainings are
whole (``tests/unit/test_defaults.py``); and what draws or fits the arm. ``errata`` has a test of its own."""

ONE_SEED = """
from importlib import import_module
import torch
from errata import FILES
from faults.fault import FAULTS
torch.set_num_threads(1)
for name in FILES:
    import_module(f"faults.{name}")
for fault in FAULTS:
    print(fault.name, fault.figure(0, False), fault.figure(0, True), flush=True)
"""


def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(BENCH), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **env},
    )


def test_every_benchmark_finds_what_it_imports() -> None:
    names = [path.stem for path in BENCH.glob("*.py")] + [f"faults.{path.stem}" for path in BENCH.glob("faults/*.py")]
    lines = [f"import {name}" for name in names if not name.endswith("__init__")]
    done = run("-c", "\n".join([*lines, "print('all')"]))
    assert done.stdout.endswith("all\n"), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs_and_writes_its_table(name: str, tmp_path: Path) -> None:
    done = run(str(BENCH / f"{name}.py"), *SMALLEST[name], PALESTRA_BENCH_RESULTS=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.md", f"{name}.json"}


@pytest.mark.slow
def test_planted_diseases_are_counted_by_who_made_them(tmp_path: Path) -> None:
    """One outcome of each case is there already, and no report is written: all are right but one of the strangers'."""
    made_up = """
import json
from planted_diseases import PARTS
wrong = PARTS[1].cases[0].name
for part in PARTS:
    for each in part.cases:
        named = "healthy" if each.name == wrong else each.disease
        print(json.dumps({"case": each.name, "seed": 9, "planted": each.disease, "named": [named], "seconds": 1.0,
                          "right": named == each.disease}))
"""
    outcomes = tmp_path / "outcomes.jsonl"
    outcomes.write_text(run("-c", made_up).stdout)
    found = [json.loads(line) for line in outcomes.read_text().splitlines()]
    results = {"PALESTRA_BENCH_RESULTS": str(tmp_path)}
    words = ["--seeds", "9", "--outcomes", str(outcomes)]
    done = run(str(BENCH / "planted_diseases.py"), *words, **results)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "planted_diseases.json").read_text())
    assert told["of"]["authors"] + told["of"]["strangers"] == len(found)
    assert told["right"] == {"authors": told["of"]["authors"], "strangers": told["of"]["strangers"] - 1}
    text = (tmp_path / "planted_diseases.md").read_text()
    wrong = next(each for each in found if not each["right"])
    assert text.count("Not right") == 1
    assert f"Not right, strangers: {wrong['case']}, seed 9" in text
    assert run(str(BENCH / "planted_diseases.py"), "--of", "authors", *words, **results).returncode == 0
    assert json.loads((tmp_path / "planted_diseases.json").read_text())["of"] == {"authors": told["of"]["authors"]}


@pytest.mark.slow
def test_every_fault_can_be_put_in() -> None:
    done = run("-c", ONE_SEED)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 55


@pytest.mark.slow
def test_what_is_measured_in_part_is_published_with_the_rest(tmp_path: Path) -> None:
    errata, results = str(BENCH / "errata.py"), {"PALESTRA_BENCH_RESULTS": str(tmp_path)}
    alone = run(errata, "stride-not-rounded", **results)
    assert "nothing is published without a figure of best-arm, " in alone.stdout
    assert list(tmp_path.iterdir()) == []
    before = json.loads((BENCH / "results" / "errata.json").read_text())
    row = next(row for row in before["table"] if row["fault"] == "stride-not-rounded")
    row["right"] = row["commit"] = "stale"
    before["measured_at"]["stale"] = {}
    (tmp_path / "errata.json").write_text(json.dumps(before))
    assert run(errata, "stride-not-rounded", **results).returncode == 0
    after = json.loads((tmp_path / "errata.json").read_text())
    changed = [new for old, new in zip(before["table"], after["table"], strict=True) if old != new]
    assert [(row["fault"], row["right"], row["faulty"]) for row in changed] == [("stride-not-rounded", "4", "4.5")]
    assert {row["commit"] for row in after["table"]} == set(after["measured_at"])
    assert run(errata, "no-such-fault", **results).returncode == 2
