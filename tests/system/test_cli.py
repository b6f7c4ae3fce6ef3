"""The command line as people and programs use it: trainings of a second, whole processes where it must be one."""

import dataclasses
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import BARE
from matrix import slow_but

import palestra.trials.train
from palestra.cli.main import main
from palestra.envs import registry
from palestra.recipes.recipe import Claim
from palestra.recipes.registry import RECIPES
from palestra.trials.train import Interrupted, Outcome

PALESTRA = [sys.executable, "-m", "palestra"]
Captured = pytest.CaptureFixture[str]


def strict_json(text: str) -> Any:
    """The last line as JSON, without the literals that the standard does not have."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text.splitlines()[-1], parse_constant=refuse)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """A run of cartpole/ppo by a process of its own: the folder of runs, what it printed, what it said."""
    out = tmp_path_factory.mktemp("runs")
    argv = ["train", "cartpole/ppo", "--total-timesteps", "4096", "--eval-every", "2048", "--eval-count", "5"]
    done = subprocess.run([*PALESTRA, *argv, "--json", "--out", out], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    return out, strict_json(done.stdout), done.stderr


@pytest.fixture
def copy(trained: tuple[Path, dict[str, Any], str], tmp_path: Path) -> Path:
    """A copy of that run, to be changed."""
    return Path(shutil.copytree(trained[1]["path"], tmp_path / "copied"))


def test_train_prints_its_outcome_and_leaves_a_run(trained: tuple[Path, dict[str, Any], str]) -> None:
    out, printed, said = trained
    path = Path(printed["path"])
    assert path == out / printed["run"]
    assert (printed["ending"], printed["steps"], printed["claim"], printed["signal"]) == ("finished", 4096, None, None)
    assert printed["seconds"] > 0
    assert {"eval/return_mean", "train/return_mean"} <= printed["metrics"].keys()
    assert all(Path(plot).is_file() for plot in printed["plots"])
    assert len(printed["plots"]) == 2
    assert printed["video"] is None
    assert "4,096/4,096 env steps (100%)" in said  # progress, and the summary, went to standard error
    assert f"palestra play {path}" in said
    assert json.loads((path / "config.json").read_text())["training"]["eval_count"] == 5


def test_eval_agrees_with_its_own_returns(
    trained: tuple[Path, dict[str, Any], str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    out, printed, _ = trained
    backends = []
    make = registry.make_vec
    monkeypatch.setattr(registry, "make_vec", lambda *a, **k: backends.append(k["backend"]) or make(*a, **k))
    argv = ["eval", printed["run"], "--out", str(out), "--episodes", "5", "--seed", "3"]
    assert main([*argv, "--json"]) == 0
    result = strict_json(capsys.readouterr().out)
    assert (result["env"], result["reference"], result["episodes"]) == ("CartPole-v1", True, 5)
    assert backends == ["auto", "sync"]  # to load the agent, and Gymnasium's own to measure it
    returns = np.array(result["returns"])
    half = 2.776 * returns.std(ddof=1) / 5**0.5  # Student's t with four degrees of freedom
    assert result["mean"] == pytest.approx(returns.mean())
    assert result["ci95"] == pytest.approx([returns.mean() - half, returns.mean() + half])
    assert result["length_mean"] == pytest.approx(returns.mean())  # CartPole pays one for each step
    assert main(argv) == 0
    assert f"mean return  {result['mean']:.4g}" in capsys.readouterr().out
    assert main(["eval", printed["path"], "--episodes", "1", "--which", "last", "--json"]) == 0
    result = strict_json(capsys.readouterr().out)
    assert (result["ci95"], result["step"]) == ([None, None], 4096)


def test_play_films_what_it_reports(trained: tuple[Path, dict[str, Any], str], capsys: Captured) -> None:
    av = pytest.importorskip("av")
    out, printed, _ = trained
    assert main(["play", printed["run"], "--out", str(out), "--episodes", "2", "--json"]) == 0
    film = strict_json(capsys.readouterr().out)
    assert film["frames"] == sum(film["returns"]) + 2  # a frame for each step, and one for each beginning
    assert Path(film["video"]).parent == Path(printed["path"]) / "videos"
    with av.open(film["video"]) as container:
        assert sum(1 for _ in container.decode(video=0)) == film["frames"]
        assert float(container.streams.video[0].average_rate) == film["fps"] == 50.0


def test_runs(trained: tuple[Path, dict[str, Any], str], capsys: Captured, tmp_path: Path) -> None:
    out, printed, _ = trained
    for subcommand in ([], ["ls"], ["reindex"]):
        assert main(["runs", *subcommand, "--out", str(out), "--json"]) == 0
        (row,) = strict_json(capsys.readouterr().out)["runs"]
        assert (row["id"], row["status"], row["steps"]) == (printed["run"], "finished", 4096)
    assert main(["runs", "show", printed["run"], "--out", str(out), "--json"]) == 0
    shown = strict_json(capsys.readouterr().out)
    assert shown["status"] == "finished"
    assert shown["config"]["learner"]["name"] == "ppo"
    assert shown["metrics"]["eval/return_mean"] == {"step": 4096, "value": printed["metrics"]["eval/return_mean"]}
    assert {Path(path).name for path in shown["checkpoints"]} >= {"step-000000004096"}
    assert set(printed["plots"]) <= set(shown["files"])
    assert main(["runs", "show", printed["path"]]) == 0
    assert "eval/return_mean" in capsys.readouterr().out
    copies = [Path(shutil.copytree(printed["path"], tmp_path / name)) for name in ("one", "two")]
    assert main(["runs", "rm", "one", "three", "--out", str(tmp_path)]) == 2  # all or none
    assert all(path.is_dir() for path in copies)
    assert main(["runs", "rm", "one", str(copies[1]), "--out", str(tmp_path), "--json"]) == 0
    assert strict_json(capsys.readouterr().out) == {"removed": ["one", "two"]}
    assert not any(path.exists() for path in copies)
    assert main(["runs", "--out", str(tmp_path)]) == 0
    assert "no runs in" in capsys.readouterr().out


def test_list_and_show(capsys: Captured) -> None:
    assert main(["list", "--json"]) == 0
    listed = strict_json(capsys.readouterr().out)["recipes"]
    assert [recipe["id"] for recipe in listed] == list(RECIPES)
    assert main(["list", "--paradigm", "supervised", "--json"]) == 0
    assert all(r["paradigm"] == "supervised" for r in strict_json(capsys.readouterr().out)["recipes"])
    for recipe in {recipe.learner: recipe for recipe in RECIPES.values()}.values():
        assert main(["show", recipe.id, "--json"]) == 0
        shown = strict_json(capsys.readouterr().out)
        source = "world" if recipe.env else "dataset"
        assert (shown["recipe"], shown[source]["id"]) == (recipe.id, recipe.source)
        parts = {"learner": shown["learner"]["settings"], source: shown[source], "training": shown["training"]}
        for part, values in parts.items():
            assert shown["documentation"][part].keys() >= values.keys(), f"{recipe.id}: a {part} without a docstring"


@pytest.mark.parametrize("width", slow_but([60], [60, 80, 120]))
def test_tables_fit_the_terminal(
    width: int, trained: tuple[Path, dict[str, Any], str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for argv in (["list"], ["show", "cartpole/dqn"], ["runs", "ls", "--out", str(trained[0])], ["doctor"]):
        assert main(argv) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= width
        # A name that was broken over two lines cannot be copied.
        for word in {"list": RECIPES, "show": ["target_update_interval"], "runs": [trained[1]["run"]]}.get(argv[0], []):
            assert any(word in line for line in lines)


def hopeless(monkeypatch: pytest.MonkeyPatch) -> str:
    """Registers a recipe that cannot keep its promise."""
    claim = Claim(475.0, "the test", count=2)
    recipe = dataclasses.replace(RECIPES["cartpole/ppo"], id="cartpole/hopeless", budget=1024, claim=claim)
    monkeypatch.setitem(RECIPES, recipe.id, recipe)
    return recipe.id


def test_a_claim_that_is_not_reached_is_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    argv = ["train", hopeless(monkeypatch), "--no-plots", "--out", str(tmp_path)]
    assert main(argv) == 1
    assert "NOT reached: eval/return_mean" in capsys.readouterr().out
    assert main([*argv, "--quiet", "--json"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    printed = strict_json(out)
    assert printed["claim"]["reached"] is False
    assert printed["claim"]["value"] < 475
    # Resuming what is finished tries the claim again; a changed recipe has promised nothing.
    assert main(["train", "--resume", printed["path"], "--quiet", "--no-plots"]) == 1
    assert main([*argv, "--quiet", "--set", "num_steps=64"]) == 0
    assert main([*argv, "--quiet", "--total-timesteps", "512"]) == 0


def test_any_algorithm_on_any_environment(tmp_path: Path, capsys: Captured) -> None:
    argv = ["train", "--algo", "ppo", "--env-id", "Pendulum-v1", "--total-timesteps", "256", "--num-envs", "2"]
    argv += ["--set", "num_steps=64", "--set", "hidden_sizes=8,8", "--env-kwargs", '{"g": 5.0}', "--eval-count", "1"]
    assert main([*argv, "--out", str(tmp_path), "--video", "--no-plots", "--quiet", "--json"]) == 0
    printed = strict_json(capsys.readouterr().out)
    assert printed["plots"] == []
    assert Path(printed["video"]).is_file()
    config = json.loads((Path(printed["path"]) / "config.json").read_text())
    world = {"id": "Pendulum-v1", "num_envs": 2, "backend": "auto", "kwargs": {"g": 5.0}, "reference_kwargs": {}}
    assert config["world"] == {**world, "worker_timeout": 60.0}
    assert config["learner"]["settings"]["hidden_sizes"] == [8, 8]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"learner": {"name": "dqn"}}, "num_steps"),
        ({"learner": {"name": "random", "settings": {}}}, "made by ppo, and this is random"),
        ({"learner": {"settings": {"hidden_sizes": [7]}}}, "does not fit"),
        ({"learner": {"name": "nope"}}, "unknown algorithm 'nope'"),
        ({"training": {"device": "banana"}}, "device 'banana' is not known"),
    ],
)
def test_a_configuration_that_is_not_the_checkpoints(
    copy: Path, changes: dict[str, Any], said: str, capsys: Captured
) -> None:
    config = json.loads((copy / "config.json").read_text())
    changed = {part: config[part] | each for part, each in changes.items()}
    (copy / "config.json").write_text(json.dumps(config | changed))
    for argv in (["train", "--resume", str(copy)], ["eval", str(copy)], ["play", str(copy)]):
        assert main(argv) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("palestra: ")
        assert err.count("\n") == 1
        assert said in err


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"learner": {"name": "ppo"}}'])
@pytest.mark.parametrize("command", [["train", "--resume"], ["eval"], ["runs", "show"]], ids=lambda argv: argv[0])
def test_a_configuration_that_cannot_be_read(copy: Path, text: str, command: list[str], capsys: Captured) -> None:
    (copy / "config.json").write_text(text)
    status = main([*command, str(copy)])
    if status == 0:
        assert (command, text[-1]) == (["runs", "show"], "}")  # what can be shown is shown
    else:
        assert capsys.readouterr().err.startswith("palestra: ")


def test_elsewhere_than_where_it_was_trained(copy: Path, capsys: Captured) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "training": {**config["training"], "device": "mps:9"}}))
    assert main(["eval", str(copy), "--episodes", "1"]) == 2
    assert main(["eval", str(copy), "--episodes", "1", "--device", "cpu"]) == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(
    number: signal.Signals, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    outcome = Outcome(
        "r",
        str(tmp_path / "r"),
        "interrupted",
        5,
        1.0,
        {},
        None,
        "eval/return_mean",
        "env steps",
        "world",
        [],
        int(number),
    )

    def interrupted(*_: object, **__: object) -> Outcome:
        raise Interrupted(outcome)

    monkeypatch.setattr(palestra.trials.train, "train", interrupted)
    assert main(["train", "cartpole/ppo", "--out", str(tmp_path)]) == status
    assert f"palestra train --resume {tmp_path / 'r'}" in capsys.readouterr().out


def test_control_c(tmp_path: Path) -> None:
    argv = ["train", "cartpole/ppo", "--total-timesteps", "100000000", "--checkpoint-every", "0", "--json"]
    with subprocess.Popen(
        [*PALESTRA, *argv, "--out", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*/checkpoints/step-*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    printed = strict_json(out)
    assert (printed["ending"], printed["signal"], printed["plots"]) == ("interrupted", 2, [])
    assert f"palestra train --resume {printed['path']}" in err
    assert "Traceback" not in err
    assert (Path(printed["path"]) / "checkpoints" / f"step-{printed['steps']:012d}").is_dir()


def loaded_modules(*argv: str) -> set[str]:
    """Top-level modules that a command itself imports."""
    run = "import sys; from palestra.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-X", "importtime", "-c", f"{BARE}\n{run}", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE)}


def test_quick_commands_load_nothing_heavy(tmp_path: Path) -> None:
    heavy = {"torch", "gymnasium", "matplotlib", "numpy"}
    assert not loaded_modules("--help") & (heavy | {"tyro", "rich", "dataclasses"})
    assert not loaded_modules("list") & heavy
    assert not loaded_modules("train", "--help") & heavy
    assert not loaded_modules("runs", "--out", str(tmp_path)) & heavy
    assert "torch" in loaded_modules("show", "cartpole/ppo")  # the probe itself sees what is there


def test_help_and_import_are_fast() -> None:
    for command, limit in (([*PALESTRA, "--help"], 0.6), ([sys.executable, "-c", "import palestra"], 0.5)):
        costs = []
        for _ in range(3):  # processor time: what the command costs, not what else the machine does
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert min(costs) < limit


def test_a_reader_who_leaves_hears_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*PALESTRA, "list"], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
