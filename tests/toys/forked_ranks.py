"""Ranks that are processes, forked from one that has imported PyTorch once: what they say comes back as JSON.

``python forked_ranks.py SIZE NAME ...`` runs functions of this file, each on so many ranks.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from palestra.engine.joined import Joined, meeting
from palestra.engine.ranks import Parted


def talk(ranks: Joined) -> dict[str, Any]:
    """Everything that one says to the others."""
    gradient = torch.arange(5.0) + ranks.rank
    ranks.add_up_(gradient)
    long = "x" * 5_000
    state = {"own": torch.full((2, 2), ranks.rank), "name": f"rank {ranks.rank}", "views": [gradient, gradient[1:]]}
    others = [{k: v.tolist() if k == "own" else v for k, v in each.items() if k != "views"} for each in
              ranks.gathered(state)]  # fmt: skip
    return {
        "sum": gradient.tolist(),
        "whole": ranks.whole(torch.tensor([[ranks.rank], [9]])).tolist(),
        "mean": float(ranks.mean(torch.tensor(float(ranks.rank)))),
        "means": ranks.means({"a": float(ranks.rank)} | ({"b": 7.0} if ranks.rank else {})),
        "same": ranks.same({"said": long} if ranks.rank == 0 else None) == {"said": long},
        "highest": ranks.highest(ranks.rank * 10),
        "others": others,
        "share": list(ranks.share(3)),
        "backend": str(dist.get_backend()),
    }


def die(ranks: Joined) -> dict[str, Any]:
    """The last one is killed while the others wait for it."""
    ranks.saved = "all is saved"
    ranks.part()
    if ranks.rank == ranks.size - 1:
        os.kill(os.getpid(), signal.SIGKILL)
    began = time.monotonic()
    try:
        ranks.same(None)
    except Parted as error:
        return {"said": str(error), "seconds": time.monotonic() - began}
    return {"said": "nothing"}


WORK: dict[str, Callable[[Joined], Any]] = {"talk": talk, "die": die}


def main() -> None:
    """Fork the ranks, and print what each of them gives."""
    found = {}
    for size, name in zip(sys.argv[1::2], sys.argv[2::2]):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = forked(int(size), WORK[name], Path(folder))
    print(json.dumps(found))


def forked(size: int, work: Callable[[Joined], Any], folder: Path) -> list[Any]:
    """What a function gives on each of so many ranks; the signal that ended it where one did."""
    torch.set_num_threads(1)
    pids = []
    for rank in range(size):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                ranks = Joined(rank, size, store=meeting(folder / "place", size))
                (folder / f"{rank}.json").write_text(json.dumps(work(ranks)))
                status = 0
            finally:
                os._exit(status)
        pids.append(pid)
    found = []
    for rank, pid in enumerate(pids):
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        found.append(status if status else json.loads((folder / f"{rank}.json").read_text()))
    return found


if __name__ == "__main__":
    main()
