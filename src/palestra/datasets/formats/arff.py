"""ARFF, the format of OpenML (https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable), dense tables."""

import csv
import io
import re

from palestra.datasets.tables.frame import Frame
from palestra.datasets.tables.separated import read_separated
from palestra.errors import UsageError

_VALUE = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|((?:[^,'"][^,]*)?))\s*(,|$)""")
_ATTRIBUTE = re.compile(r"@attribute\s+(?:'([^']+)'|\"([^\"]+)\"|(\S+))\s+(.+)", re.IGNORECASE)


def read_arff(data: bytes, name: str) -> Frame:
    """The table: a column declared numeric, real or integer is of numbers, any other of words.

    Raises UsageError, with the line, for anything that is no such table.
    """
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: byte {data[error.start]:#04x}; expected text in UTF-8") from error
    header: list[str] = []
    words: list[str] = []
    for number, line in enumerate(lines):
        text = line.strip()
        if text.lower() == "@data":
            return _body(lines[number + 1 :], name, header, words)
        if not text or text.startswith("%") or text.lower().startswith("@relation"):
            continue
        found = _ATTRIBUTE.fullmatch(text)
        if not found:
            raise UsageError(f"{name}, line {number + 1}: {text[:40]!r}; expected @attribute NAME TYPE, or @data")
        header.append(next(group for group in found.groups()[:3] if group))
        if found[4].split()[0].lower() not in ("numeric", "real", "integer"):
            words.append(header[-1])
    raise UsageError(f"{name} has no @data; expected a whole ARFF file")


def _body(lines: list[str], name: str, header: list[str], words: list[str]) -> Frame:
    """The rows. ARFF quotes by ' as well as by \", and takes a backslash before either."""
    rows = io.StringIO()
    writer = csv.writer(rows)
    for line in lines:
        if line.strip() and not line.startswith("%"):
            writer.writerow(_values(line.strip(), name))
    return read_separated(rows.getvalue().encode(), f"{name} after @data", header=header, words=words)


def _values(line: str, name: str) -> list[str]:
    values, at = [], 0
    while True:
        found = _VALUE.match(line, at)
        if found is None:
            raise UsageError(f"{name}: {line[at : at + 40]!r}; expected values between commas")
        quoted = found[1] if found[1] is not None else found[2]
        values.append(found[3].strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end()
        if not found[4]:
            return values
