"""Threads that take turns at a depot, one operation at a time, in an order that a test chooses."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from palestra.runs.depot import Depot


class Over(BaseException):
    """No more turns."""


class Turns:
    """Gives one thread after the other a turn, as soon as all of them wait for one.

    Args:
        actors: what each thread does.
        choices: the place of the next one among those that wait, turn by turn; with the last it is over.
        before: called before each turn.
    """

    def __init__(self, actors: Sequence[Callable[[], None]], choices: Sequence[int], before: Callable[[], None]):
        self._choices, self._before = choices, before
        self._changed = threading.Condition()
        self._waiting: dict[int, threading.Event] = {}
        self._over = False
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._live, args=(actor,), daemon=True) for actor in actors]

    def take(self) -> None:
        """Wait for a turn; raises Over when there are none any more."""
        mine = threading.Event()
        with self._changed:
            self._waiting[threading.get_ident()] = mine
            self._changed.notify()
        mine.wait()
        if self._over:
            raise Over

    def run(self) -> None:
        """Until every actor is done, or no choice is left."""
        for thread in self._threads:
            thread.start()
        for choice in self._choices:
            ready = self._ready()
            if not ready:
                break
            self._before()
            self._waiting.pop(ready[choice % len(ready)]).set()
        self._ready()
        self._over = True
        for mine in self._waiting.values():
            mine.set()
        for thread in self._threads:
            thread.join()

    def _ready(self) -> list[int]:
        """Those that wait, once nobody is under way."""
        with self._changed:
            while True:
                alive = [thread.ident for thread in self._threads if thread.is_alive()]
                if all(each in self._waiting for each in alive):
                    return sorted(each for each in alive if each is not None)
                self._changed.wait(0.05)

    def _live(self, actor: Callable[[], None]) -> None:
        try:
            actor()
        except Over:
            pass
        except BaseException as error:
            self.errors.append(error)
        with self._changed:
            self._changed.notify()


class TurnDepot(Depot):
    """A depot in memory, of which each operation is one turn.

    Args:
        objects: what it holds.
        turns: whose; may be set later.
        done: called with the operation and the name, within the turn.
    """

    url = "turns"

    def __init__(self, objects: dict[str, bytes], done: Callable[[str, str], None]):
        self.objects, self._done = objects, done
        self.turns: Turns | None = None

    def make(self) -> None:
        pass

    def create(self, name: str, data: bytes) -> bool:
        self._turn()
        if name in self.objects:
            return False
        self.objects[name] = data
        self._done("create", name)
        return True

    def put(self, name: str, data: bytes) -> None:
        self._turn()
        self.objects[name] = data
        self._done("put", name)

    def put_file(self, name: str, path: Path) -> None:
        self.put(name, path.read_bytes())

    def get(self, name: str) -> bytes | None:
        self._turn()
        return self.objects.get(name)

    def get_file(self, name: str, path: Path) -> str | None:
        raise NotImplementedError

    def names(self, place: str) -> list[str]:
        self._turn()
        return sorted(name for name in self.objects if name.startswith(f"{place}/"))

    def remove(self, name: str) -> None:
        self._turn()
        self.objects.pop(name, None)

    def remove_all(self, place: str) -> None:
        for name in self.names(place):
            self.remove(name)

    def _turn(self) -> None:
        assert self.turns is not None
        self.turns.take()
