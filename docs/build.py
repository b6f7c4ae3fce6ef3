"""Writes the generated pages: ``docs/algorithms/<learner>.md`` for each registered learner, and ``docs/errata.md``.

A page joins what stands elsewhere, so that it cannot drift from it: the prose of ``docs/prose/<learner>.md``, the
equation of the module's docstring, an outline of the code with links to its lines, the settings with their docstrings,
and the recipes with their claims and recorded results. The errata take their figures from ``bench/results``. The order
of the learning path is that of the links in ``docs/README.md``.

``python docs/build.py`` writes what differs; with ``--check`` it only lists that, and exits with 1 if there is any.
"""

import argparse
import ast
import dataclasses
import importlib
import inspect
import io
import json
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from palestra.engine.settings import field_docs
from palestra.learners.registry import LEARNERS, learner_type
from palestra.recipes.recipe import Recipe
from palestra.recipes.registry import RECIPES
from palestra.trials.records import read_record, spoken_record

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
PROSE = DOCS / "prose"
PAGES = DOCS / "algorithms"
FIGURES = ROOT / "bench" / "results" / "errata.json"
HEADINGS = ("Idea", "Pseudo-code", "What the notes got wrong", "References")
"""What the prose of a learner consists of, in this order."""

_LONGEST_CODE = 140
_LEARNS = re.compile(r"_?(update|gradient_step|targets?|choose|improve|learn_|step$|loss|sweep|plan)")
"""Functions by whose names a file says that they learn."""
_NOT_LISTED = {"__init__", "__post_init__", "state_dict", "load_state_dict"}
_TEST_NAME = re.compile(r"`((?:tests/)?[\w/]*test_\w+\.py)::(test_\w+)(?:\[[^\]`]*\])?`")
_MEASURED = re.compile(r"\{measured: ([\w-]+)\}")
_DIRECTIVE = re.compile(r"#\s*(noqa|fmt:|type:|pragma)")


class DocsError(Exception):
    """A source that no page can be made of."""


def pages() -> tuple[dict[Path, str], list[str]]:
    """Every generated file with what it has to contain, and what is amiss with those that could not be made."""
    order = reading_order()
    makers = {PAGES / f"{name}.md": partial(page, name, order) for name in order if name in LEARNERS}
    makers[DOCS / "errata.md"] = errata
    differing = sorted(set(LEARNERS).symmetric_difference(order))
    wanted, amiss = {}, [f"docs/README.md and the registry differ in {', '.join(differing)}"] if differing else []
    for path, make in makers.items():
        try:
            wanted[path] = make()
        except DocsError as error:
            amiss.append(f"{path.relative_to(ROOT)}: {error}")
    return wanted, amiss


