"""The documentation as the studio shows it: its pages and pictures by name, and what in them can be tried.

It lies beside the source in a checkout, and in the package where that was built.
"""

import posixpath
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from palestra.playgrounds.catalogue import SHOWN_BY
from palestra.recipes.registry import RECIPES
from palestra.studio.folder import NotThereError
from palestra.studio.markdown import Meant, Said, plain_text, read

_PACKAGE = Path(__file__).parents[1]
PLACES = (_PACKAGE / "docs", _PACKAGE.parents[1] / "docs")
"""Where it may lie: of these the first that there is."""
_PARTS = ("", "algorithms", "decisions")
"""Folders of it that hold pages."""
_PICTURES = {".png": "image/png", ".gif": "image/gif", ".webp": "image/webp"}
_OTHER = ".zh-CN"
"""Behind the name of a page that is in Chinese."""
_COMMANDS = ("train", "show", "verify")


def find_docs() -> Path | None:
    """The folder of the documentation; None where it was not installed."""
    return next((place for place in PLACES if (place / "README.md").is_file()), None)


class Library:
    """The pages of a folder.

    Args:
        folder: of the documentation, or None where there is none.
    """

    def __init__(self, folder: Path | None):
        self._pages: dict[str, Path] = {}
        self._pictures: dict[str, Path] = {}
        if folder is not None:
            pages = [path for part in _PARTS for path in sorted((folder / part).glob("*.md"))]
            self._pages = {path.relative_to(folder).with_suffix("").as_posix(): path for path in pages}
            pictures = sorted((folder / "images").glob("*"))
            self._pictures = {path.name: path for path in pictures if path.suffix in _PICTURES}

    def names(self) -> list[str]:
        """Of every page, without its language."""
        return [name for name in self._pages if not name.endswith(_OTHER)]

    def page(self, name: str, language: str = "en") -> dict[str, Any]:
        """A page in a language, or in English where it is in no other. Raises NotThereError."""
        name = name.removesuffix(_OTHER)
        if name not in self._pages:
            here = "one that the learning path leads to" if self._pages else "the documentation, which is not installed"
            raise NotThereError(f"no page {name[:80]!r}; expected {here}")
        chinese = name + _OTHER if name + _OTHER in self._pages else None
        shown = chinese if language == "zh" and chinese else name
        pieces = read(self._pages[shown].read_text("utf-8"), self._meant(name))
        first = next((piece for piece in pieces if piece[0] == "h1"), None)
        learner = name.removeprefix("algorithms/")
        recipes = [each.id for each in RECIPES.values() if each.learner == learner and name.startswith("algorithms/")]
        return {
            "name": name,
            "title": plain_text(first[2]) if first else name,
            "language": "zh" if shown == chinese else "en",
            "pieces": pieces,
            "recipes": recipes,
            "playground": played(name),
        }

    def picture(self, name: str) -> tuple[bytes, str]:
        """A picture of the pages and its type. Raises NotThereError."""
        if name not in self._pictures:
            raise NotThereError(f"no picture {name[:80]!r}; expected one of the pages'")
        path = self._pictures[name]
        return path.read_bytes(), _PICTURES[path.suffix]

    def _meant(self, page: str) -> Meant:
        """What the places of a page mean."""
        here = posixpath.dirname(page)

        def name_of(place: str) -> str:
            return posixpath.normpath(posixpath.join(here, unquote(place)))

        def link(to: str) -> Said:
            found = urlsplit(to)
            if found.scheme:
                return {"href": to} if found.scheme in ("http", "https") else None
            other = page if not found.path else name_of(found.path).removesuffix(".md")
            name = other.removesuffix(_OTHER)
            if found.netloc or name not in self._pages:
                return None
            said = {"page": name} | ({"at": unquote(found.fragment)} if found.fragment else {})
            if found.path and name == page:  # the same page in the other language
                said["lang"] = "en" if other == name else "zh"
            return said

        def picture(at: str) -> Said:
            folder, _, name = name_of(at).rpartition("/")
            return {"picture": name} if folder == "images" and name in self._pictures else None

        return Meant(link, picture, tried)


def tried(command: str) -> Said:
    """The recipe that a line of code is about, with the settings that it asks for; None where it is about none.

    It is the id of one, or a command that trains, shows or verifies one: ``palestra train cartpole/ppo --set gamma=1``.
    """
    if command in RECIPES:
        return {"recipe": command}
    try:
        words = shlex.split(command)
    except ValueError:  # a quote that nothing closes
        return None
    if len(words) < 3 or words[0] != "palestra" or words[1] not in _COMMANDS or words[2] not in RECIPES:
        return None
    given = [word for flag, word in pairwise(words[3:]) if flag == "--set" and re.fullmatch(r"[\w.]+=.*", word)]
    return {"recipe": words[2], "set": given} if given else {"recipe": words[2]}


def played(page: str) -> dict[str, Any] | None:
    """The playground in which a page's idea can be played, with its settings."""
    if page not in SHOWN_BY:
        return None
    name, settings = SHOWN_BY[page]
    return {"name": name, "settings": settings}
