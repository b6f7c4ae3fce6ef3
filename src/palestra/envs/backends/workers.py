"""Worker processes of an asynchronous vector environment: how long each may take, and how one that is lost is named."""

import socket
import struct
import traceback
from typing import Any

from gymnasium.vector import AsyncVectorEnv
from gymnasium.vector.async_vector_env import AsyncState

LOST = (EOFError, OSError)
"""What reading from a worker raises that has ended (EOFError, a broken pipe) or does not answer (BlockingIOError)."""
SECONDS_TO_END = 1.0
"""That workers have to end by themselves when they are told to."""


def set_patience(env: AsyncVectorEnv, seconds: float) -> None:
    """Let reading an answer fail with BlockingIOError after so many seconds; 0 waits for ever.

    The pipes are socket pairs, and the kernel keeps this clock: it costs a step nothing.
    """
    whole = int(seconds)
    limit = struct.pack("ll", whole, int((seconds - whole) * 1e6))
    for pipe in env.parent_pipes:
        with socket.socket(fileno=socket.dup(pipe.fileno())) as end:  # the setting belongs to what both refer to
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


def lost_worker(env: AsyncVectorEnv, error: BaseException, seconds: float) -> tuple[int, str]:
    """The copy whose worker is lost, the one that was being read or written when it raised, and what became of it."""
    ends = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
    copy = next(copy for copy, pipe in enumerate(env.parent_pipes) if any(end is pipe for end in ends))
    if isinstance(error, BlockingIOError):
        return copy, f"its worker process has not answered for {seconds:g} seconds"
    process: Any = env.processes[copy]
    process.join(SECONDS_TO_END)
    code = process.exitcode
    how = "is gone" if code is None else f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
    return copy, f"its worker process {how}"


def end_workers(env: AsyncVectorEnv) -> None:
    """End every worker process, one that hangs too, and close the environment."""
    for process in env.processes:
        process.terminate()
    for process in env.processes:
        process.join(SECONDS_TO_END)
        if process.exitcode is None:
            process.kill()
    env._state = AsyncState.DEFAULT  # no answer is waited for
    env.close(terminate=True)
