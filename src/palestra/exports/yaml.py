"""Values as YAML: what stands at the head of a model card. Written, and never read: a card is no source of ours."""

import json
import re
from typing import Any

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""Keys that need no quotes."""
WORDS = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
"""But for those that some reader takes for something else than text."""


def yaml(value: dict[str, Any]) -> str:
    """A mapping of JSON values in block style; texts are in quotes, so that none is taken for a number or a date."""
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [line for key, item in value.items() for line in _entry(f"{_key(key)}:", item, "  ")]
    return [line for item in value for line in _item(item)]


def _entry(head: str, item: Any, indent: str) -> list[str]:
    if isinstance(item, dict | list) and item:
        return [head, *(indent + line for line in _lines(item))]
    return [f"{head} {_scalar(item)}"]


def _item(item: Any) -> list[str]:
    if isinstance(item, dict | list) and item:
        first, *rest = _lines(item)
        return [f"- {first}", *(f"  {line}" for line in rest)]
    return [f"- {_scalar(item)}"]


def _key(key: str) -> str:
    return key if PLAIN.fullmatch(key) and key.lower() not in WORDS else json.dumps(key)


def _scalar(value: Any) -> str:
    """A value on one line, as JSON has it; numbers so that readers of YAML 1.1 take them for numbers too."""
    if isinstance(value, float):
        text = repr(value)
        if text in ("inf", "-inf", "nan"):
            return text.replace("inf", ".inf").replace("nan", ".nan")
        mantissa, e, exponent = text.partition("e")
        return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else text
    return json.dumps(value)
