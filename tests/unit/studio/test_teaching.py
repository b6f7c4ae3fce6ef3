import sys
from pathlib import Path
from typing import Any

from asgi import ask

from palestra.playgrounds.catalogue import catalogue
from palestra.recipes.registry import RECIPES
from palestra.studio import teaching
from palestra.studio.server import make_app
from palestra.studio.sessions import Sessions
from palestra.studio.studio import Studio

ECHO = (sys.executable, str(Path(__file__).parents[2] / "toys" / "echoing.py"))
OFFER = {"name": "bandit", "title": {"en": "A bandit", "zh": "老虎机"}}


def test_every_recipe_is_in_the_catalogue_in_its_order(tmp_path: Path) -> None:
    told = ask(make_app(Studio(tmp_path), []), "/api/recipes").json()["recipes"]
    assert [each["id"] for each in told] == list(RECIPES)
    first = next(each for each in told if each["id"] == "cartpole/ppo")
    assert first["claim"]["told"] == "return_mean >= 475"
    assert first["verified"]


def test_a_recipe_is_asked_of_the_workshop(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    asked: list[Any] = []
    studio.work.ask = lambda do, **words: asked.append((do, words)) or {"settings": []}  # type: ignore[method-assign]
    app = make_app(studio, [])
    told = ask(app, "/api/recipes/cartpole/ppo").json()
    assert (told["id"], told["settings"]) == ("cartpole/ppo", [])
    assert asked == [("recipe", {"recipe": "cartpole/ppo"})]
    assert ask(app, "/api/recipes/none/such").status == 404


def test_a_page_and_its_picture_are_sent(tmp_path: Path) -> None:
    app = make_app(Studio(tmp_path), [])
    told = ask(app, "/api/pages/algorithms/ppo").json()
    assert told["title"] == "Proximal policy optimisation (ppo)"
    assert ask(app, "/api/pages/README?lang=zh").json()["language"] == "zh"
    picture = ask(app, "/api/figures/regret.png")
    assert (picture.status, picture.header("content-type")) == (200, "image/png")
    for wrong in (
        "/api/pages/none",
        "/api/pages/../../pyproject",
        "/api/figures/none.png",
        "/api/figures/..%2fREADME.md",
    ):
        assert ask(app, wrong).status == 404


def test_a_playground_is_opened_asked_and_closed(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    studio.sessions = Sessions(("bandit",), ECHO)
    app = make_app(studio, [OFFER])
    try:
        assert ask(app, "/api/playgrounds").json() == {"playgrounds": [OFFER]}
        opened = ask(app, "/api/playgrounds/bandit", "POST", json_body={"arms": 2})
        assert opened.status == 201
        session = opened.json()["id"]
        told = ask(app, f"/api/playgrounds/sessions/{session}", "POST", json_body={"do": "step"}).json()
        assert told == {"said": {"do": "step"}, "name": ["bandit"]}
        assert ask(app, f"/api/playgrounds/sessions/{session}", "DELETE").status == 200
        assert ask(app, f"/api/playgrounds/sessions/{session}", "POST", json_body={}).status == 404
        assert ask(app, "/api/playgrounds/none", "POST", json_body={}).status == 404
    finally:
        studio.close()


def test_the_playgrounds_that_are_installed_are_offered(tmp_path: Path) -> None:
    assert all({"name", "title"} <= each.keys() for each in catalogue())
    studio = Studio(tmp_path)
    try:
        assert "/api/playgrounds" in {route.path for route in teaching.routes(studio, catalogue())}
    finally:
        studio.close()
