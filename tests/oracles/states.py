"""A learner's state, to compare: as one hash, as a file gives it back, and from processes of their own."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from palestra.engine.learner import Learner
from palestra.runs.codec import decode, encode


def hash_of(learner: Learner) -> str:
    """SHA-256 of a learner's whole state."""
    tensors, tree = encode(learner.state_dict())
    digest = hashlib.sha256(json.dumps(tree).encode())
    for name, tensor in tensors.items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def saved(learner: Learner) -> Any:
    """A learner's state as a file would give it back."""
    tensors, tree = encode(learner.state_dict())
    return decode({name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(tree)))


def lines_of_two_processes(test_file: str) -> list[str]:
    """What a test file's ``print_hashes`` prints, which has to be the same in two processes that hash differently."""
    path = Path(test_file)
    program = f"import sys; sys.path.insert(0, {str(path.parent)!r}); import {path.stem} as t; t.print_hashes()"
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
            env={**environ, "PYTHONHASHSEED": seed},
        )
        for seed in ("0", "12345")
    ]  # fmt: skip
    printed = {process.communicate(timeout=120)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    (same,) = printed
    return list(same.splitlines())