def stale(wanted: dict[Path, str]) -> list[Path]:
    """Files that are not what they have to be: another text, not there, or there for nothing."""
    differing = [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    return differing + [path for path in sorted(PAGES.glob("*.md")) if path.stem not in LEARNERS]


def reading_order() -> list[str]:
    """The learners in the order in which ``docs/README.md`` links to their pages."""
    return re.findall(r"\]\(algorithms/([\w-]+)\.md\)", (DOCS / "README.md").read_text())


def prose(name: str) -> dict[str, str]:
    """The sections that are written by hand, by heading."""
    path = PROSE / f"{name}.md"
    if not path.is_file():
        raise DocsError(f"no {path.relative_to(ROOT)}; expected one with the headings {', '.join(HEADINGS)}")
    parts = re.split(r"^## (.+)$", path.read_text(), flags=re.MULTILINE)
    sections = {heading.strip(): text.strip() for heading, text in zip(parts[1::2], parts[2::2])}
    if tuple(sections) != HEADINGS or not all(sections.values()):
        raise DocsError(f"{path.relative_to(ROOT)} has the headings {tuple(sections)}; expected {HEADINGS}, none empty")
    return {heading: link_tests(text, PAGES) for heading, text in sections.items()}


def page(name: str, order: list[str]) -> str:
    """The page of one learner."""
    cls = learner_type(name)
    module = importlib.import_module(cls.__module__)
    docstring = inspect.cleandoc(module.__doc__ or "")
    written = prose(name)
    sections = {
        "Idea": written["Idea"],
        "Equation": f"```text\n{docstring}\n```",
        "Pseudo-code": written["Pseudo-code"],
        "What the code does": code_section(cls),
        "Settings": settings_section(cls),
        "Claim and measured result": results_section(cls),
        "What the notes got wrong": written["What the notes got wrong"],
        "References": written["References"],
    }
    head = f"# {title(docstring)} (`{name}`)\n\n{navigation(name, order)}\n"
    note = f"<!-- Written by `make docs` from docs/prose/{name}.md and the source. Edit those. -->\n"
    return note + head + "".join(f"\n## {heading}\n\n{text}\n" for heading, text in sections.items())


def title(docstring: str) -> str:
    """What an algorithm is called, from the first words of its module's docstring."""
    return re.split(r" \(|: |\.$|\. ", docstring.splitlines()[0])[0]


def navigation(name: str, order: list[str]) -> str:
    """Links to the neighbours on the learning path."""
    place = order.index(name)
    links = ["[Learning path](../README.md)"]
    if place > 0:
        links.insert(0, f"← [`{order[place - 1]}`]({order[place - 1]}.md)")
    if place + 1 < len(order):
        links.append(f"[`{order[place + 1]}`]({order[place + 1]}.md) →")
    return " · ".join(links)


# What the code does


def code_section(cls: type[Any]) -> str:
    """The outline of a learner's file, its commented lines, what it inherits, and the mathematics that it calls."""
    path = source_path(cls.__module__)
    parents = [c for c in cls.__mro__[1:] if c.__module__.startswith("palestra.learners.")]
    parts = [f"All of it is in [{path.relative_to(ROOT)}]({link(path)}), from top to bottom:", outline(path)]
    listed = listings(path)
    if listed:
        parts += listed
    seen = {name for name in vars(cls) if inspect.isfunction(vars(cls)[name])}
    for parent in parents:
        methods = {name: node for name, node in methods_of(parent).items() if name not in seen}
        seen |= set(methods)
        if methods:
            file = source_path(parent.__module__)
            parts += [f"From [`{parent.__name__}`]({link(file, class_node(parent).lineno)}):"]
            parts += ["\n".join(entry(file, f"{name}()", node) for name, node in methods.items())]
    called = mathematics([cls, *parents])
    if called:
        parts += ["The mathematics that it calls, pure functions with tests of their own:", called]
    return "\n\n".join(parts)


def outline(path: Path) -> str:
    """Classes and functions of a file with the first line of their docstrings, each linked to its line."""
    lines = []
    for node in tree(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            lines.append(entry(path, node.name, node))
        if isinstance(node, ast.ClassDef):
            functions = [child for child in node.body if isinstance(child, ast.FunctionDef)]
            lines += ["  " + entry(path, f"{child.name}()", child) for child in functions if child.name != "__init__"]
    return "\n".join(lines)


def entry(path: Path, name: str, node: ast.ClassDef | ast.FunctionDef) -> str:
    """One line of an outline."""
    says = (ast.get_docstring(node) or "").split("\n\n")[0]
    return f"- [`{name}`]({link(path, node.lineno)})" + (f": {' '.join(says.split())}" if says else "")


class Row(NamedTuple):
    """A statement, or the head of a compound one."""

    first: int
    last: int
    depth: int
    code: str


def listings(path: Path) -> list[str]:
    """What learns in a file, statement by statement, with what its comments say; a title and a table for each."""
    source, out = path.read_text(), []
    remarks = comments(source)
    owners = [tree(path), *(node for node in tree(path).body if isinstance(node, ast.ClassDef))]
    for node in (child for owner in owners for child in owner.body):
        if not isinstance(node, ast.FunctionDef) or node.name in _NOT_LISTED:
            continue
        rows = list(statements(source.splitlines(), node.body, 0))
        within = {n: said for n, said in remarks.items() if rows and rows[0].first - 1 <= n <= rows[-1].last}
        if within or (rows and _LEARNS.match(node.name)):
            said = attached(rows, within)
            out += [
                f"[`{node.name}()`]({link(path, node.lineno)}), statement by statement:",
                "\n".join(["| line | code | |", "|---|---|---|"]),
            ]
            for row in rows:
                out[-1] += f"\n| [{row.first}]({link(path, row.first)}) | {code_cell(row)} | {cell(said[row.first])} |"
    return out


def statements(lines: list[str], body: list[Any], depth: int) -> Iterator[Row]:
    """The statements of a body in order, those inside of others a level deeper; docstrings left out."""
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        inner = getattr(node, "body", None) or getattr(node, "cases", None)
        if not inner:
            yield Row(first, node.end_lineno, depth, _joined(lines[first - 1 : node.end_lineno]))
            continue
        begins = inner[0].pattern.lineno if isinstance(inner[0], ast.match_case) else inner[0].lineno
        head = _joined(lines[first - 1 : max(first, begins - 1)])
        yield Row(first, max(first, begins - 1), depth, head)
        yield from statements(lines, inner, depth + 1)
        otherwise = getattr(node, "orelse", [])
        if (
            len(otherwise) == 1
            and isinstance(otherwise[0], ast.If)
            and lines[otherwise[0].lineno - 1].strip().startswith("elif")
        ):
            yield from statements(lines, otherwise, depth)
        elif otherwise:
            above = next(n for n in range(otherwise[0].lineno, 0, -1) if lines[n - 1].strip().startswith("else"))
            yield Row(above, above, depth, "else:")
            yield from statements(lines, otherwise, depth + 1)


def attached(rows: list[Row], remarks: dict[int, tuple[bool, str]]) -> dict[int, str]:
    """Comments by the first line of the statement that they belong to: the one they stand in, or the one below."""
    said: dict[int, list[str]] = {row.first: [] for row in rows}
    for line, (trailing, text) in remarks.items():
        inside = [row for row in rows if row.first <= line <= row.last]
        below = [row for row in rows if row.first > line]
        row = inside[-1] if inside and (trailing or not below) else below[0] if below else rows[-1]
        said[row.first].append(text)
    return {first: " ".join(texts) for first, texts in said.items()}


def comments(source: str) -> dict[int, tuple[bool, str]]:
    """By line, whether code stands before the comment and what it says; lines that go on are joined to the first."""
    found: dict[int, tuple[bool, str]] = {}
    before, begun = 0, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or _DIRECTIVE.match(token.string):
            continue
        text, line = token.string.lstrip("# ").split("  # ")[0].strip(), token.start[0]
        trailing = not token.line.strip().startswith("#")
        if not trailing and before == line - 1 and begun:
            found[begun] = (False, f"{found[begun][1]} {text}")
        else:
            found[line], begun = (trailing, text), 0 if trailing else line
        before = line
    return found


def _joined(lines: list[str]) -> str:
    """Several lines of code as one, without comments."""
    text = " ".join(re.sub(r"(^|\s)\s*# .*$", "", line).strip() for line in lines)
    text = re.sub(r"([(\[{]) ", r"\1", re.sub(r",? ([)\]}])", r"\1", " ".join(text.split())))
    return text if len(text) <= _LONGEST_CODE else text[: _LONGEST_CODE - 1] + "…"


def methods_of(cls: type[Any]) -> dict[str, ast.FunctionDef]:
    """The documented methods that a class defines, but its constructor, by name."""
    functions = [child for child in class_node(cls).body if isinstance(child, ast.FunctionDef)]
    return {f.name: f for f in functions if not f.name.startswith("_") and ast.get_docstring(f)}


def class_node(cls: type[Any]) -> ast.ClassDef:
    """Where a class is defined."""
    body = tree(source_path(cls.__module__)).body
    return next(node for node in body if isinstance(node, ast.ClassDef) and node.name == cls.__name__)


def mathematics(classes: list[type[Any]]) -> str:
    """What the files of some classes use of ``palestra.ops``, each once."""
    lines: dict[str, str] = {}
    for cls in classes:
        module = tree(source_path(cls.__module__))
        for node in ast.walk(module):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("palestra.ops"):
                continue
            for alias in node.names:
                if node.module == "palestra.ops":  # a module: what is taken from it by name
                    used = {
                        n.attr
                        for n in ast.walk(module)
                        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == alias.name
                    }
                    lines |= described(source_path(f"palestra.ops.{alias.name}"), used)
                else:
                    lines |= described(source_path(str(node.module)), {alias.name})
    return "\n".join(lines.values())


def described(path: Path, names: set[str]) -> dict[str, str]:
    """Outline entries of the functions of a file that are among some names."""
    functions = [node for node in tree(path).body if isinstance(node, ast.FunctionDef) and node.name in names]
    return {f"{path}:{node.name}": entry(path, f"{node.name}()", node) for node in functions}


# Settings, claims and results


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


def results_section(cls: type[Any]) -> str:
    """The recipes that train this learner, what each claims, and what its verification found."""
    recipes = [recipe for recipe in RECIPES.values() if recipe.learner == cls.name]
    if not recipes:
        return (
            "No recipe trains it yet. It learns any world that suits it:\n\n"
            f"```sh\npalestra train --algo {cls.name} --env-id ENVIRONMENT\n```"
        )
    rows = [
        f"| `{r.id}` | {cell(r.env)} | {r.budget:,} {cls.clock_unit} | {cell(claim(r))} | {cell(spoken_record(r))} |"
        for r in recipes
    ]
    parts = ["\n".join(["| recipe | world | budget | claim | measured |", "|---|---|---|---|---|", *rows])]
    parts += [text for recipe in recipes if (text := record(recipe))]
    first = recipes[0].id
    commands = [f"palestra show {first}", f"palestra train {first}", f"palestra verify {first} --seeds 10"]
    return "\n\n".join([*parts, "```sh\n" + "\n".join(commands) + "\n```"])


def claim(recipe: Recipe) -> str:
    """What a recipe promises, in words."""
    if recipe.claim is None:
        return "none"
    c = recipe.claim
    metric = "mean return" if c.metric == "eval/return_mean" else f"`{c.metric}`"
    return f"{metric} {'≥' if c.direction == 'up' else '≤'} {c.threshold:,g} over {c.count} episodes ({c.source})"


def record(recipe: Recipe) -> str:
    """Each seed's value of a recipe's record, and where it comes from; nothing without a record of today's recipe."""
    found = read_record(recipe)
    if found is None or not found.fresh:
        return ""
    values = ", ".join(f"{value:,.5g}" for value in found.values)
    facts = found.facts
    lines = [f"`{recipe.id}`, seed by seed: {values}. {facts['date']}, `{facts['command']}`."]
    lines += [f"- Tried besides: {note}" for note in facts.get("tried", [])]
    return "\n".join(lines)


# Errata


def errata() -> str:
    """The errata, with the figures that were measured in the place of their names."""
    results = {}
    if FIGURES.is_file():
        results = {row["fault"]: row for row in json.loads(FIGURES.read_text())["table"]}
    text = link_tests((PROSE / "errata.md").read_text(), DOCS)

    def measured(match: re.Match[str]) -> str:
        row = results.get(match[1])
        if row is None:
            raise DocsError(f"no figure {match[1]!r} in {FIGURES.relative_to(ROOT)}; it has {', '.join(results)}")
        return f"*Measured* ({row['measured']}): right **{row['right']}**, with the fault **{row['faulty']}**."

    named = _MEASURED.findall(text)
    unused = sorted(set(results) - set(named))
    if unused or len(set(named)) < len(named):
        raise DocsError(f"figures of {unused or sorted(named)}; expected each one once in docs/prose/errata.md")
    note = "<!-- Written by `make docs` from docs/prose/errata.md and bench/results/errata.json. Edit the former. -->\n"
    return note + _MEASURED.sub(measured, text)


# Links


def link_tests(text: str, folder: Path) -> str:
    """Names of tests in backticks (``test_x.py::test_y``) as links to where they stand; a page lies in ``folder``."""

    def linked(match: re.Match[str]) -> str:
        path, line = find_test(Path(match[1]).name, match[2])
        return f"[`{path.name}::{match[2]}`]({link(path, line, folder)})"

    return _TEST_NAME.sub(linked, text)


@cache
def find_test(file: str, name: str) -> tuple[Path, int]:
    """Where a test stands; the base names of test files are unique."""
    paths = sorted((ROOT / "tests").rglob(file))
    if len(paths) != 1:
        raise DocsError(f"{len(paths)} test files are called {file}; expected one")
    for node in ast.walk(tree(paths[0])):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return paths[0], node.lineno
    raise DocsError(f"no test {name} in {paths[0].relative_to(ROOT)}")


def link(path: Path, line: int | None = None, folder: Path = PAGES) -> str:
    """A relative link from a page in ``folder``."""
    up = "../" * len(folder.relative_to(ROOT).parts)
    return f"{up}{path.relative_to(ROOT).as_posix()}" + (f"#L{line}" if line else "")


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")


def code_cell(row: Row) -> str:
    """Code for a cell of a table, indented."""
    indent = "\u2003" * 2 * row.depth  # ordinary spaces would be swallowed
    return f"`{indent}{cell(row.code)}`"


def source_path(module: str) -> Path:
    """The file of a module of the package."""
    return ROOT.joinpath("src", *module.split(".")).with_suffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text())


def main() -> int:
    """Write what differs, or list it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is out of date")
    check = parser.parse_args().check
    wanted, amiss = pages()
    out_of_date = stale(wanted)
    for path in out_of_date:
        print(f"{'out of date' if check else 'wrote' if path in wanted else 'removed'}: {path.relative_to(ROOT)}")
        if not check and path in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path])
        elif not check:
            path.unlink()
    for line in amiss:
        print(f"docs: {line}", file=sys.stderr)
    if check and out_of_date:
        print("docs: run `make docs`", file=sys.stderr)
    return int(bool(amiss) or (check and bool(out_of_date)))


if __name__ == "__main__":
    sys.exit(main())
