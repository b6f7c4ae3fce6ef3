"""Every setting of a training by its place and in words, as ``--set`` takes both; without PyTorch."""

import json
from collections.abc import Mapping
from typing import Any

MAPPINGS = ("kwargs", "reference_kwargs")
"""Settings of a world or a data set whose entries are settings of their own."""
_SOURCES = ("world", "dataset")


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Place to value: ``learner.gamma``, ``world.kwargs.gravity``, ``training.budget``."""
    learner = config.get("learner", {})
    parts = {"learner": learner.get("settings", {}), **{key: config[key] for key in _SOURCES if key in config}}
    flat: dict[str, Any] = {}
    for part, values in {**parts, "training": config.get("training", {})}.items():
        for name, value in values.items():
            if name in MAPPINGS and isinstance(value, dict):
                flat |= {f"{part}.{name}.{key}": item for key, item in value.items()}
            else:
                flat[f"{part}.{name}"] = value
    return flat


def spoken(value: Any) -> str:
    """A value as ``--set`` takes it: ``none``, ``true``, ``64,64``, an object as JSON."""
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ",".join(map(spoken, value))
        case dict():
            return json.dumps(value)
    return str(value)
