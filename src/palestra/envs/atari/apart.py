"""A row of copies in a process of its own: ale-py keeps Python's lock while an emulator runs, so threads take turns."""

import multiprocessing
import signal
from multiprocessing.connection import Connection
from typing import Any
from weakref import WeakSet

import torch

from palestra.envs.atari.row import Results, Row
from palestra.envs.atari.settings import AtariSettings
from palestra.errors import PalestraError

LOST = (EOFError, OSError)
"""What reading from a process raises that has ended, or writing to it."""
SECONDS_TO_END = 1.0
"""That it has to end by itself when it is told to."""

_ends: WeakSet[Connection] = WeakSet()
"""Where this process asks. One that it forks has them too, and would keep them open when this one is gone."""


class RowApart:
    """A ``Row`` elsewhere, which is asked first and answers later, so that all of them work at once.

    Args:
        rom: name of the game in ale-py.
        settings: of the chain.
        first: the number of the first copy among all of them.
        results: of these copies, in memory that is shared with processes forked from this one.
    """

    def __init__(self, rom: str, settings: AtariSettings, first: int, results: Results):
        self._named = f"the process of copies {first} to {first + len(results.reward) - 1} of {rom}"
        forked = multiprocessing.get_context("fork")
        self._pipe, theirs = forked.Pipe()
        _ends.add(self._pipe)
        self.process = forked.Process(target=_serve, args=(theirs, rom, settings, first, results), daemon=True)
        self.process.start()
        theirs.close()
        self._owed = 0

    def ask(self, what: str, *args: Any) -> None:
        """Have it call a method of its row. PalestraError if it is gone."""
        while self._owed:  # somebody was interrupted before it answered
            self.answer()
        self._owed += 1
        try:
            self._pipe.send((what, args))
        except LOST as error:
            raise self._lost() from error

    def answer(self) -> Any:
        """What the method returned; PalestraError if the process ended before."""
        try:
            answer = self._pipe.recv()
        except LOST as error:
            raise self._lost() from error
        self._owed -= 1
        return answer

    def _lost(self) -> PalestraError:
        self.process.join(SECONDS_TO_END)
        code = self.process.exitcode
        how = "is gone" if code is None else f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        return PalestraError(f"{self._named} {how}; expected that it plays on. Resume the run, or begin again")

    def close(self) -> None:
        """End the process."""
        self._pipe.close()  # which it waits at
        self.process.join(SECONDS_TO_END)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()


def _serve(pipe: Connection, rom: str, settings: AtariSettings, first: int, results: Results) -> None:
    """What the process does until nobody is left to ask it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too, but a step is waited for
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which a trainer that was forked had taken for itself
    torch.set_num_threads(1)  # threads do not survive a fork
    for end in list(_ends):
        end.close()
    row = Row(rom, settings, first, results)
    try:
        while True:
            what, args = pipe.recv()
            pipe.send(getattr(row, what)(*args))
    except (EOFError, ConnectionError):
        return
