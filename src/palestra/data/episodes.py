"""Returns and lengths of the episodes that training happens to finish, and what their environments said of them."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from palestra.data.rollout import Report
from palestra.envs.reports import Numbers

WINDOW = 100
"""Episodes that the running means are taken over."""


class EpisodeTracker:
    """Follows E environments through rollouts and remembers the last 100 finished episodes.

    Args:
        num_envs: E.
    """

    def __init__(self, num_envs: int):
        self._return_E = np.zeros(num_envs)
        self._length_E = np.zeros(num_envs, dtype=np.int64)
        self.finished = 0
        self._recent: deque[tuple[float, int, Numbers]] = deque(maxlen=WINDOW)
        self._metrics: dict[str, float] | None = None  # until another episode has finished

    def add(self, reward_TE: Tensor, done_TE: Tensor, reports: Sequence[Report] = ()) -> None:
        """Account for a rollout: rewards (T, E), episode ends (T, E) bool, and what was said at those ends."""
        done = done_TE.cpu().numpy()
        steps, num_envs = done.shape
        total_ET = (self._return_E + np.cumsum(reward_TE.cpu().numpy(), axis=0, dtype=np.float64)).T
        age_ET = (self._length_E + np.arange(1, steps + 1)[:, None]).T
        env, t = np.nonzero(done.T)
        start_of_return, start_of_length = np.zeros(num_envs), np.zeros(num_envs, dtype=np.int64)
        if env.size:
            again = env[1:] == env[:-1]  # not the first end of its environment here
            ends, ages = total_ET[env, t], age_ET[env, t]
            returns, lengths = ends.copy(), ages.copy()
            returns[1:] -= np.where(again, ends[:-1], 0.0)
            lengths[1:] -= np.where(again, ages[:-1], 0)
            self.finished += env.size
            self._metrics = None
            in_time = np.argsort(t, kind="stable")[-WINDOW:]
            said = {(report.step, report.copy): report.numbers for report in reports}
            numbers = (said.get(end, {}) for end in zip(t[in_time].tolist(), env[in_time].tolist()))
            self._recent.extend(zip(returns[in_time].tolist(), lengths[in_time].tolist(), numbers))
            # With repeated indices NumPy keeps the last assignment, which is the latest end of that environment.
            start_of_return[env], start_of_length[env] = ends, ages
        self._return_E = total_ET[:, -1] - start_of_return
        self._length_E = age_ET[:, -1] - start_of_length

    def restart(self, restarted_E: Tensor) -> None:
        """Forget the unfinished episodes of environments (E,) bool that began anew."""
        mask = restarted_E.cpu().numpy()
        self._return_E[mask] = 0.0
        self._length_E[mask] = 0

    def metrics(self) -> dict[str, float]:
        """Means over the last 100 episodes; empty before the first one has finished."""
        if self._metrics is None:
            self._metrics = self._means()
        return dict(self._metrics)

    def _means(self) -> dict[str, float]:
        if not self._recent:
            return {}
        returns, lengths, numbers = zip(*self._recent)
        return {
            "train/return_mean": sum(returns) / len(returns),
            "train/length_mean": sum(lengths) / len(lengths),
            "train/episodes": float(self.finished),
            **{f"env/{name}": mean for name, mean in means(numbers).items()},
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything, as arrays and JSON values."""
        return {
            "return": self._return_E,
            "length": self._length_E,
            "finished": self.finished,
            "recent": [[r, n, said] if said else [r, n] for r, n, said in self._recent],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._return_E = np.array(state["return"])
        self._length_E = np.array(state["length"])
        self.finished = state["finished"]
        self._metrics = None
        self._recent = deque(((r, n, said[0] if said else {}) for r, n, *said in state["recent"]), maxlen=WINDOW)


def means(reports: Iterable[Numbers]) -> Numbers:
    """The mean of each number over those episodes whose environments said it, by name in alphabetical order."""
    columns: dict[str, list[float]] = {}
    for numbers in reports:
        for name, number in numbers.items():
            columns.setdefault(name, []).append(number)
    return {name: sum(column) / len(column) for name, column in sorted(columns.items())}
