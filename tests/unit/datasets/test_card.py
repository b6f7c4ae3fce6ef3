"""Cards: every data set of ours says what it is, whose, and where it can be had."""

from pathlib import Path
from urllib.parse import urlsplit

import palestra
from palestra.datasets.card import Card
from palestra.datasets.dataset import known_cards
from palestra.datasets.hub.content import megabytes


def test_every_card_is_filled_in() -> None:
    cards = known_cards()
    assert len(cards) >= 24
    for name, card in cards.items():
        assert isinstance(card, Card)
        assert card.resource is not None, name
        assert card.resource.name == name
        assert card.rows > 0
        assert all((card.title, card.about, card.licence, card.home)), name
        assert card.about.endswith("?"), name
        assert len(card.resource.contents) == len({content.name for content in card.resource.contents})
        assert all(len(content.sha256) == 64 and content.size for content in card.resource.contents)
        for source in card.resource.sources:
            wanted = {content.name for content in card.resource.contents}
            if getattr(source, "decode", None) is None:
                assert set(source.members) == wanted, (name, source.name)  # type: ignore[attr-defined]


def test_the_page_has_a_line_for_each() -> None:
    page = (Path(palestra.__file__).parents[2] / "docs" / "datasets.md").read_text()
    lines = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for name, card in known_cards().items():
        line = lines.pop(name)
        assert f"| {card.rows:,} |" in line
        assert card.about in line
        assert line.endswith(f"| {card.licence} |")
        assert card.resource is not None
        assert f"| {megabytes(card.resource.size)} |" in line
        for source in card.resource.sources:
            assert not source.size or (urlsplit(source.name).hostname or source.name) in line
    assert {*lines} == set()
