"""What the generated pages are made of: one file a kind of section, joined by ``docs/build.py``."""

from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
PROSE = DOCS / "prose"
PAGES = DOCS / "algorithms"


class DocsError(Exception):
    """A source that no page can be made of."""
