"""The process of one trial.

``python -m palestra.trials.worker`` reads one line of JSON (``trial``, ``folder``) and prints one, the result; before
that it prints an empty line every second, as a sign of life. When its standard input ends, it saves and stops: so it
does when whoever started it is killed.
"""

import ctypes
import json
import os
import select
import signal
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from palestra.envs.modules import import_module
from palestra.errors import PalestraError
from palestra.trials.train import Interrupted
from palestra.trials.trial import Result, Trial, attempt

BEAT = 1.0
"""Seconds between two signs of life."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    """Try what standard input asks for."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a world prints is no answer
    wake_when_left()
    threading.Thread(target=_beat, args=(answers,), daemon=True).start()
    for module in sys.argv[1:]:  # as they were typed to the command that tries this
        import_module(module)
    request = json.loads(sys.stdin.readline())
    if select.select([sys.stdin], [], [], 0)[0]:  # it has ended: whoever asked is gone, and may ask another one
        return
    threading.Thread(target=stop_when_left, daemon=True).start()
    trial = Trial.from_json(request["trial"])
    try:
        result = attempt(trial, Path(request["folder"]))
    except Interrupted:
        result = Result(trial.seed, error="interrupted")
    except PalestraError as error:
        result = Result(trial.seed, error=str(error))
    with open(answers, "w", closefd=False) as said:
        said.write(json.dumps(asdict(result)) + "\n")


def wake_when_left() -> None:
    """Have Linux wake this process, should it be frozen, once the one that started it is gone: then it can stop."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)


def _beat(answers: int) -> None:
    while True:
        try:
            os.write(answers, b"\n")
        except OSError:  # nobody is there to hear it
            return
        time.sleep(BEAT)


def stop_when_left() -> None:
    """Have this process save and stop once its standard input ends. Does not come back before."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
