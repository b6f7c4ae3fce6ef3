"""Writes what is generated: ``docs/algorithms/<learner>.md`` for each registered learner, ``docs/errata.md``,
``docs/practice.md``, ``docs/spaces.md``, and the types of ``import palestra``.

A page joins what stands elsewhere, so that it cannot drift from it: the prose of ``docs/prose/<learner>.md`` if there
is any, the equation of the module's docstring, the lines of the source that carry equations, the settings with their
docstrings, and the recipes with their claims and recorded results. Errata and practice take their figures from
``bench/results``, and the examples of ``palestra verify`` in README and ``docs/statistics.md`` are printed from the
records. The order of the learning path is that of the links in ``docs/README.md``; a learner with prose is a step of
it, one without has a page all the same.

``python docs/build.py`` writes what differs; with ``--check`` it only lists that, and exits with 1 if there is any.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from pages import DOCS, PAGES, ROOT, DocsError
from pages.errata import errata
from pages.examples import SHOWING, with_examples
from pages.learner import explained, page, reading_order, registered
from pages.practice import practice
from pages.spaces import spaces_page
from pages.stub import stub

STUB = ROOT / "src" / "palestra" / "__init__.pyi"


def written() -> tuple[dict[Path, str], list[str]]:
    """Every generated file with what it has to contain, and what is amiss with those that could not be made."""
    order, names = reading_order(), registered()
    makers = {PAGES / f"{name}.md": partial(page, name, order) for name in names}
    makers[DOCS / "errata.md"] = errata
    makers[DOCS / "practice.md"] = practice
    makers[DOCS / "spaces.md"] = spaces_page
    makers[STUB] = stub
    makers |= {path: partial(with_examples, path.read_text()) for path in SHOWING}
    differing = sorted(explained().symmetric_difference(order))
    wanted, amiss = {}, [f"docs/README.md and docs/prose differ in {', '.join(differing)}"] if differing else []
    for path, make in makers.items():
        try:
            wanted[path] = make()
        except DocsError as error:
            amiss.append(f"{path.relative_to(ROOT)}: {error}")
    return wanted, amiss


def stale(wanted: dict[Path, str]) -> list[Path]:
    """Files that are not what they have to be: another text, not there, or there for nothing."""
    differing = [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    return differing + [path for path in sorted(PAGES.glob("*.md")) if path.stem not in registered()]


def main() -> int:
    """Write what differs, or list it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is out of date")
    check = parser.parse_args().check
    wanted, amiss = written()
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
