"""Links from pages to files, and to tests by name. None has a line number, so that no edit of a file moves it."""

import re
from functools import cache
from pathlib import Path

from pages import PAGES, ROOT, DocsError

_TEST_NAME = re.compile(r"`((?:tests/)?[\w/]*test_\w+\.py)::(test_\w+)(?:\[[^\]`]*\])?`")


def link(path: Path, folder: Path = PAGES) -> str:
    """A relative link from a page in ``folder``."""
    up = "../" * len(folder.relative_to(ROOT).parts)
    return f"{up}{path.relative_to(ROOT).as_posix()}"


def link_tests(text: str, folder: Path) -> str:
    """Names of tests in backticks (``test_x.py::test_y``) as links to their files; a page lies in ``folder``."""

    def linked(match: re.Match[str]) -> str:
        path = find_test(match[1], match[2])
        return f"[`{path.name}::{match[2]}`]({link(path, folder)})"

    return _TEST_NAME.sub(linked, text)


def find_test(file: str, name: str) -> Path:
    """The file of a test, named by as much of its path as tells it from others; the test has to be there."""
    paths = [path for path in files_of_tests().get(Path(file).name, []) if path.as_posix().endswith(f"/{file}")]
    if len(paths) != 1:
        raise DocsError(
            f"{len(paths)} test files are called {file}; expected one, by its path from the root if need be"
        )
    if not re.search(rf"^ *def {name}\(", _text(paths[0]), re.MULTILINE):
        raise DocsError(f"no test {name} in {paths[0].relative_to(ROOT)}")
    return paths[0]


@cache
def files_of_tests() -> dict[str, list[Path]]:
    """The files of tests by their base names."""
    files: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        files.setdefault(path.name, []).append(path)
    return files


@cache
def _text(path: Path) -> str:
    return path.read_text()


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")
