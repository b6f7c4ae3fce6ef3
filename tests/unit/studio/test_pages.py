"""The page's own files: what they may hold, and how large they may be."""

import re

from asgi import ask
from starlette.applications import Starlette

from palestra.errors import PalestraError
from palestra.studio.answers import failed
from palestra.studio.pages import STATIC, files, routes

APP = Starlette(routes=[*routes()], exception_handlers={PalestraError: failed})
OWN = {name: path.read_text() for name, path in files().items() if path.suffix == ".js" and "vendor" not in name}


def test_the_page_and_its_parts_are_sent() -> None:
    page = ask(APP, "/")
    assert page.header("content-type") == "text/html; charset=utf-8"
    for name in re.findall(r'(?:src|href)="(static/[^"]+)"', page.body.decode()):
        assert ask(APP, f"/{name}").status == 200, name
    assert ask(APP, "/static/app.js").header("content-type") == "text/javascript; charset=utf-8"
    for wrong in ("../server.py", "none.js", "", "vendor", "/app.js"):
        assert ask(APP, f"/static/{wrong}").status == 404


def test_every_script_that_is_imported_is_there() -> None:
    for name, text in OWN.items():
        folder = (STATIC / name).parent
        for target in re.findall(r'(?:from|import) "([^"]+)"', text):
            assert (folder / target).is_file(), f"{name}: {target}"


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    page = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*src=)", page) == []
    assert re.findall(r"\son\w+=|style=", page) == []
    for name, text in {**OWN, "index.html": page, "style.css": (STATIC / "style.css").read_text()}.items():
        found = re.findall(r"https?://[^\s\"'`]+", text)
        assert set(found) <= {"http://www.w3.org/2000/svg"}, name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            name
        )


def test_our_own_script_is_small() -> None:
    assert sum(len(text.encode()) for text in OWN.values()) < 200_000


def test_every_word_is_there_in_chinese() -> None:
    words = OWN["words.js"]
    known = set(re.findall(r'^  "((?:[^"\\]|\\.)*)":', words, re.MULTILINE))
    said = {each for text in OWN.values() for each in re.findall(r'(?<![\w.])t\("((?:[^"\\]|\\.)*)"', text)}
    said |= set(re.findall(r'^  \w+: \["([^"]+)",', OWN["runs.js"], re.MULTILINE))
    assert said - known == set()
    assert len(said) > 100
