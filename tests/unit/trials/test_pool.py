"""The pool of local processes: what is begun, what comes back, what is told and how it stops."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from palestra.recipes.recipe import Claim
from palestra.recipes.registry import RECIPES
from palestra.runs.store import Run, run_ids
from palestra.trials import pool
from palestra.trials.pool import NEVER_BEGUN, LocalPool
from palestra.trials.trial import Result, Trial, attempt

RECIPE = dataclasses.replace(
    RECIPES["cartpole/ppo"], id="cartpole/pooled", budget=1_024, claim=Claim(475.0, "the test", count=5)
)


class Child:
    """In place of a process: it ends when a test says so."""

    alive: list["Child"]

    pid = 0
    died = False

    def __init__(self, trial: Trial, folder: Path, device: str | None = None):
        self.trial, self.folder, self.device, self.result, self.stops = trial, folder, device, None, 0
        self.alive.append(self)

    result: Result | None

    def ended(self, silence: float) -> Result | None:
        return self.result

    def stop(self) -> None:
        self.stops += 1

    def tell(self) -> str:
        return self.trial.name


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    Child.alive = []
    monkeypatch.setattr(pool, "_Child", Child)
    return Child.alive


def submitted(jobs: int, seeds: int) -> LocalPool:
    made = LocalPool(jobs)
    for seed in range(seeds):
        made.submit(Trial(RECIPE, seed), Path("there"))
    return made


def test_so_many_side_by_side_in_order(children: list[Child], roomy: None) -> None:
    made = submitted(2, 4)
    assert made.poll() == []
    assert [child.trial.seed for child in children] == [0, 1]
    assert made.tell() == ["cartpole/pooled seed 0", "cartpole/pooled seed 1"]
    children[1].result = Result(1, 5.0)
    assert made.poll() == [(Trial(RECIPE, 1), Result(1, 5.0))]
    assert [child.trial.seed for child in children] == [0, 1, 2]
    assert made.poll() == []


def test_stopping_asks_what_runs_and_gives_back_what_waits(children: list[Child], roomy: None) -> None:
    made = submitted(1, 3)
    made.poll()
    made.stop()
    made.stop()
    assert [(trial.seed, result.error) for trial, result in made.poll()] == [(1, NEVER_BEGUN), (2, NEVER_BEGUN)]
    assert (len(children), children[0].stops) == (1, 2)
    children[0].result = Result(0, error="interrupted")
    assert [trial.seed for trial, _ in made.poll()] == [0]
    assert made.poll() == []
    assert len(children) == 1


def test_leaving_stops(children: list[Child]) -> None:
    with submitted(1, 2) as made:
        made.poll()
    assert children[0].stops == 1


def wait(until: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if found := until():
            return found
        time.sleep(0.02)
    raise AssertionError("nothing came of it")


def test_processes_train_save_when_they_are_stopped_and_go_on(tmp_path: Path) -> None:
    long = Trial(dataclasses.replace(RECIPE, budget=100_000_000), 1, {"checkpoint_every": 0.0})
    quick = Trial(RECIPE, 0, {"num_envs": 4})
    with LocalPool(2) as made:
        made.submit(quick, tmp_path / "quick")
        made.submit(long, tmp_path / "long")
        ((trial, result),) = wait(made.poll)
        assert trial == quick
        assert result.value is not None
        assert Run.open(Path(str(result.run)), tmp_path).config == quick.plan().to_json()
        folder = tmp_path / "long"
        wait(lambda: list(folder.glob("*/checkpoints/step-*")))
        assert made.tell()[0].startswith("cartpole/pooled seed 1 0%")
        made.stop()
        ((_, stopped),) = wait(made.poll)
    assert (stopped.value, stopped.error) == (None, "interrupted")
    (run,) = run_ids(folder)
    assert Run.open(run, folder).status == "interrupted"
    assert attempt(quick, tmp_path / "quick").run == result.run  # it was not trained again


def test_a_process_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool.sys, "executable", "/bin/false")
    with LocalPool(1) as made:
        made.submit(Trial(RECIPE), tmp_path)
        ((_, result),) = wait(made.poll)
    assert result.error == "its process ended with status 1: it said nothing"


def test_a_process_knows_the_environments_of_the_modules_that_were_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pooled_world.py").write_text(
        "import gymnasium\ngymnasium.register('Pooled-v0', 'gymnasium.envs.classic_control:CartPoleEnv')\n"
    )
    monkeypatch.chdir(tmp_path)
    recipe = dataclasses.replace(RECIPE, id="pooled/ppo", env="Pooled-v0", num_envs=2, budget=256)
    said = []
    for typed in ((), ("pooled_world",)):
        monkeypatch.setattr(pool, "imported", lambda typed=typed: typed)
        with LocalPool(1) as made:
            made.submit(Trial(recipe, 0), tmp_path / "runs")
            ended: list[tuple[Trial, Result]] = []
            while not ended:
                ended = made.poll()
                time.sleep(0.05)
        said.append(ended[0][1].error)
    assert said[0] is not None
    assert "unknown environment 'Pooled-v0'" in said[0]
    assert said[1] is None


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is no matter."""
    monkeypatch.setattr(pool, "free_memory", lambda: None)


