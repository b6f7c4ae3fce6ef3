"""What successive halving has decided, in a depot: for trainings on machines that have no journal in common.

Who comes to a rung writes its score down, then looks who else has, decides and writes that down. An object that was
created stays as it is, so a decision is made once, whoever goes on with the training. Of two who come at the same
moment one at least sees the other.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from palestra.runs.depot import Depot
from palestra.runs.journal import Decision

_CAME, _SAID = "came", "said"


class SharedRungs:
    """The decisions of one sweep.

    Args:
        depot: that all machines have.
        place: of the sweep in it.
    """

    def __init__(self, depot: Depot, place: str):
        self._depot, self._place = depot, place

    def decide(
        self, number: int, seed: int, rung: int, step: int, score: float, goes_on: Callable[[Sequence[float]], bool]
    ) -> bool:
        """As :meth:`palestra.runs.journal.Journal.decide`; all scores at the rung are those that can be seen."""
        known = self._read(self._name(_SAID, seed, rung, number))
        if known is not None:
            return bool(known["goes_on"])
        kept = None if math.isnan(score) else score
        self._write(self._name(_CAME, seed, rung, number), {"score": kept})
        came = [self._read(name) for name in self._depot.names(f"{self._place}/{_CAME}/{seed}/{rung}")]
        scores = [float(each["score"]) for each in came if each is not None and each["score"] is not None]
        decision = Decision(number, seed, rung, step, kept, kept is not None and goes_on(scores))
        self.keep(decision)
        said = self._read(self._name(_SAID, seed, rung, number))  # somebody may have been sooner
        return decision.goes_on if said is None else bool(said["goes_on"])

    def decisions(self, number: int | None = None) -> list[Decision]:
        """Every decision, or those of one trial, of which alone anything is read then."""
        names = self._depot.names(f"{self._place}/{_SAID}")
        said = [self._read(name) for name in names if number is None or name.endswith(f"/{number}")]
        return sorted(Decision(**each) for each in said if each is not None)

    def keep(self, decision: Decision) -> None:
        """Note a decision, unless there is one of the same training at the same rung."""
        where = (decision.seed, decision.rung, decision.number)
        self._write(self._name(_CAME, *where), {"score": decision.score})
        self._write(self._name(_SAID, *where), decision._asdict())

    def clear(self) -> None:
        """Take all of it away."""
        self._depot.remove_all(self._place)

    def _name(self, kind: str, seed: int, rung: int, number: int) -> str:
        return f"{self._place}/{kind}/{seed}/{rung}/{number}"

    def _write(self, name: str, values: dict[str, Any]) -> None:
        """Write, unless it is there; who was killed within it has left it empty, and that is written over."""
        data = json.dumps(values).encode()
        if not self._depot.create(name, data) and self._read(name) is None:
            self._depot.put(name, data)

    def _read(self, name: str) -> Any:
        """What an object says; None where there is none, or an empty one."""
        data = self._depot.get(name)
        return json.loads(data) if data else None
