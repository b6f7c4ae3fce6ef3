"""What a playground offers before it is played: its words in both languages, its settings with their ranges, presets.

Settings are a frozen dataclass below ``Asked`` whose fields are made by ``setting``: every number has a range, every
list a greatest length. The docstring under a field is its help in English, the text given to ``setting`` the one in
Chinese, whose part before the colon is its label.
"""

# ruff: noqa: RUF001 - Chinese has punctuation of its own

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from palestra.engine.settings import build, field_docs
from palestra.errors import require

MOST_SEED = 2**31 - 1
"""Of a playground: a number that a page can hold exactly and a reader can write down."""


class Text(NamedTuple):
    """A sentence in both languages."""

    en: str
    zh: str


def setting(
    default: Any,
    zh: str,
    *,
    low: float | None = None,
    high: float | None = None,
    most: int | None = None,
    when: Mapping[str, tuple[Any, ...]] | None = None,
    names: Mapping[str, Text] | None = None,
    drawn: bool = False,
) -> Any:
    """A field of settings.

    Args:
        default: its value when nothing is said.
        zh: its label and help in Chinese, with a colon between them.
        low: least value, of each entry if it is a list.
        high: greatest value.
        most: greatest length of a list, and of a text in it.
        when: values of other settings beside which it matters; elsewhere it changes nothing.
        names: of the choices, where their own names do not say it.
        drawn: whether it is set in the picture rather than in a form.
    """
    told = {"zh": zh, "low": low, "high": high, "most": most, "when": when or {}, "names": names or {}, "drawn": drawn}
    return field(default=default, metadata=told)


@dataclass(frozen=True)
class Asked:
    """Settings of a playground, each within its range."""

    def __post_init__(self) -> None:
        for each in fields(self):
            _check(each.name, getattr(self, each.name), each)


def _check(name: str, value: Any, told: "Field[Any]") -> None:
    low, high, most = (told.metadata[bound] for bound in ("low", "high", "most"))
    if isinstance(value, tuple):
        require(len(value) <= most, f"{name} of {len(value)} entries", f"at most {most}")
        for entry in value:
            _check(name, entry, told)
    elif isinstance(value, str):
        require(most is None or len(value) <= most, f"{name} with {len(value)} letters", f"at most {most}")
    elif not isinstance(value, bool):
        require(low <= value <= high, f"{name}={value:g}", f"from {low:g} to {high:g}")


@dataclass(frozen=True)
class Preset:
    """Settings with a reason to look at them."""

    name: str
    title: Text
    why: Text
    """What happens, and what it is from."""
    settings: Mapping[str, Any]
    """Those that differ from the defaults."""
    fails: bool = False
    """Whether it goes wrong on purpose."""


@dataclass(frozen=True)
class Offer:
    """A playground as a page lists it."""

    name: str
    """The id of it, ``k-means``."""
    title: Text
    what: Text
    """What there is to do, in a sentence."""
    asked: type[Asked]
    """The dataclass of its settings."""
    presets: tuple[Preset, ...]

    def settings(self, given: Any) -> Asked:
        """Its settings from JSON values; UsageError, naming the setting, for what it does not take."""
        return build(self.asked, given)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "name": self.name,
            "title": self.title._asdict(),
            "what": self.what._asdict(),
            "settings": schema(self.asked),
            "presets": [
                {
                    "name": each.name,
                    "title": each.title._asdict(),
                    "why": each.why._asdict(),
                    "settings": dict(each.settings),
                    "fails": each.fails,
                }
                for each in self.presets
            ],
        }


def schema(asked: type[Asked]) -> list[dict[str, Any]]:
    """The settings of a playground as a form needs them, in their order."""
    hints, docs = get_type_hints(asked), field_docs(asked)
    return [_described(each, hints[each.name], docs[each.name]) for each in fields(asked)]


def _described(told: "Field[Any]", hint: Any, doc: str) -> dict[str, Any]:
    label_zh, _, _ = told.metadata["zh"].partition("：")
    kind = _kind(hint)
    out: dict[str, Any] = {
        "name": told.name,
        "type": kind,
        "default": told.default,
        "label": {"en": told.name.replace("_", " "), "zh": label_zh},
        "help": {"en": doc, "zh": told.metadata["zh"]},
        "drawn": told.metadata["drawn"],
    }
    out |= {bound: told.metadata[bound] for bound in ("low", "high", "most") if told.metadata[bound] is not None}
    if told.metadata["when"]:
        out["when"] = {name: list(values) for name, values in told.metadata["when"].items()}
    if kind == "choice":
        names = told.metadata["names"]
        out["choices"] = [{"value": each, **names.get(each, Text(each, each))._asdict()} for each in get_args(hint)]
    return out


def _kind(hint: Any) -> str:
    """The type of a setting, as a page knows it."""
    if get_origin(hint) is Literal:
        return "choice"
    if get_origin(hint) is tuple:
        return {"integer": "integers", "number": "numbers", "text": "lines", "numbers": "rows"}[
            _kind(get_args(hint)[0])
        ]
    return {int: "integer", float: "number", bool: "boolean", str: "text"}[hint]
