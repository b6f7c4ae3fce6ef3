"""The list of runs as it changes: every row with the look at which it last did, so that only that is sent again."""

import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from palestra.errors import PalestraError
from palestra.runs import index
from palestra.runs.aside import list_aside
from palestra.runs.index import RunRow
from palestra.runs.query import Query, recipe_of, speed_of
from palestra.runs.series import read_last_steps
from palestra.runs.store import METRICS, read_config

LOOK_SECONDS = 0.7
"""For which what was seen is new enough."""
_SHARE = 20
"""How many times as long as a whole look took is waited before the next, where nothing says that there is need."""


class Listing:
    """The rows of a folder.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path):
        self.root = root
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, Any]] = {}
        self._run_rows: dict[str, RunRow] = {}
        self._changed: dict[str, int] = {}
        self._gone: dict[str, int] = {}
        self._budgets: dict[str, int | None] = {}
        self._look = 0
        self._looked = self._whole = float("-inf")
        self._cost = 0.0
        self._stamp: tuple[int, ...] = ()

    def since(self, cursor: int, query: Query | None = None) -> dict[str, Any]:
        """What changed after a look: ``rows``, ids that are ``gone``, and the ``cursor`` of now.

        A row that the query does not mean is gone for who asks with it. Cursor 0 gives all.
        """
        with self._lock:
            self._refresh()
            first = cursor > self._look or cursor < 0
            since = 0 if first else cursor
            rows = []
            gone = [run_id for run_id, look in self._gone.items() if look > since]
            for run_id, look in self._changed.items():
                if look <= since:
                    continue
                if query is None or query(self._run_rows[run_id]):
                    rows.append(self._rows[run_id])
                else:
                    gone.append(run_id)
            return {"cursor": self._look, "rows": rows, "gone": gone, "count": len(self._rows)}

    def forget(self) -> None:
        """Look again at once, since something was changed from here."""
        with self._lock:
            self._looked = self._whole = float("-inf")

    def others(self) -> dict[str, Any]:
        """Runs that cannot be listed, and those that were set aside."""
        damaged = index.unreadable(self.root, index.list_runs(self.root))
        return {"unreadable": [asdict(each) for each in damaged], "aside": [asdict(e) for e in list_aside(self.root)]}

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        found = self._found()
        look = self._look + 1
        for run_id, row in found.items():
            if row != self._run_rows.get(run_id) or row.status == "running":
                shown = self._shown(row)
                if shown != self._rows.get(run_id):
                    self._rows[run_id], self._changed[run_id] = shown, look
                    self._gone.pop(run_id, None)
                self._run_rows[run_id] = row
        for run_id in self._rows.keys() - found.keys():
            del self._rows[run_id], self._run_rows[run_id], self._changed[run_id]
            self._gone[run_id] = look
        if look in self._changed.values() or look in self._gone.values():
            self._look = look
        self._looked = time.monotonic()

    def _found(self) -> dict[str, RunRow]:
        """Every row; only those of trainings are read anew where neither the folder nor its index has changed."""
        began = time.monotonic()
        if self._stamps() == self._stamp and began - self._whole < _SHARE * self._cost:
            found = dict(self._run_rows)
            for run_id in [row.id for row in found.values() if row.status == "running"]:
                try:
                    found[run_id] = index.look(self.root, run_id)
                except PalestraError:
                    del found[run_id]
            return found
        rows = {row.id: row for row in index.list_runs(self.root)}
        self._whole = time.monotonic()
        self._cost, self._stamp = self._whole - began, self._stamps()
        return rows

    def _stamps(self) -> tuple[int, ...]:
        """What changes when runs come and go, and when one ends."""
        stamps = []
        for path in (self.root, self.root / "index.db"):
            try:
                stamps.append(path.stat().st_mtime_ns)
            except OSError:
                stamps.append(0)
        return tuple(stamps)

    def _shown(self, row: RunRow) -> dict[str, Any]:
        shown = {**vars(row), "recipe": recipe_of(row), "speed": speed_of(row)}
        if row.status == "running":  # its manifest is written now and then, its numbers oftener
            shown["steps"] = max([row.steps, *self._steps(row.id)])
            shown["budget"] = self._budget(row.id)
        return shown

    def _steps(self, run_id: str) -> list[int]:
        try:
            return [*read_last_steps(self.root / run_id / METRICS).values()]
        except (PalestraError, OSError):
            return []

    def _budget(self, run_id: str) -> int | None:
        if run_id not in self._budgets:
            try:
                self._budgets[run_id] = read_config(self.root / run_id).get("training", {}).get("budget")
            except PalestraError:
                self._budgets[run_id] = None
        return self._budgets[run_id]
