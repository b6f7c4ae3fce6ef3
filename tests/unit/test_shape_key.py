"""The key of shape letters: every suffix in the mathematics and in the learners is explained, once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import palestra

SOURCE = Path(palestra.__file__).parent
FILES = sorted(path for room in ("ops", "nets", "learners") for path in (SOURCE / room).rglob("*.py"))
SUFFIX = re.compile(r"\w*[a-z0-9]_(\d*[A-Z][A-Z\d]*)")
LINE = re.compile(r"^ *([A-Z])  \S.*$", re.MULTILINE)


def key(docstring: str) -> list[str]:
    """The letters that a docstring explains."""
    return LINE.findall(docstring)


KEY = key((SOURCE / "ops" / "__init__.py").read_text())


def names(tree: ast.Module) -> Iterator[str]:
    """Every name of a variable, an argument or an attribute in a file."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield name


def unexplained(source: str) -> set[str]:
    """Names with a letter in their suffix that stands neither in the key nor in the file's own docstring."""
    tree = ast.parse(source)
    known = {*KEY, *key(ast.get_docstring(tree) or "")}
    suffixes = {name: match[1] for name in names(tree) if (match := SUFFIX.fullmatch(name))}
    return {name for name, suffix in suffixes.items() if not set(re.sub(r"\d", "", suffix)) <= known}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_letter_of_a_suffix_is_in_the_key(path: Path) -> None:
    assert unexplained(path.read_text()) == set()


def test_a_letter_has_one_meaning() -> None:
    assert len(KEY) == len(set(KEY)) >= 20
    own = {
        path: key(ast.get_docstring(ast.parse(path.read_text())) or "") for path in FILES if path.name != "__init__.py"
    }
    assert {path for path, letters in own.items() if set(letters) & set(KEY)} == set()


def test_every_letter_of_the_key_is_in_use() -> None:
    used = {name for path in FILES for name in names(ast.parse(path.read_text()))}
    letters = {letter for name in used if (match := SUFFIX.fullmatch(name)) for letter in match[1]}
    assert set(KEY) <= letters


def test_a_letter_without_meaning_is_seen() -> None:
    assert unexplained("def f(value_TQ): ...") == {"value_TQ"}
    assert unexplained("x.q_MB1 = f(out_QB1=3)") == {"out_QB1"}
    assert unexplained('"""A file.\n\n    Q  questions\n"""\nvalue_TQ = 0') == set()
    assert unexplained("ROOMS_OF_ALL = value_TB = 0") == set()
