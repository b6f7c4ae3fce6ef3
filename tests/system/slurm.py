"""A Slurm of one machine, with a key and a socket of its own, which ends with the test that has it."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
PARTITION = "main"
_CONFIGURATION = """
ClusterName=palestra
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_min_interval=200000,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
CompleteWait=0
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName={partition} Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """Commands that are not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [command for command in COMMANDS if shutil.which(command, path=path) is None]


@contextmanager
def slurm(folder: Path, cpus: int = 4) -> Iterator[dict[str, str]]:
    """The environment in which Slurm's commands speak to a scheduler of a test's own."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    words = {"folder": folder, "host": host, "user": _user(), "cpus": cpus, "partition": PARTITION}
    configuration = folder / "slurm.conf"
    configuration.write_text(_CONFIGURATION.format(port=free_port(), node_port=free_port(), **words))
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    environment = {**os.environ, "PATH": path, "SLURM_CONF": str(configuration)}
    munge = [
        "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket",
        f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed",
    ]  # fmt: skip
    begun: list[subprocess.Popen[bytes]] = []

    def begin(*command: str) -> None:
        with (folder / f"{command[0]}.said").open("wb") as said:
            begun.append(subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True))

    try:
        begin(*munge)
        _wait(lambda: (folder / "munge.socket").exists(), folder)
        begin("slurmctld", "-D", "-f", str(configuration))
        begin("slurmd", "-D", "-f", str(configuration))
        sinfo = ["sinfo", "--noheader", "--format=%T"]
        _wait(
            lambda: subprocess.run(sinfo, env=environment, capture_output=True, check=False).stdout == b"idle\n", folder
        )
        yield environment
        subprocess.run(["scancel", "--quiet", f"--user={_user()}"], env=environment, check=False, timeout=30)
    finally:
        for process in reversed(begun):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
        _end_all(f"SLURM_CONF={configuration}")


def _end_all(mark: str) -> None:
    """Kill what bears the mark of this scheduler in its environment: daemons, and what they began."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes().split(b"\0") and int(path.parent.name) != os.getpid():
                os.kill(int(path.parent.name), signal.SIGKILL)


def _wait(there: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if there():
            return
        time.sleep(0.2)
    said = "\n".join(f"{path.name}: {path.read_text(errors='replace')[-2000:]}" for path in folder.glob("*.[sl]*"))
    raise AssertionError(f"Slurm does not begin:\n{said}")


def _user() -> str:
    return subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
