"""The catalogue: complete, in both languages, light to list, and every preset can be played."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.playgrounds.catalogue import OFFERS, PLAYED, SHOWN_BY, catalogue, find_offer, make_playground

PRESETS = [(offer.name, preset.name) for offer in OFFERS.values() for preset in offer.presets]


def texts(value: Any) -> list[dict[str, str]]:
    """Every text in both languages, at any depth."""
    if isinstance(value, dict):
        own = [value] if {"en", "zh"} <= value.keys() else []
        return own + [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list | tuple) else []


def test_listing_imports_neither_torch_nor_a_learner() -> None:
    code = (
        "import sys; from palestra.playgrounds.catalogue import catalogue; assert len(catalogue()) == 8;"
        "heavy = [name for name in sys.modules if name in ('torch', 'palestra.playgrounds.playground')"
        " or (name.startswith('palestra.learners.') and name != 'palestra.learners.registry')]; assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_listed_can_be_sent_and_is_said_in_both_languages() -> None:
    listed = catalogue()
    assert json.loads(json.dumps(listed, allow_nan=False))
    assert [each["name"] for each in listed] == list(OFFERS) == list(PLAYED)
    said = texts(listed)
    assert len(said) > 150
    assert all(text["en"].strip() and text["zh"].strip() for text in said)
    assert all(any(preset["fails"] for preset in each["presets"]) for each in listed)
    for each in listed:
        assert len({preset["name"] for preset in each["presets"]}) == len(each["presets"])
        numbers = [field for field in each["settings"] if field["type"] in ("number", "integer", "numbers", "integers")]
        assert all({"low", "high"} <= field.keys() for field in numbers)


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_a_preset_can_be_played(name: str, preset: str) -> None:
    (chosen,) = (each for each in find_offer(name).presets if each.name == preset)
    settings = json.loads(json.dumps(dict(chosen.settings)))
    playground = make_playground(name, settings)
    assert playground.asked == find_offer(name).settings(settings)
    assert playground.see().en


def test_what_shows_a_page_takes_the_settings_that_it_is_given() -> None:
    pages = Path(__file__).parents[3] / "docs"
    for page, (name, settings) in SHOWN_BY.items():
        assert (pages / f"{page}.md").is_file(), page
        assert find_offer(name).settings(json.loads(json.dumps(settings)))


def test_an_unknown_one_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown playground 'bandits'; nearest: bandit"):
        make_playground("bandits", {})


def test_the_documentation_names_every_playground() -> None:
    page = (Path(__file__).parents[3] / "docs" / "playgrounds.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(OFFERS)
