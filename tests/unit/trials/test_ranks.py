"""Starting and joining ranks: who may be one, what is refused, and what ends a process whose others are gone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from palestra.cli.main import main
from palestra.engine.ranks import ALONE, Ranks
from palestra.errors import UsageError
from palestra.trials.plan import Plan, adhoc_recipe, resolve
from palestra.trials.ranks import check_ranks, is_rank


class Two(Ranks):
    size = 2


def plan(algo: str = "ppo", **overrides: Any) -> Plan:
    return resolve(adhoc_recipe(algo, "CartPole-v1", 1_000), overrides)


def test_as_many_processes_as_are_asked_for() -> None:
    check_ranks(plan(), ALONE)
    check_ranks(plan(devices=2), Two())
    with pytest.raises(UsageError, match=r"devices=2, and processes that train: 1; expected as many: palestra train"):
        check_ranks(plan(devices=2), ALONE)
    with pytest.raises(UsageError, match=r"devices=1, and processes that train: 2; expected"):
        check_ranks(plan(), Two())


def test_who_cannot_be_shared_hears_who_can() -> None:
    known = "autoencoder, binary-factorisation, image-classifier, matrix-factorisation, ppo, pqn"
    with pytest.raises(UsageError, match=f"dqn with devices=2; expected devices=1, or one .* can train: {known}$"):
        check_ranks(plan("dqn", devices=2), Two())


def test_copies_of_a_world_are_shared_evenly() -> None:
    with pytest.raises(UsageError, match="num_envs=3 over 2 processes; expected a multiple of 2"):
        check_ranks(plan(devices=2, num_envs=3), Two())


def test_a_rank_is_one_that_somebody_started() -> None:
    torchrun = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    assert is_rank(torchrun)
    assert is_rank({"PALESTRA_RANKS": "1 /place", "RANK": "1", "WORLD_SIZE": "2"})
    assert not is_rank({})
    assert not is_rank({**torchrun, "WORLD_SIZE": "1"})
    assert not is_rank({"RANK": "1", "WORLD_SIZE": "2"})  # another scheduler's


WATCHED = """
import os, time
from palestra.engine.ranks import Ranks
from palestra.trials import ranks
ranks.LOOK, ranks.GRACE = 0.01, 0.05
for over in (False, True):
    if os.fork() == 0:
        watch = ranks.Watch(lambda: "rank 1 of 2 was ended by SIGKILL")
        watch.ranks = Ranks()
        watch.ranks.saved, watch.ranks.over = "64 env steps are saved", over
        assert watch.why() == "rank 1 of 2 was ended by SIGKILL"
        time.sleep(0.5)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_watch_ends_what_does_not_notice_and_leaves_alone_what_is_done() -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["1", "0"]
    assert done.stderr == "palestra: rank 1 of 2 was ended by SIGKILL; 64 env steps are saved\n"


TRAIN = ["--algo", "ppo", "--env-id", "CartPole-v1", "--total-timesteps", "256", "--num-envs", "4", "--quiet"]
TRAIN += ["--set", "num_steps=16", "--set", "minibatch_size=32", "--set", "num_epochs=1", "--no-plots"]


def test_two_train_one_run_and_another_number_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "palestra", "train", *TRAIN, "--devices", "2", "--out", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = tmp_path.glob("*/config.json")
    assert len(list((run.parent / "checkpoints").iterdir())) >= 1
    again = ["train", "--resume", str(run.parent), "--total-timesteps", "512", "--devices", "1", "--no-plots"]
    assert main(again) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "resumed with training.devices=1, and it began with 2" in line
    assert "--allow-inexact" in line
