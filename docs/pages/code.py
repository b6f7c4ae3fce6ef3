"""The lines of a learner's file that carry its equations, and the files that these lines stand on.

A function belongs to them if a comment in it, or its docstring, cites where its equation comes from: ``eq. 7``,
``section 4.3``, ``Auer et al. 2002``. A short function is shown whole; of a long one the fewest statements that hold
all its citations. Only the text of that one file is read: a page changes with its learner and with nothing else.
"""

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pages import ROOT, DocsError
from pages.links import link

CITATION = re.compile(
    r"\b(eqs?\.|section|theorem|algorithm|figure) \d|\bappendix [A-Z]\b|\b[A-Z]\w+( et al\.| & [A-Z]\w+)?,? \d{4}\b"
)
"""What a comment or docstring says that cites an equation."""
SHORT = 18
"""Lines of a function that is shown whole, its docstring among them."""
MOST = 40
"""Lines of all pieces of a file: a page shows what carries the equations, not the file."""
_SOURCES = ("ops", "nets", "data", "learners", "policies")
"""Rooms whose files a learner's mathematics is spread over."""


def code_section(path: Path, learns: bool) -> str:
    """The lines that carry the equations, and where the rest stands; only what learns has to have such lines."""
    name = path.relative_to(ROOT)
    blocks = equation_lines(path.read_text())
    if learns and not blocks:
        raise DocsError(f"{name} cites no equation; expected a comment at its line, such as `# eq. 7`")
    if (shown := sum(block.count("\n") + 1 for block in blocks)) > MOST:
        raise DocsError(f"{name} cites equations on {shown} lines; expected at most {MOST}, so at fewer functions")
    parts = [f"The whole of it is [{name}]({link(path)})."]
    if blocks:
        parts = [f"The lines of [{name}]({link(path)}) that carry the equations:", fenced(blocks)]
    used = stands_on(path)
    return "\n\n".join(parts + ([f"The file stands on:\n\n{used}"] if used and blocks else []))


def fenced(blocks: list[str]) -> str:
    """Pieces of source as one block of code, each without the indentation that its lines share."""
    return "```python\n" + "\n\n".join(textwrap.dedent(block).rstrip() for block in blocks) + "\n```"


def equation_lines(source: str) -> list[str]:
    """The pieces of a file that carry equations, from top to bottom, as they stand in it."""
    lines, remarks, found = source.splitlines(), comments(source), []
    for function in functions(ast.parse(source)):
        first, last = function.lineno, function.end_lineno or function.lineno
        cited = [line for line, text in remarks.items() if first < line <= last and CITATION.search(text)]
        if last - first < SHORT and (cited or CITATION.search(ast.get_docstring(function) or "")):
            found.append(lines[first - 1 : last])
        elif cited:
            begin, end = narrowest(function.body, {_code_line(lines, line) for line in cited})
            while begin > first + 1 and lines[begin - 2].lstrip().startswith("#"):
                begin -= 1
            found.append(lines[begin - 1 : end])
    return ["\n".join(piece) for piece in found]


def _code_line(lines: list[str], line: int) -> int:
    """The line of a comment, or of the code below one that stands alone."""
    while lines[line - 1].lstrip().startswith("#") or not lines[line - 1].strip():
        line += 1
    return line


def functions(module: ast.Module) -> list[ast.FunctionDef]:
    """The functions of a file and the methods of its classes, constructors left out."""
    owners = [module, *(node for node in module.body if isinstance(node, ast.ClassDef))]
    found = [child for owner in owners for child in owner.body if isinstance(child, ast.FunctionDef)]
    return sorted((f for f in found if not f.name.startswith("__")), key=lambda f: f.lineno)


def comments(source: str) -> dict[int, str]:
    """The comments of a file by line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def narrowest(block: Sequence[ast.AST], lines: set[int]) -> tuple[int, int]:
    """First and last line of the fewest statements of one block that hold some lines of code."""
    spans = [_span(node) for node in block]
    held = [i for i, (begin, end) in enumerate(spans) if any(begin <= line <= end for line in lines)]
    if len(held) == 1:
        node = block[held[0]]
        for name in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, name, None) or []
            if inner and all(_span(inner[0])[0] <= line <= _span(inner[-1])[1] for line in lines):
                return narrowest(inner, lines)
    return spans[held[0]][0], spans[held[-1]][1]


def _span(node: Any) -> tuple[int, int]:
    """First and last line of a statement, or of a case, which has none of its own."""
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, _span(node.body[-1])[1]
    return node.lineno, node.end_lineno


def stands_on(path: Path) -> str:
    """A list of the files that a learner's file takes its mathematics and its parts from, with the names of these."""
    module, names = ast.parse(path.read_text()), {}
    for node in ast.walk(module):
        if not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[1:2] not in [[r] for r in _SOURCES]:
            continue
        for alias in node.names:
            if source_path(f"{node.module}.{alias.name}").is_file():  # a module: what is taken from it by name
                names[source_path(f"{node.module}.{alias.name}")] = attributes(module, alias.name)
            else:
                names.setdefault(source_path(str(node.module)), set()).add(alias.name)
    files = sorted(names, key=lambda file: file.relative_to(ROOT / "src").as_posix())
    return "\n".join(
        f"- [{file.relative_to(ROOT)}]({link(file)}): {', '.join(f'`{name}`' for name in sorted(names[file]))}"
        for file in files
        if file.is_file()
    )


def attributes(module: ast.Module, name: str) -> set[str]:
    """What a file takes from a module that it has imported under a name."""
    found = [node for node in ast.walk(module) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return {node.attr for node in found if isinstance(node.value, ast.Name) and node.value.id == name}


def source_path(module: str) -> Path:
    """The file of a module of the package."""
    return ROOT.joinpath("src", *module.split(".")).with_suffix(".py")
