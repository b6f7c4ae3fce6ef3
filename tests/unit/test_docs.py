"""The documentation: generated pages are what their sources say, and no link leads nowhere."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import palestra
from pages import DOCS, PROSE, DocsError
from pages.code import code_section, equation_lines, source_path
from pages.examples import SHOWING, verification
from pages.learner import explained, learns, page, reading_order, registered
from pages.links import link_tests
from palestra.cli.main import COMMANDS
from palestra.recipes.registry import RECIPES

ROOT = Path(palestra.__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\bpalestra (\w+(?:-\w+)*)(?: ([a-z0-9-]+/[a-z0-9-]+))?")


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


def test_the_generated_pages_are_up_to_date_and_one_that_is_not_is_seen() -> None:
    wanted, amiss = BUILD.written()
    stale = [str(path.relative_to(ROOT)) for path in BUILD.stale(wanted)]
    assert amiss == []
    assert stale == [], "run `make docs` and commit what it writes"
    page = ROOT / "docs" / "algorithms" / "q-learning.md"
    assert BUILD.stale({**wanted, page: f"{wanted[page]}One line more.\n"}) == [page]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    if page.parent == PROSE:
        return  # part of a page elsewhere, whose links are relative to that
    assert broken(page, page.read_text()) == []


def test_broken_links_are_seen() -> None:
    page = ROOT / "docs" / "README.md"
    text = "# One heading\n[a](nowhere.md) [b](build.py#L99999) [c](build.py#L1) [d](#one-heading) [e](#two)\n`[f](x)`"
    assert broken(page, text) == [
        "nowhere.md: no such file", "build.py#L99999: no such line", "#two: no such heading",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_learning_path_has_every_learner_that_is_explained_once_in_one_order(name: str) -> None:
    order = re.findall(r"\]\(algorithms/([\w-]+)\.md\)", (ROOT / "docs" / name).read_text())
    assert sorted(order) == sorted(explained())
    assert len(order) >= 30
    assert order == reading_order()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    code = "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))
    code += "\n".join(re.findall(r"`(palestra [^`\n]+)`", page.read_text()))
    for command, recipe in COMMAND.findall(code):
        assert command in COMMANDS
        # A recipe whose method the page itself tells how to write is there once that is done.
        written = f'"{recipe.split("/")[-1]}"' in page.read_text()
        assert not recipe or recipe in RECIPES or command in ("bench",) or written


@pytest.mark.parametrize("name", registered())
def test_every_page_shows_the_lines_that_carry_the_equations(name: str) -> None:
    module, _ = registered()[name]
    source = source_path(module).read_text()
    section = page(name, reading_order()).split("\n## Code\n")[1].split("\n## ")[0]
    shown = re.findall(r"^```python\n(.*?)\n```$", section, re.MULTILINE | re.DOTALL)
    pieces = equation_lines(source)
    assert pieces or not learns(module)
    assert len(shown) == (1 if pieces else 0)
    assert shown == ["\n\n".join(textwrap.dedent(piece) for piece in pieces)][: len(shown)]
    assert all(piece in source for piece in pieces)
    assert all(4 < len(text.splitlines()) <= 40 for text in shown)


@pytest.mark.parametrize("name", registered())
def test_links_into_the_code_name_what_stands_there(name: str) -> None:
    links = re.findall(r"^- \[(src/[^\]]+)\]\(\.\./\.\./\1\): (.+)$", page(name, reading_order()), re.MULTILINE)
    assert links or not learns(registered()[name][0])
    for file, names in links:
        for found in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^(class |def )?{found}\b", (ROOT / file).read_text(), re.MULTILINE), (file, found)


def test_a_learner_without_prose_has_a_page_of_its_source_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = page("sarsa", reading_order())
    monkeypatch.setattr("pages.learner.PROSE", tmp_path)
    bare = page("sarsa", [])
    headings = re.findall(r"^## (.+)$", bare, re.MULTILINE)
    assert headings == ["Equation", "Code", "Settings", "Claim and measured result"]
    assert bare.splitlines()[3] == "[Learning path](../README.md)"
    for heading in headings:
        assert bare.split(f"## {heading}\n")[1].split("\n## ")[0].strip() in whole


def test_a_learner_that_cites_no_equation_gets_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ROOT / "src/palestra/learners/tabular/q_learning.py"
    silent = tmp_path / "q_learning.py"
    silent.write_text(source.read_text().replace("  # eq. 6.8", ""))
    monkeypatch.setattr("pages.code.ROOT", tmp_path)
    with pytest.raises(DocsError, match=r"q_learning\.py cites no equation"):
        code_section(silent, learns=True)


def test_a_line_with_an_equation_is_shown_with_its_code() -> None:
    code = "self.q.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)  # eq. 6.8"
    assert code in (ROOT / "src/palestra/learners/tabular/q_learning.py").read_text()
    assert f"\n    {code}\n" in page("q-learning", reading_order())


LONG = """\
class A:
    def short(self):
        "As in eq. 3."

    def nothing(self):
        return 0

