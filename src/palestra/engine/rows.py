"""The rows of a training: means of what its steps report, and where a row goes."""

from collections.abc import Mapping
from typing import Any

from palestra.measure import Metrics
from palestra.runs import tensorboard
from palestra.runs.store import Run


class Rows:
    """Gathers what steps report, and hands rows on to a run's numbers and to TensorBoard.

    Args:
        run: which keeps them; None for none.
    """

    def __init__(self, run: Run | None) -> None:
        self.run = run
        self.last: Metrics = {}
        """The last value of each metric."""
        self.written: set[str] = set()
        """Names of the metrics that were reported since this was emptied."""
        self.sums: Metrics = {}
        """Of each metric since the last row."""
        self._counts: dict[str, int] = {}
        self._mirror: tensorboard.TensorBoardMirror | None = None

    def open_mirror(self, resumed_from: int | None) -> None:
        """From now on have them in TensorBoard too, if it is there, without what it has of steps beyond a resume's."""
        if self.run and tensorboard.is_available():
            self._mirror = tensorboard.TensorBoardMirror(self.run.path / "tb")
            if resumed_from is not None:
                self._mirror.restart_at(resumed_from)

    def gather(self, metrics: Mapping[str, float]) -> None:
        """Take in what a step reports."""
        for key, value in metrics.items():
            self.sums[key] = self.sums.get(key, 0.0) + float(value)
            self._counts[key] = self._counts.get(key, 0) + 1

    def mean(self) -> Metrics:
        """The mean of each metric since the last row."""
        return {key: total / self._counts[key] for key, total in self.sums.items()}

    def begin(self) -> None:
        """Begin a new row."""
        self.sums.clear()
        self._counts.clear()

    def report(self, clock: int, row: Metrics) -> None:
        """Hand on a row, or a part of one."""
        self.last = {**self.last, **row}
        self.written |= row.keys()
        if self.run:
            self.run.metrics.add(clock, row)
        if self._mirror:
            self._mirror.add(clock, row)

    def forget(self, prefix: str) -> None:
        """Let go of the last values of metrics whose names begin so."""
        self.last = {name: value for name, value in self.last.items() if not name.startswith(prefix)}

    def headline(self, name: str) -> str:
        """The last value of what says how good it is, or of what else is usual; empty before there is any."""
        for key in (name, "train/return_mean", "train/loss"):
            if key in self.last:
                return f"{key} {self.last[key]:.4g}"
        return ""

    def flush(self) -> None:
        """Make durable what there is."""
        if self.run:
            self.run.metrics.commit()
        if self._mirror:
            self._mirror.flush()

    def close(self) -> None:
        """Let go of TensorBoard's files; the run's own stay open."""
        if self._mirror:
            self._mirror.close()

    def state_dict(self) -> dict[str, Any]:
        """What the next row depends on."""
        return {"sums": dict(self.sums), "counts": dict(self._counts), "last_row": dict(self.last)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.sums, self._counts = dict(state["sums"]), dict(state["counts"])
        self.last = dict(state["last_row"])
