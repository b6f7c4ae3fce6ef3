"""Trials as elements of array jobs, against a stand-in of Slurm's commands: scripts that note what they are asked."""

import subprocess
from pathlib import Path

import pytest
from quick import QUICK

from palestra.errors import PalestraError, UsageError
from palestra.trials.cluster import on_slurm
from palestra.trials.cluster.on_slurm import SlurmPool
from palestra.trials.trial import Trial


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the commands; ``queue`` is what ``squeue`` says, and without it that fails."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    scripts = {
        "sbatch": 'n=$(cat {0}/n 2>/dev/null || echo 7); echo $((n + 1)) > {0}/n; cat > {0}/script-$n; echo "$n;here"',
        "squeue": "cat {0}/queue",
        "scancel": "",
    }
    for name, body in scripts.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $@" >> {folder}/asked\n{body.format(folder)}\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def asked(slurm: Path) -> list[str]:
    lines = (slurm / "asked").read_text().splitlines()
    (slurm / "asked").unlink()
    return lines


def test_what_needs_the_same_is_one_array(slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = tmp_path / "runs"
    pool = SlurmPool(8, partition="gpu", look=0.0)
    for seed in range(3):
        pool.submit(Trial(QUICK, seed), runs)
    pool.submit(Trial(QUICK, 3, {"threads": 4, "device": "cuda"}), runs)
    pool.poll()
    assert [job.handle for job in pool._shelf.running] == ["7_0", "7_1", "7_2", "8_0"]
    first, second = asked(slurm)
    log = runs / ".pool" / "logs" / "%A_%a.log"
    assert first == (
        "sbatch --array=0-2 --parsable --requeue --job-name=palestra --cpus-per-task=1 --open-mode=append"
        f" --signal=B:TERM@60 --output={log} --partition=gpu"
    )
    assert "--array=0-0" in second
    assert second.endswith("--cpus-per-task=4 --open-mode=append --signal=B:TERM@60 --output="
                           f"{log} --partition=gpu --gres=gpu:1")  # fmt: skip
    script = (slurm / "script-7").read_text().replace(str(on_slurm.sys.executable), "/bin/echo $OMP_NUM_THREADS")
    jobs = pool._shelf.running
    for i, job in enumerate(jobs[:3]):
        done = subprocess.run(
            ["bash"], input=script, env={"SLURM_ARRAY_TASK_ID": str(i)}, capture_output=True, text=True, check=True
        )
        words = " ".join(pool.command_of(job))
        assert done.stdout == f"1 -m palestra.trials.cluster.worker {words}\n"


def test_who_is_in_the_queue_is_alive(slurm: Path, tmp_path: Path) -> None:
    pool = SlurmPool(8)
    (slurm / "queue").write_text("7_0 R\n7_1 PD\n7_2 CG\n7_3 CD\n7_4 TO\n7_5 NF\n7_6 RQ\n9_0 R\n")
    handles = [f"7_{i}" for i in range(8)]
    assert pool.alive(handles) == {"7_0", "7_1", "7_2", "7_6"}
    assert asked(slurm) == ["squeue --me --noheader --array --states=all --format=%i %t"]
    (slurm / "queue").unlink()
    assert pool.alive(handles) is None  # nobody knows
    pool.cancel("7_0")
    pool.withdraw("7_1")
    assert asked(slurm)[1:] == ["scancel --quiet 7_0", "scancel --quiet --state=PENDING 7_1"]


def test_what_slurm_refuses_is_said(slurm: Path, tmp_path: Path) -> None:
    pool = SlurmPool(8)
    pool.submit(Trial(QUICK), tmp_path)
    (slurm / "sbatch").write_text("#!/bin/sh\necho 'sbatch: error: invalid partition' >&2\nexit 1\n")
    with pytest.raises(PalestraError, match="sbatch failed: sbatch: error: invalid partition"):
        pool.poll()
    pool.submit(Trial(QUICK), tmp_path)
    (slurm / "sbatch").write_text("#!/bin/sh\ncat > /dev/null\necho welcome\n")
    pool._next_look = 0.0
    with pytest.raises(PalestraError, match="sbatch said 'welcome'"):
        pool.poll()


def test_a_machine_without_slurm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="pool slurm without sbatch, squeue, scancel on the path"):
        SlurmPool(1)


def test_what_an_element_printed_last_is_said_of_one_that_gets_nowhere(slurm: Path, tmp_path: Path) -> None:
    pool = SlurmPool(1, look=0.0)
    pool.submit(Trial(QUICK), tmp_path)
    (slurm / "queue").write_text("")
    ended = []
    for number in range(7, 20):
        ended = pool.poll()
        if ended:
            break
        (tmp_path / ".pool" / "logs" / f"{number}_0.log").write_text("begun\nno module named palestra\n")
    ((_, result),) = ended
    assert result.error == "its process died 6 times without getting on: no module named palestra"