def long(a, b):
    PADDING
    if a:  # a remark
        c = 1
        # Why,
        # and by whom (Auer et al. 2002).
        d = g(
            c,
        )
        e = d  # eq. 2
        f = e
    else:
        c = 2
    return c
""".replace("PADDING", "\n    ".join(f"x{i} = {i}" for i in range(30)))


def test_of_a_long_function_the_fewest_statements_are_shown_that_hold_its_equations() -> None:
    short, long = equation_lines(LONG)
    assert short == '    def short(self):\n        "As in eq. 3."'
    inside = ["# Why,", "# and by whom (Auer et al. 2002).", "d = g(", "    c,", ")", "e = d  # eq. 2"]
    assert long == "\n".join(" " * 8 + line for line in inside)
    _, whole = equation_lines(LONG.replace("c = 2", "c = 2  # eq. 1"))
    assert whole.splitlines()[0] == "    if a:  # a remark"
    assert whole.splitlines()[-1] == "        c = 2  # eq. 1"


@pytest.mark.slow
def test_an_edit_makes_the_page_of_its_learner_stale_and_one_of_the_mathematics_none(tmp_path: Path) -> None:
    for folder in ("src", "tests", "docs", "records", "bench/results"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("images"))
    for readme in ROOT.glob("README*.md"):
        shutil.copy(readme, tmp_path)
    losses = tmp_path / "src/palestra/ops/losses.py"
    losses.write_text(losses.read_text().replace("\n\n\ndef ", "\n\n\n# One line more.\n\n\ndef "))
    rule = tmp_path / "src/palestra/learners/tabular/q_learning.py"
    rule.write_text(rule.read_text().replace("# eq. 6.8", "# eq. 6.8, the rule"))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "docs/build.py"), "--check"],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == "out of date: docs/algorithms/q-learning.md\n"
    assert done.stderr == "docs: run `make docs`\n"
    assert done.returncode == 1


def test_no_page_names_a_line() -> None:
    assert not [path for path in WRITTEN if re.search(r"\.py#L\d", path.read_text())]


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_verify_is_shown_to_print_is_what_it_prints_of_the_record(path: Path) -> None:
    shown = re.findall(r"^```\w*\n(\$ palestra verify (\S+) .*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
    assert [text for text, _ in shown] == [verification(name) for _, name in shown]
    assert len(shown) == 1


PAIRS = [(ROOT / folder / "README.md", ROOT / folder / "README.zh-CN.md") for folder in ("", "docs")]


def blocks(text: str) -> list[tuple[str, list[str]]]:
    """The blocks of code of a page, each line without what is said beside it; what verify prints, whole."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [
        (
            language,
            code.splitlines() if code[0] == "$" else [re.split(r"(?<=\S)  ", line)[0] for line in code.splitlines()],
        )
        for language, code in found
    ]


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=["README", "learning path"])
def test_both_languages_have_the_same_sections_code_links_and_rows(english: Path, chinese: Path) -> None:
    one, other = english.read_text(), chinese.read_text()
    assert blocks(one) == blocks(other)
    assert len(blocks(one)) >= 2
    without = [re.sub(r"^```.*?^```", "```", text, flags=re.MULTILINE | re.DOTALL) for text in (one, other)]
    for pattern in (r"^(#+) ", r"^(- )", r"^(\|)", r"^(!\[)", r"(?<!`)`(palestra [^`]+)`"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in without]
        assert [x for x in found[0] if "NAME" not in x] == [x for x in found[1] if "名称" not in x], pattern
    leads = [re.findall(r"\]\(([^)#\s]+)\)", text.replace(".zh-CN", "")) for text in without]
    assert sorted(leads[0]) == sorted(leads[1])


