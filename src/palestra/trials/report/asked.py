"""What a report is asked for, and the command line that asks for it."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

OPTIONS = ("estimator", "data", "target", "test", "group", "time", "separator", "reference", "cost", "folds", "seed")
"""Written as ``--name value`` wherever they are not what they are by default."""


@dataclass(frozen=True)
class Asked:
    """What a report is asked for: a run, or an estimator on data."""

    run: str = ""
    """A run's folder or id."""
    estimator: str = ""
    """A name of scikit-learn's, a pipeline as JSON, or a recipe."""
    data: str = ""
    """A data set, or a CSV."""
    target: str = ""
    """The column to predict, of a CSV."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the estimator, as values or as text that stands for them."""
    test: str = ""
    """A CSV that is looked at once, in the end."""
    group: str = ""
    """The column that says which rows belong together."""
    time: str = ""
    """The column that says when."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    separator: str = ""
    """Between two values; a comma if empty, in a ``.tsv`` a tabulator."""
    reference: float | None = None
    """The error that could be reached: a share of rows, or a root mean squared error."""
    cost: str = ""
    """``missed=10,false_alarm=1``."""
    folds: int = 5
    seed: int = 0

    def command(self, **changes: Any) -> str:
        """The command line for it, or for it with other values of some of its fields."""
        values = {each.name: getattr(self, each.name) for each in fields(self)} | changes
        plain = Asked()
        words = ["palestra", "report", *([values["run"]] if values["run"] else [])]
        for name in OPTIONS:
            if values[name] not in (getattr(plain, name), ""):
                words += [f"--{name}", f"{values[name]}"]
        for name, value in values["settings"].items():
            words += ["--set", f"{name}={value}"]
        for name in values["drop"]:
            words += ["--drop", name]
        return shlex.join(words)


def parsed(text: Any) -> Any:
    """A value as the command line has it: JSON, Python's words for nothing and for truth, or else a text."""
    known = {"None": None, "True": True, "False": False}
    if not isinstance(text, str):
        return text
    if text in known:
        return known[text]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
