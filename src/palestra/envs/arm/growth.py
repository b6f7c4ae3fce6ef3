"""Randomisation that grows while success holds (automatic domain randomisation, OpenAI 2019, https://arxiv.org/abs/1910.07113).

Every range begins where the level "none" has it and may grow to where "high" has it. Each end of each range is a
*boundary* of its own, with a share between 0 and 1 of that way:

    in an episode with probability PROBED: one boundary, drawn uniformly, and its number put right there  (algorithm 1)
    after EPISODES episodes at a boundary: share + STEP where GOOD of them succeeded, share - STEP where BAD

All other numbers of such an episode, and all of the other episodes, are drawn from between the ends as they are. The
ranges are a part of the world's state: ``reset`` starts them anew, and what is saved continues exactly.

The paper has 240 episodes at a boundary and an unlimited range; here are 32, and the level "high" is the end.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from palestra.envs.arm import drive, looks
from palestra.envs.arm.drive import Drives
from palestra.envs.arm.looks import Looks

PROBED = 0.5
EPISODES = 32
GOOD, BAD = 0.9, 0.6
"""Shares of successes. An expert of the arm reaches nearly always, so that much less is a failure to adapt."""
STEP = 0.05
LATE = "latency"
"""What does not grow: half a step of delay cannot be had."""


class Boundary(NamedTuple):
    """One end of one range."""

    of: str
    """look or drive."""
    field: str
    end: str
    """low, high, or both, of a number that goes as far to either side."""

    @property
    def name(self) -> str:
        """Such as ``look.table.low``."""
        return ".".join(self)


def boundaries(of: str) -> list[Boundary]:
    """Those of looks or drives whose level "high" is wider than "none"."""
    none, high = _levels(of)
    found = []
    for field in fields(none):
        narrow, wide = getattr(none, field.name), getattr(high, field.name)
        if field.name == LATE or narrow == wide:
            continue
        if not isinstance(narrow, tuple):
            found.append(Boundary(of, field.name, "both"))
            continue
        found += [Boundary(of, field.name, end) for i, end in enumerate(("low", "high")) if narrow[i] != wide[i]]
    return found


def _levels(of: str) -> tuple[Any, Any]:
    levels: dict[str, Any] = {**(looks.LEVELS if of == "look" else drive.LEVELS)}
    return levels["none"], levels["high"]


class Growth:
    """How far each boundary has grown, and what came of the episodes at it.

    Args:
        of: "look", "drive", or both.
    """

    def __init__(self, of: Sequence[str]) -> None:
        self.boundaries = [boundary for each in of for boundary in boundaries(each)]
        with torch.inference_mode(False):  # written again when episodes end
            self.share_K = torch.zeros(len(self.boundaries), dtype=torch.float64)
            self.tried_K = torch.zeros(len(self.boundaries), dtype=torch.int64)
            self.succeeded_K = torch.zeros(len(self.boundaries), dtype=torch.int64)

    def reset(self) -> None:
        """Begin anew, as the level "none"."""
        for each in (self.share_K, self.tried_K, self.succeeded_K):
            each.zero_()

    def choose(self, num: int, generator: Generator) -> Tensor:
        """(num,) int64: the boundary at which each of so many episodes is played, -1 for none."""
        uniform_2B = torch.rand(2, num, generator=generator)
        which_B = (uniform_2B[0] * len(self.boundaries)).long().clamp_max(len(self.boundaries) - 1)
        return which_B.masked_fill(uniform_2B[1] >= PROBED, -1)

    def judge(self, probe_B: Tensor, success_B: Tensor) -> None:
        """Count episodes that have ended, and move the boundaries at which enough have."""
        for which, success in zip(probe_B.tolist(), success_B.tolist()):
            if which < 0:
                continue
            self.tried_K[which] += 1
            self.succeeded_K[which] += int(success)
            if self.tried_K[which] < EPISODES:
                continue
            rate = int(self.succeeded_K[which]) / EPISODES
            change = STEP if rate >= GOOD else -STEP if rate <= BAD else 0.0
            # Rounded, so that twenty steps are the whole way.
            self.share_K[which] = round(min(max(float(self.share_K[which]) + change, 0.0), 1.0), 6)
            self.tried_K[which] = self.succeeded_K[which] = 0

    def looks(self) -> Looks:
        """The ranges of looks as they are."""
        return Looks(**self._ranges("look"))

    def drives(self) -> Drives:
        """The ranges of drives as they are."""
        return Drives(**self._ranges("drive"))

    def placed(self, of: str, uniform_BL: Tensor, probe_B: Tensor) -> Tensor:
        """Uniform numbers of looks or drives with those of each copy's boundary put to its end, 0 or 1."""
        uniform_BL = uniform_BL.clone()
        for k, boundary in enumerate(self.boundaries):
            rows = (probe_B == k).nonzero().squeeze(1)
            if boundary.of != of or len(rows) == 0:
                continue
            columns = looks.columns(boundary.field) if of == "look" else _DRIVE_COLUMNS[boundary.field]
            there = uniform_BL[rows, columns]
            end = {"low": torch.zeros_like(there), "high": torch.ones_like(there), "both": there.round()}[boundary.end]
            uniform_BL[rows, columns] = end
        return uniform_BL

    def report(self) -> dict[str, float]:
        """The share of every boundary, by its name."""
        return {boundary.name: float(share) for boundary, share in zip(self.boundaries, self.share_K)}

    def state_dict(self) -> dict[str, Any]:
        """What a resumed world needs."""
        return {"share": self.share_K.clone(), "tried": self.tried_K.clone(), "succeeded": self.succeeded_K.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where ``state_dict`` was taken."""
        for name, own in (("share", self.share_K), ("tried", self.tried_K), ("succeeded", self.succeeded_K)):
            own.copy_(state[name])

    def _ranges(self, of: str) -> dict[str, Any]:
        none, high = _levels(of)
        values = {field.name: getattr(none, field.name) for field in fields(none)}
        for boundary, share in zip(self.boundaries, self.share_K.tolist()):
            if boundary.of != of:
                continue
            now, wide = values[boundary.field], getattr(high, boundary.field)
            if boundary.end == "both":
                values[boundary.field] = now + share * (wide - now)
            else:
                i = ("low", "high").index(boundary.end)
                end = now[i] + share * (wide[i] - now[i])
                values[boundary.field] = (end, now[1]) if i == 0 else (now[0], end)
        return values


_DRIVE_COLUMNS = {"lag": slice(0, 1), "sag": slice(1, None)}