def test_a_difference_between_the_languages_is_seen() -> None:
    assert blocks("```sh\na b  # one\n```\n") == blocks("```sh\na b   # 一\n```\n")
    assert blocks("```sh\na b  # one\n```\n") != blocks("```sh\na c  # one\n```\n")
    assert blocks("```\n$ a  b\n```\n") != blocks("```\n$ a  c\n```\n")


def wrapped(text: str) -> list[str]:
    """Lines that go on with a paragraph or an item that began on the line before."""
    lines = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
    begins = re.compile(r"(#+|-|\d+\.) |\||!?\[|\*")
    return [line for before, line in pairwise(lines) if before.strip() and line.strip() and not begins.match(line)]


@pytest.mark.parametrize("page", [chinese for _, chinese in PAIRS], ids=["README", "learning path"])
def test_a_chinese_paragraph_is_one_line_and_has_one_word_a_thing(page: Path) -> None:
    text = page.read_text()
    assert wrapped(text) == []
    assert [word for word in ("懊悔", "后悔值", "置信域", "看得见的机械臂", "经典控制", "优化子") if word in text] == []
    assert wrapped("一行\n又一行") == ["又一行"]
    assert wrapped("- 一项\n  又一行") == ["  又一行"]
    assert wrapped("- 一项\n- 又一项\n\n一段") == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_speed_of_the_readme_is_what_its_benchmarks_found(name: str) -> None:
    rows = re.findall(r"^\|.*`(\w+)`.*\| ([\d.]+)\u00d7 \|$", (ROOT / name).read_text(), re.MULTILINE)
    assert [bench for bench, _ in rows] == ["time_to_solve", "dqn_throughput", "sac_throughput"]
    for bench, ratio in rows:
        found = (ROOT / "bench" / "results" / f"{bench}.md").read_text()
        assert re.search(rf"\b{re.escape(ratio)} times\b", found), f"{bench} says nothing of {ratio} times"


def test_every_decision_has_a_date_and_a_status() -> None:
    decisions = sorted((DOCS / "decisions").glob("*.md"))
    status = re.compile(
        r"# .+\n\n\*20\d\d-\d\d-\d\d · (accepted|superseded( in part)? by \[\d{4}\]\(\d{4}-[\w-]+\.md\))\*\n"
    )
    assert [path.name for path in decisions if not status.match(path.read_text())] == []


def test_a_test_that_does_not_exist_cannot_be_named() -> None:
    text = "see `test_docs.py::test_a_test_that_does_not_exist_cannot_be_named`"
    assert "](../tests/unit/test_docs.py)" in link_tests(text, DOCS)
    with pytest.raises(DocsError, match="no test test_nothing in tests/unit"):
        link_tests("`tests/unit/test_docs.py::test_nothing`", DOCS)
    with pytest.raises(DocsError, match="0 test files"):
        link_tests("`test_no_such_file.py::test_nothing`", DOCS)
    in_one_of_two = link_tests("`bandits/test_epsilon_greedy.py::test_settings_out_of_range_are_refused`", DOCS)
    assert "](../tests/unit/learners/bandits/test_epsilon_greedy.py)" in in_one_of_two
    with pytest.raises(DocsError, match="2 test files are called test_rule"):
        link_tests("`test_rule.py::test_settings_out_of_range_are_refused`", DOCS)
