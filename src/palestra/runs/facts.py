"""What a notebook shows of a thing: a title and a small table, as HTML in which nothing that a name holds is markup."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_LEFT = ' style="text-align:left"'


def facts_html(title: str, facts: Mapping[str, Any]) -> str:
    """A line for each fact; one that is None is left out."""
    return table_html(title, (), ((name, value) for name, value in facts.items() if value is not None))


def table_html(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under their heads, if there are any; the first of a row says what it is about."""
    heads = f"<thead><tr>{''.join(f'<th{_LEFT}>{escape(name)}</th>' for name in head)}</tr></thead>" if head else ""
    lines = []
    for first, *others in rows:
        cells = "".join(f"<td{_LEFT}>{escape(str(value))}</td>" for value in others)
        lines.append(f"<tr><th{_LEFT}>{escape(str(first))}</th>{cells}</tr>")
    return f"<p><b>{escape(title)}</b></p><table>{heads}<tbody>{''.join(lines)}</tbody></table>"


def run_html(run_id: str, status: str, manifest: Mapping[str, Any]) -> str:
    """What became of a run, as its manifest says it."""
    headline, claim = manifest.get("headline") or {}, manifest.get("claim")
    facts = {
        "status": status,
        "steps": f"{manifest['steps']:,}",
        "seconds": f"{manifest['seconds']:,.1f}",
        headline.get("name", "score"): _number(headline.get("value")),
        "claim": f"{_number(claim['value'])}, {'reached' if claim.get('reached') else 'missed'}" if claim else None,
        "exact": "yes" if manifest["exact"] else "no: a resume was not",
    }
    return facts_html(run_id, facts)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.4g}"
