"""The documentation in the studio: every page of the checkout is read, and what its places mean."""

from pathlib import Path
from typing import Any

import pytest

from palestra.learners.registry import LEARNERS
from palestra.playgrounds.catalogue import SHOWN_BY
from palestra.recipes.registry import RECIPES
from palestra.studio import library
from palestra.studio.folder import NotThereError
from palestra.studio.library import Library, find_docs, played, tried
from palestra.studio.markdown import TAGS


def pieces_of(pieces: list[Any]) -> list[list[Any]]:
    """Every element, at any depth."""
    own = [piece for piece in pieces if not isinstance(piece, str)]
    return own + [inner for piece in own for inner in pieces_of(piece[2])]


@pytest.fixture(scope="module")
def docs() -> Library:
    return Library(find_docs())


def test_every_page_is_read_and_leads_to_pages(docs: Library) -> None:
    names = docs.names()
    assert {"README", "studio", "decisions/0001-runs-below-engine", *SHOWN_BY} <= set(names)
    assert {f"algorithms/{name}" for name in LEARNERS} <= set(names)
    headings, meant = dict[str, set[str]](), list[tuple[str, str]]()
    for name in names:
        told = docs.page(name)
        found = pieces_of(told["pieces"])
        assert {tag for tag, _, _ in found} <= TAGS, name
        assert told["title"] != name, f"{name} has no title"
        headings[name] = {said["at"] for _, said, _ in found if "at" in said and "page" not in said}
        for tag, said, _ in found:
            if tag == "a":
                assert len({"page", "recipe", "href"} & said.keys()) == 1, name
                assert said.get("page", "README") in names
                meant += [(said["page"], said["at"])] if "at" in said else []
                assert said.get("recipe", "cartpole/ppo") in RECIPES
    assert [place for place in meant if place[1] not in headings[place[0]]] == []
    path = pieces_of(docs.page("README")["pieces"])
    assert len({said["page"] for tag, said, _ in path if tag == "a" and "page" in said}) > 50
    assert {"regret.png"} <= {said["picture"] for tag, said, _ in path if tag == "img"}


def test_in_both_languages(docs: Library) -> None:
    chinese, english = docs.page("README", "zh"), docs.page("README", "en")
    assert (chinese["title"], english["title"]) == ("学习路线", "The learning path")
    assert (chinese["language"], docs.page("studio", "zh")["language"]) == ("zh", "en")
    for shown, other in ((chinese, "en"), (english, "zh")):
        assert {"page": "README", "lang": other} in [said for tag, said, _ in pieces_of(shown["pieces"]) if tag == "a"]
    assert docs.page("README.zh-CN", "zh") == chinese
    assert "第二段旅程从一条直线到-transformer" in {
        said["at"] for _, said, _ in pieces_of(chinese["pieces"]) if "at" in said
    }


def test_beside_an_idea_stands_what_shows_it(docs: Library) -> None:
    told = docs.page("algorithms/q-learning")
    assert told["playground"] == {"name": "gridworld", "settings": {"method": "q-learning", "gamma": 1.0}}
    assert told["recipes"][0] == "cliff/q-learning"
    assert docs.page("studio")["recipes"] == []
    assert played("studio") is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cartpole/ppo", {"recipe": "cartpole/ppo"}),
        ("palestra verify cartpole/ppo --seeds 10", {"recipe": "cartpole/ppo"}),
        (
            "palestra train cartpole/dqn --set double=true --set learner.dueling=mean",
            {"recipe": "cartpole/dqn", "set": ["double=true", "learner.dueling=mean"]},
        ),
        ("palestra train cartpole/ppo --set 'x;y'", {"recipe": "cartpole/ppo"}),
        ("palestra train none/such", None),
        ("palestra runs ls cartpole/ppo", None),
        ("palestra lesson walking", None),
        ("rm 'x", None),
        ("", None),
    ],
)
def test_what_can_be_tried(command: str, expected: Any) -> None:
    assert tried(command) == expected


def test_pages_and_pictures_are_known_by_name_alone(docs: Library, tmp_path: Path) -> None:
    content, media_type = docs.picture("regret.png")
    assert (content[:4], media_type) == (b"\x89PNG", "image/png")
    for name in (
        "../README",
        "../../README",
        "prose/ppo",
        "images/regret.png",
        "/etc/passwd",
        "algorithms/../README",
        "",
    ):
        with pytest.raises(NotThereError, match="the learning path leads to"):
            docs.page(name)
        with pytest.raises(NotThereError):
            docs.picture(name)
    (tmp_path / "other.md").write_text(
        "[a](//elsewhere/README.md) [b](mailto:x) [c](../README.md) [d](https://e) [f](other.md)"
    )
    (tmp_path / "README.md").write_text("a")
    shown = pieces_of(Library(tmp_path).page("other")["pieces"])
    assert [said for tag, said, _ in shown if tag == "a"] == [{"href": "https://e"}, {"page": "other", "lang": "en"}]


def test_without_a_documentation_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(library, "PLACES", (tmp_path,))
    assert find_docs() is None
    with pytest.raises(NotThereError, match="which is not installed"):
        Library(None).page("README")
