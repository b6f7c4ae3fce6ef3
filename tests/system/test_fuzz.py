"""Thousands of command lines, manifests, configurations and checkpoints that nobody would write on purpose.

Whatever they are, the answer is a status of 0, 1 or 2, a line that says what is wrong, and with ``--json`` one object;
never a traceback, and the runs beside the damaged one are listed as ever. The examples are the same every time:
some hundreds of them in every run of the tests, all in the slow ones.
"""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from quick import QUICK

import palestra.trials.pool
import palestra.trials.train
from palestra.cli.main import main
from palestra.engine import checkpoint
from palestra.errors import PalestraError, UsageError
from palestra.learners.on_policy.ppo import PPO
from palestra.runs import checkpoints, index, seal
from palestra.runs.codec import encode
from palestra.runs.seal import OtherFormatError
from palestra.runs.store import Run
from palestra.runs.tensorfile import write_tensors
from palestra.trials.plan import Plan
from palestra.trials.train import train

WORDS = (
    "cartpole/ppo", "cartpole/dqn", "nosuch/recipe", "ppo", "PPO", "CartPole-v1", "good", "bad", "runs", ".", "..", "/",
    "/dev/null", "a b", "'", '"', "$(x)", "", " ", "-", "--", "é", "\u202e", "\x1b[2J", "0", "1", "-1", "1e0", "1e400",
    "nan", "inf", "2147483648", "9" * 30, "abc", "{}", "[]", '{"a": 1}', '{"a"', "gamma=0.9", "gamma=x", "gamma", "=1",
    "nosuch=1", "hidden_sizes=8,8", "world.num_envs=2147483648", "training.seed=-1", "learner.", "x" * 300, "best",
    "last", "true", "[bold]", "[/]",
)  # fmt: skip
OPTIONS = (
    "--json", "--quiet", "--no-plots", "--seed", "--device", "--set", "--total-timesteps", "--num-envs", "--backend",
    "--env-kwargs", "--algo", "--env-id", "--eval-every", "--eval-count", "--target", "--checkpoint-every", "--threads",
    "--resume", "--which", "--episodes", "--rows", "--split", "--seeds", "--jobs", "--paradigm", "--plot", "--nosuch",
    "-x", "--help",
)  # fmt: skip
COMMANDS = (
    ("list",), ("show",), ("train",), ("eval",), ("predict",), ("play",), ("verify",), ("compare",), ("ablate",),
    ("sweep",),
    ("runs",), ("runs", "ls"), ("runs", "show"), ("runs", "reindex"), ("runs", "nosuch"), ("nosuch",),
    ("--version",), (),
    ("report",), ("data",), ("data", "ls"), ("data", "get"), ("data", "verify"), ("data", "show"),
)  # fmt: skip
KEYS = ("name", "value", "$int", "$tensor", "\n")
JSON = st.recursive(
    st.sampled_from(
        [None, True, False, 0, -1, 5, 2**63, 10**30, 0.5, 1e308, float("nan"), float("inf"), "", "x", "[/]", "\x1b[2J",
         "\ud800", "running", "cpu", "../..", "2099-01-01"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=4,
)  # fmt: skip


def fixed(examples: int) -> Callable[[Any], Any]:
    """The same examples in every process, as many as asked for; one that fails is shown as it is."""
    return settings(
        max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip


def answer(argv: list[str]) -> tuple[int, str, str]:
    """Status, standard output and standard error of a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(argv)
    return status, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working directory with two runs in ``runs``: ``good``, and ``bad``, which is damaged anew every time."""
    home = tmp_path_factory.mktemp("fuzz")
    run = train(QUICK, out=home, seed=7, claim=False, checkpoint_every=0.0).path
    for name in ("good", "bad", "whole"):
        shutil.copytree(run, home / "runs" / name)
    shutil.rmtree(run)
    before = Path.cwd()
    os.chdir(home)
    yield home
    os.chdir(before)


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training begins: what would be trained is planned, and that is all."""

    def refuse(*args: Any, **words: Any) -> Any:
        raise UsageError("nothing is trained here")

    monkeypatch.setattr(palestra.trials.train, "following", refuse)
    monkeypatch.setattr(palestra.trials.train, "resuming", refuse)
    monkeypatch.setattr(palestra.trials.pool, "LocalPool", refuse)
    monkeypatch.setenv("PALESTRA_DATA", "data")


arguments = st.lists(st.sampled_from(OPTIONS) | st.sampled_from(WORDS), max_size=6)
command_lines = given(command=st.sampled_from(COMMANDS), rest=arguments, json_too=st.booleans())


def answered(folder: Path, idle: None, command: tuple[str, ...], rest: list[str], json_too: bool) -> None:
    argv = [*command, *rest, *(["--json"] if json_too else [])]
    status, out, err = answer(argv)
    assert status in (0, 1, 2)
    assert "Traceback" not in err
    if status and "--json" in argv:
        (line,) = out.splitlines()
        assert set(json.loads(line)) == {"error", "status"}
    elif "--json" in argv:
        assert isinstance(json.loads(out.splitlines()[-1]), dict)
    if status and argv:
        assert [line for line in err.splitlines() if line.startswith("palestra: ")], err
        assert err.replace("\n", "").isprintable()


test_any_command_line_has_an_answer = fixed(300)(command_lines(answered))
test_a_thousand_command_lines_have_answers = pytest.mark.slow(fixed(1000)(command_lines(answered)))


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON tree: the object or list, and the key or index in it."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    return [place for key in keys for place in ((tree, key), *places(tree[key]))]


def altered(tree: Any, data: st.DataObject) -> Any:
    """A tree with one place in it replaced or taken away, or something else in its stead."""
    tree = json.loads(json.dumps(tree))
    found = places(tree)
    which = data.draw(st.integers(-1, len(found) - 1))
    if which < 0:
        return data.draw(JSON)
    part, key = found[which]
    if data.draw(st.booleans()):
        part[key] = data.draw(JSON)
    else:
        del part[key]
    return tree


damages = given(data=st.data(), name=st.sampled_from(["manifest.json", "config.json"]))


def left_alone(folder: Path, data: st.DataObject, name: str) -> None:
    root = folder / "runs"
    for each in ("manifest.json", "config.json"):
        shutil.copy(root / "whole" / each, root / "bad" / each)
    raw = data.draw(st.none() | st.binary(max_size=30))
    value = altered(json.loads((root / "whole" / name).read_bytes()), data)
    (root / "bad" / name).write_bytes(json.dumps(value).encode() if raw is None else raw)
    rows = index.list_runs(root)
    assert {"good", "whole"} <= {row.id for row in rows} <= {"good", "whole", "bad"}
    assert len(rows) + len(index.unreadable(root, rows)) == 3
    for argv in (["runs", "ls"], ["runs", "show", "bad"], ["runs", "ls", "--json"], ["runs", "show", "bad", "--json"]):
        status, out, err = answer(argv)
        assert status == 0 or (status == 2 and err.count("\n") == 1 and f"{name} " in err), err
        assert "good" in out or "ls" not in argv
        assert "--json" not in argv or isinstance(json.loads(out), dict)
    with contextlib.suppress(PalestraError):
        Plan.of(Run.open("bad", root))


test_any_manifest_or_configuration_leaves_the_other_runs_alone = fixed(150)(damages(left_alone))
test_a_thousand_manifests_and_configurations_do = pytest.mark.slow(fixed(1000)(damages(left_alone)))


def reseal(path: Path, manifest: Any) -> None:
    """Write a manifest with every checksum right, as whoever can write in the folder could."""
    with contextlib.suppress(KeyError, TypeError, OSError):
        for name in (seal.TENSORS, seal.STATE):
            content = (path / name).read_bytes()
            manifest["files"][name] = {"bytes": len(content), "sha256": seal.hashlib.sha256(content).hexdigest()}
    (path / seal.MANIFEST).write_bytes(seal.sealed(manifest))


def tensor(data: st.DataObject) -> torch.Tensor:
    """Any small tensor."""
    shape = data.draw(st.lists(st.integers(0, 3), max_size=3))
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool]))
    value = data.draw(st.sampled_from([0.0, 1.0, float("nan"), float("inf")]))
    return torch.full(shape, value).to(dtype)


checkpoints_altered = given(data=st.data(), kind=st.sampled_from(["state", "tensor", "manifest", "bytes"]))


def used_or_passed_over(folder: Path, learner: PPO, good: dict[str, Any], data: st.DataObject, kind: str) -> None:
    path = Path(shutil.copytree(folder / "checkpoints", folder / "altered", dirs_exist_ok=True)) / "step-000000000256"
    manifest = json.loads((path / seal.MANIFEST).read_bytes())["manifest"]
    if kind == "state":
        value = altered(json.loads((path / seal.STATE).read_bytes()), data)
        (path / seal.STATE).write_text(json.dumps(value))
    elif kind == "tensor":
        tensors, _ = encode(good)
        chosen = data.draw(st.sampled_from(sorted(tensors)))
        (path / seal.TENSORS).unlink()
        write_tensors(path / seal.TENSORS, {**tensors, chosen: tensor(data)})
    elif kind == "manifest":
        manifest = altered(manifest, data)
    else:
        name = data.draw(st.sampled_from([seal.STATE, seal.TENSORS, seal.MANIFEST]))
        (path / name).write_bytes(data.draw(st.binary(max_size=40)))
    if not (kind == "bytes" and name == seal.MANIFEST):
        reseal(path, manifest)
    with contextlib.suppress(OtherFormatError):
        loaded, _ = checkpoint.restore_latest(learner, folder / "altered", trained=True)
        assert loaded.step == 256 or (loaded.step == 128 and "step-000000000256" in loaded.skipped[0])
        assert all(value.isfinite().all() for value in learner.modules.state_dict().values())


test_any_checkpoint_is_used_or_passed_over = fixed(100)(checkpoints_altered(used_or_passed_over))
test_three_hundred_checkpoints_are = pytest.mark.slow(fixed(300)(checkpoints_altered(used_or_passed_over)))


@pytest.fixture(scope="module")
def learner(folder: Path) -> Iterator[PPO]:
    """A learner that has two checkpoints in ``checkpoints``."""
    made = Plan.of(Run.open("whole", folder / "runs")).make_learner()
    assert isinstance(made, PPO)
    source = folder / "runs" / "whole" / "checkpoints"
    assert checkpoints.steps(source) == [128, 256]
    shutil.copytree(source, folder / "checkpoints")
    yield made
    made.close()


@pytest.fixture(scope="module")
def good(folder: Path, learner: PPO) -> dict[str, Any]:
    """What the newer of them holds."""
    state: dict[str, Any] = checkpoints.load(folder / "checkpoints" / "step-000000000256").state
    return state
