"""What ``import palestra`` gives, for type checkers, which cannot know the type of a name that loads on first use."""

from collections import defaultdict
from collections.abc import Iterable

import palestra
from palestra.learners.registry import LEARNERS, learner_type

WIDTH = 120
REGISTRY = "palestra.learners.registry"
_HEAD = '''\
"""The names of ``import palestra`` with their types. Written by `make docs` from the registry. Edit that."""

'''


def stub() -> str:
    """``palestra/__init__.pyi``: every function, every learner and its settings, from where they stand."""
    imported: dict[str, set[str]] = defaultdict(set)
    for name, module in palestra.FUNCTIONS.items():
        imported[module].add(name)
    held = []
    for name in LEARNERS:
        registered = learner_type(name)
        cls, config = registered.kind.__name__, registered.config_type
        own = config.__name__ == f"{cls}Config"
        imported[config.__module__].add(config.__name__ if own else f"{config.__name__} as {cls}Config")
        if registered.is_learner:
            imported[registered.kind.__module__].add(cls)
        else:  # a rule or a policy: called, it makes the learner of its family that holds it
            held.append(cls)
            imported[REGISTRY].add("LearnerType")
    lines = [line for module in sorted(imported) for line in _imports(module, imported[module])]
    exported = "".join(f'    "{name}",\n' for name in _in_order(palestra.__all__))
    declared = "\n".join(["__version__: str", *(f"{cls}: LearnerType" for cls in _in_order(held))])
    return _HEAD + "\n".join(lines) + f"\n\n__all__ = [\n{exported}]\n\n{declared}\n"


def _imports(module: str, names: Iterable[str]) -> list[str]:
    """Import statements as the formatter leaves them: what has another name here stands alone."""
    plain = ", ".join(_in_order(name for name in names if " as " not in name))
    lines = [f"from {module} import {name}" for name in _in_order(names) if " as " in name]
    if not plain:
        return lines
    whole = f"from {module} import {plain}"
    if len(whole) <= WIDTH:
        return [whole, *lines]
    return [f"from {module} import (", *(f"    {name}," for name in plain.split(", ")), ")", *lines]


def _in_order(names: Iterable[str]) -> list[str]:
    """As linters sort them: constants, classes, the rest."""
    return sorted(names, key=lambda name: (0 if name.isupper() else 1 if name[0].isupper() else 2, name))
