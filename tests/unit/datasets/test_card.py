"""Cards: every data set of ours says what it is, whose, and where it can be had."""

from palestra.datasets.card import Card
from palestra.datasets.dataset import known_cards


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
