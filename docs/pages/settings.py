"""The settings of a learner, from its dataclass and the docstrings of its fields."""

import dataclasses
from typing import Any

from pages.links import cell
from palestra.engine.settings import field_docs


def settings_section(config: type[Any], worlds: bool) -> str:
    """Name, default and meaning of every setting; of what learns in worlds, also in how many copies."""
    docs, fields = field_docs(config), dataclasses.fields(config)
    if not fields:
        return "It has none."
    rows = [f"| `{field.name}` | {spelt(default(field))} | {cell(docs[field.name])} |" for field in fields]
    example = fields[0]
    use = f"`--set {example.name}={spelt(default(example)).strip('`')}` sets one on the command line."
    few, finite = config.default_num_envs, config.default_num_envs_finite or config.default_num_envs
    many = f", {finite} where the world is played as a finite process," if finite != few else ""
    copies = f" `--num-envs` is {few:,}{many} unless a recipe says otherwise." if worlds else ""
    return "\n".join([use + copies, "", "| setting | default | meaning |", "|---|---|---|", *rows])


def default(field: dataclasses.Field[Any]) -> Any:
    """What a setting is where nobody sets it."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


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
