"""The settings of a learner, from its dataclass and the docstrings of its fields."""

import dataclasses
from typing import Any

from pages.links import cell
from palestra.engine.settings import field_docs


def settings_section(cls: type[Any]) -> str:
    """Name, default and meaning of every setting."""
    docs = field_docs(cls.config_type)
    rows = [
        f"| `{field.name}` | {spelt(field.default)} | {cell(docs[field.name])} |"
        for field in dataclasses.fields(cls.config_type)
    ]
    example = dataclasses.fields(cls.config_type)[0]
    use = f"`--set {example.name}={spelt(example.default).strip('`')}` sets one on the command line."
    copies = f"`--num-envs` is {cls.config_type.default_num_envs:,} unless a recipe says otherwise."
    return "\n".join([f"{use} {copies}", "", "| setting | default | meaning |", "|---|---|---|", *rows])


def spelt(value: Any) -> str:
    """A default as the command line takes it."""
    match value:
        case None | True | False:
            return f"`{str(value).lower()}`"
        case tuple():
            return f"`{','.join(str(part) for part in value)}`"
        case float():
            return f"`{value:g}`"
    return f"`{value}`"
