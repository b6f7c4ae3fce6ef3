"""``python -m palestra.studio.workshop RUNS``: what takes PyTorch is done here, beside the server, which stays small.

A line of JSON is asked, a line of JSON is the answer: ``{"do": "exhibits", "run": ID, "step": 4096}`` to
``{"done": ...}``, or ``{"error": "one line"}``. It ends with its input.
"""

import dataclasses
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO, get_type_hints

import numpy as np

from palestra.errors import PalestraError, UsageError, require, unknown_name
from palestra.ops import evidence
from palestra.pictures.comparison import curve_of, thresholds_over
from palestra.recipes.registry import get_recipe
from palestra.studio.answers import finite
from palestra.studio.folder import Folder
from palestra.studio.packing import packed_steps, plain

MOST_RUNS = 200
"""That are compared at once."""


class Workshop:
    """The work, by name.

    Args:
        root: the folder of the runs.
    """

    def __init__(self, root: Path):
        self._folder = Folder(root)
        self._ways: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "asked": self._asked, "exhibits": self._exhibits, "compare": self._compare, "recipe": self._recipe,
        }  # fmt: skip

    def answer(self, line: str) -> str:
        """The line that answers a line."""
        try:
            command = json.loads(line)
            do = command.get("do")
            if do not in self._ways:
                raise unknown_name("work", str(do), self._ways)
            return json.dumps({"done": finite(self._ways[do](command))}, allow_nan=False)
        except PalestraError as error:
            return json.dumps({"error": " ".join(str(error).split()), "usage": isinstance(error, UsageError)})
        except Exception as error:  # a learner's own fault must not end the others' workshop
            return json.dumps({"error": f"{type(error).__name__}: {error}", "usage": False})

    def _asked(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """In what a run differs from its recipe, and how to ask for it again."""
        from palestra.learners.registry import learner_type
        from palestra.trials.shown import changes, command_of, plan_of, python_of

        plan = plan_of(self._folder.path(command["run"]))
        found, learner = changes(plan), learner_type(plan.learner.name).learner
        return {
            "changes": None if found is None else [dataclasses.asdict(change) for change in found],
            "command": command_of(plan),
            "python": python_of(plan),
            "headline": plan.headline,
            "direction": learner.direction,
            "unit": learner.clock_unit,
        }

    def _exhibits(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """What a run has to show at one of its checkpoints."""
        from palestra.trials.shown import exhibits_at

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            step, found = exhibits_at(self._folder.path(command["run"]), command.get("step"))
        return {"step": step, "exhibits": [plain(each) for each in found], "notes": [str(w.message) for w in caught]}

    def _compare(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Whether one kind of training among some runs beats another: the words of ``palestra compare``."""
        from palestra.trials.compare import compare_chosen, side_of

        ids = dict.fromkeys(command["runs"])
        require(1 <= len(ids) <= MOST_RUNS, f"{len(ids)} runs", f"from 1 to {MOST_RUNS}")
        done = compare_chosen([self._folder.path(run_id) for run_id in ids])
        sides = [side_of(group) for group in done.groups]
        reaching = thresholds_over(np.concatenate([side.values for side in sides]))
        told = []
        for group, side in zip(done.groups, sides):
            curve = curve_of(side.series)
            told.append(
                {
                    "name": group.name,
                    "runs": [run.id for run in group.runs],
                    "values": group.values.tolist(),
                    "iqm": float(evidence.iqm(group.values)),
                    "interval": [float(end) for end in evidence.bootstrap_interval(evidence.iqm, group.values)],
                    "curve": None if curve is None else {**plain(curve), "steps": packed_steps(curve.steps)},
                    "profile": plain(evidence.performance_profile(group.values, reaching)),
                    "budget": group.budget,
                }
            )
        first = done.groups[0]
        return {
            "measured": done.measured,
            "env": first.env,
            "metric": first.metric,
            "headline": first.headline,
            "unit": first.unit,
            "direction": first.direction,
            "sides": told,
            "reaching": plain(reaching),
            "pairs": [dataclasses.asdict(pair) for pair in done.pairs],
            "level": done.level,
            "winner": done.winner,
            "why": done.why,
            "notes": list(done.notes),
        }

    def _recipe(self, command: Mapping[str, Any]) -> dict[str, Any]:
        """Every setting of a recipe: its type, what it means, what it is, and what it would be."""
        from palestra.engine.settings import field_docs, type_name
        from palestra.trials.plan import resolve

        recipe = get_recipe(command["recipe"])
        plan = resolve(recipe)
        parts: dict[str, Any] = {"learner": plan.learner.settings, plan.source.key: plan.source}
        parts["training"] = plan.training
        told = []
        for part, config in parts.items():
            docs, hints = field_docs(type(config)), get_type_hints(type(config))
            usual = dataclasses.asdict(type(config)()) if part == "learner" else {}
            for name, value in dataclasses.asdict(config).items():
                here = {"part": part, "name": name, "value": value, "type": type_name(hints[name])}
                told.append({**here, "usual": usual.get(name, value), "help": docs.get(name, "")})
        return {"settings": plain(told), "headline": plan.headline}


def work(root: Path, asked: Iterable[str], answers: TextIO) -> None:
    """Answer every line until there are no more."""
    shop = Workshop(root)
    for line in asked:
        print(shop.answer(line), file=answers, flush=True)


def main(arguments: list[str]) -> int:
    """Work for the studio; returns the exit status."""
    if len(arguments) != 1:
        print("usage: python -m palestra.studio.workshop RUNS", file=sys.stderr)
        return 2
    import torch

    torch.set_num_threads(1)  # beside trainings
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    work(Path(arguments[0]), sys.stdin, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
