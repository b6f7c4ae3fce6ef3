"""The documentation: generated pages are what their sources say, and no link leads nowhere."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import palestra
from palestra.cli.main import COMMANDS
from palestra.learners.registry import LEARNERS
from palestra.recipes.registry import RECIPES

ROOT = Path(palestra.__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\bpalestra (\w+)(?: ([a-z0-9-]+/[a-z0-9-]+))?")


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD: Any = load()
WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench" / "results").glob("*.md")])


def without_code(text: str) -> str:
    """Markdown without its blocks of code and with inline code emptied: neither has links."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "``", text)


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def broken(page: Path, text: str) -> list[str]:
    """Relative links of a page that lead to no file, no line or no heading."""
    found = []
    for match in LINK.finditer(without_code(text)):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            found.append(f"{target}: no such file")
        elif line := re.fullmatch(r"L(\d+)", anchor):
            if not 1 <= int(line[1]) <= len(path.read_text().splitlines()):
                found.append(f"{target}: no such line")
        elif anchor and anchor not in slugs(text if path == page else path.read_text()):
            found.append(f"{target}: no such heading")
    return found


def test_the_generated_pages_are_up_to_date() -> None:
    wanted, amiss = BUILD.pages()
    stale = [str(path.relative_to(ROOT)) for path in BUILD.stale(wanted)]
    assert amiss == []
    assert stale == [], "run `make docs` and commit what it writes"


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    if page.parent == BUILD.PROSE:
        return  # part of a page elsewhere, whose links are relative to that
    assert broken(page, page.read_text()) == []


def test_broken_links_are_seen() -> None:
    page = ROOT / "docs" / "README.md"
    text = "# One heading\n[a](nowhere.md) [b](build.py#L99999) [c](build.py#L1) [d](#one-heading) [e](#two)\n`[f](x)`"
    assert broken(page, text) == [
        "nowhere.md: no such file", "build.py#L99999: no such line", "#two: no such heading",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_learning_path_has_every_learner_once_in_one_order(name: str) -> None:
    order = re.findall(r"\]\(algorithms/([\w-]+)\.md\)", (ROOT / "docs" / name).read_text())
    assert sorted(order) == sorted(LEARNERS)
    assert order == BUILD.reading_order()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    code = "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))
    code += "\n".join(re.findall(r"`(palestra [^`\n]+)`", page.read_text()))
    for command, recipe in COMMAND.findall(code):
        assert command in COMMANDS
        assert not recipe or recipe in RECIPES or command in ("bench",)


def test_links_into_the_code_name_what_stands_there() -> None:
    page = BUILD.page("td3", BUILD.reading_order())
    links = re.findall(r"\[`(\w+)(?:\(\))?`\]\(\.\./\.\./(src/[^#]+)#L(\d+)\)", page)
    assert len(links) > 20
    for name, file, line in links:
        assert re.search(rf"(class|def) {name}\b", (ROOT / file).read_text().splitlines()[int(line) - 1])


def test_a_line_with_an_equation_is_shown_with_its_code() -> None:
    page = BUILD.page("q-learning", BUILD.reading_order())
    lines = (ROOT / "src/palestra/learners/tabular/q_learning.py").read_text().splitlines()
    number = next(i for i, line in enumerate(lines, 1) if "# eq. 6.8" in line)
    code = "`self.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)`"
    assert f"q_learning.py#L{number}) | {code} | eq. 6.8 |" in page


def test_statements_are_listed_one_by_one_with_their_comments(tmp_path: Path) -> None:
    source = """\
    # eq. 0,
    # which has two lines
    if x:  # why
        y = g(
            x,  # x itself
        )  # eq. 1
    elif z:
        y = 1  # noqa: X1 - not to be shown
    else:
        '''a docstring'''
        y = 2
    # the end
    return y"""
    lines = [line[4:] for line in source.splitlines()]
    rows = list(BUILD.statements(lines, BUILD.ast.parse("\n".join(lines)).body, 0))
    assert [(row.first, row.depth, row.code) for row in rows] == [
        (3, 0, "if x:"), (4, 1, "y = g(x)"), (7, 0, "elif z:"), (8, 1, "y = 1"),
        (9, 0, "else:"), (11, 1, "y = 2"), (13, 0, "return y"),
    ]  # fmt: skip
    said = BUILD.attached(rows, BUILD.comments("\n".join(lines)))
    assert {line: text for line, text in said.items() if text} == {
        3: "eq. 0, which has two lines why", 4: "x itself eq. 1", 13: "the end",
    }  # fmt: skip


def test_a_test_that_does_not_exist_cannot_be_named() -> None:
    text = "see `test_docs.py::test_a_test_that_does_not_exist_cannot_be_named`"
    assert "](../tests/unit/test_docs.py#L" in BUILD.link_tests(text, BUILD.DOCS)
    with pytest.raises(BUILD.DocsError, match="no test test_nothing in tests/unit"):
        BUILD.link_tests("`tests/unit/test_docs.py::test_nothing`", BUILD.DOCS)
    with pytest.raises(BUILD.DocsError, match="0 test files"):
        BUILD.link_tests("`test_no_such_file.py::test_nothing`", BUILD.DOCS)