def test_one_that_dies_is_begun_again_until_it_gets_nowhere(
    children: list[Child], roomy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = [-1]
    monkeypatch.setattr(pool, "runs_of", lambda folder, plan: [SimpleNamespace(checkpoints=newest[0])])
    monkeypatch.setattr(pool.checkpoints, "steps", lambda step: [step])
    made = submitted(1, 1)
    for deaths in range(1, 20):
        made.poll()
        assert len(children) == deaths
        newest[0] = min(deaths, 10) * 100  # no checkpoint is added after the tenth
        children[-1].died, children[-1].result = True, Result(0, error="killed")
        ended = made.poll()
        if ended:
            break
    assert ended == [(Trial(RECIPE, 0), Result(0, error="killed"))]
    assert deaths == 10 + pool.RETRIES


def test_one_that_fails_by_itself_or_after_a_stop_is_not(children: list[Child], roomy: None) -> None:
    made = submitted(1, 2)
    made.poll()
    children[0].result = Result(0, error="it fell")
    assert made.poll() == [(Trial(RECIPE, 0), Result(0, error="it fell"))]
    children[1].died, children[1].result = True, Result(1, error="killed")
    made.stop()
    assert made.poll() == [(Trial(RECIPE, 1), Result(1, error="killed"))]
    assert len(children) == 2


def test_no_more_are_begun_than_there_is_memory_for(children: list[Child], monkeypatch: pytest.MonkeyPatch) -> None:
    free, used = [0], {0: (0, 0)}
    monkeypatch.setattr(pool, "free_memory", lambda: free[0])
    monkeypatch.setattr(pool, "memory_of", lambda pid: used[pid])
    made = submitted(4, 4)
    made.poll()
    assert len(children) == 1  # always one
    used[0] = (pool.USUAL_MEMORY, pool.USUAL_MEMORY)
    free[0] = pool.USUAL_MEMORY - 1
    made.poll()
    assert len(children) == 1
    free[0] = pool.USUAL_MEMORY
    made.poll()
    assert len(children) == 4
    used[0] = (0, 3 * pool.USUAL_MEMORY)  # one was as large as that once; four may still become so
    children[0].result = Result(0, 1.0)
    made.submit(Trial(RECIPE, 9), Path("there"))
    free[0] = 12 * pool.USUAL_MEMORY - 1
    made.poll()
    assert len(children) == 4
    free[0] += 1
    made.poll()
    assert len(children) == 5


def test_devices_are_handed_out(children: list[Child], roomy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "devices", lambda: ["2", "5"])
    made = submitted(3, 3)
    made.submit(Trial(RECIPE, 3, {"device": "cpu"}), Path("there"))
    made.poll()
    assert [child.device for child in children] == ["2", "5", "2"]
    children[0].result = Result(0, 1.0)
    made.poll()
    assert [child.device for child in children[3:]] == [None]
    monkeypatch.setattr(pool, "devices", lambda: ["2"])
    alone = submitted(1, 1)
    alone.poll()
    assert children[-1].device is None
