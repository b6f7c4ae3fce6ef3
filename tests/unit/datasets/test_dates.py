"""Dates: each text says one day, texts are as people write them, and no split knows another's days."""

from datetime import date, datetime, timedelta

import pytest
import torch

from palestra.datasets.dataset import Dataset
from palestra.datasets.dates import DAYS, FIRST, ISO_LENGTH, LANGUAGES, LENGTH, READ, WRITTEN, load, texts, tokens
from palestra.errors import UsageError


def text(row: torch.Tensor, alphabet: tuple[str, ...]) -> str:
    return "".join(alphabet[token] for token in row.tolist())


def test_a_day_as_it_is_written() -> None:
    said = texts(date(2021, 3, 2))
    for expected in (
        "March 2, 2021", "2nd of March 2021", "02-Mar-2021", "3/2/2021", "2. März 2021", "02.03.2021", "le 2 mars 2021",
        "2 de marzo de 2021", "2 marzo 2021", "2 de março de 2021", "2 maart 2021", "den 2 mars 2021", "2021-03-02",
        "2 marca 2021 r.", "2. maaliskuuta 2021", "2 марта 2021 г.",  # noqa: RUF001 - it is Cyrillic
    ):  # fmt: skip
        assert expected in said
    ordinals = {day: texts(date(2000, 1, day))[2].split()[0] for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30)}
    assert [*ordinals.values()] == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th"]
    for day in (date(1999, 12, 31), date(2024, 2, 29)):  # as Python reads them
        english = texts(day)
        for place, form in ((0, "%B %d, %Y"), (1, "%d %B %Y"), (4, "%b %d, %Y"), (6, "%d-%b-%Y"), (8, "%m/%d/%Y")):
            assert datetime.strptime(english[place], form).date() == day


def test_no_text_means_two_days_and_all_fit() -> None:
    # A leap year holds every day and month; the year stands in every text with all its digits.
    meant: dict[str, date] = {}
    for day in (date(2024, 1, 1) + timedelta(i) for i in range(366)):
        for said in texts(day):
            assert meant.setdefault(said, day) == day
            assert "2024" in said
            assert len(said) <= LENGTH
            assert set(said) <= set(READ)
    months = [language.months.split() for language in LANGUAGES.values()]
    assert {len(names) for names in months} == {12}
    assert FIRST + timedelta(DAYS) == date(2100, 1, 1)


def test_the_splits_are_whole_and_share_no_day_and_no_text() -> None:
    splits = load(train=8_000)
    assert {name: tuple(split.inputs.shape) for name, split in splits.items()} == {
        "train": (8_000, LENGTH), "validation": (2_000, LENGTH), "test": (2_000, LENGTH),
    }  # fmt: skip
    days, read = [], []
    for split in splits.values():
        assert split.targets is not None
        assert split.targets.shape == (len(split.inputs), ISO_LENGTH)
        rows = [(text(row, READ), text(day, WRITTEN)) for row, day in zip(split.inputs, split.targets, strict=True)]
        assert all(said in texts(date.fromisoformat(iso)) for said, iso in rows)
        read.append({said for said, _ in rows})
        days.append({iso for _, iso in rows})
    for sets in (days, read):
        assert not sets[0] & sets[1]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]


def test_a_seed_decides() -> None:
    one, again, other = (Dataset("dates", {"train": 50, "seed": seed}).load()["train"] for seed in (0, 0, 1))
    assert torch.equal(one.inputs, again.inputs)
    assert not torch.equal(one.inputs, other.inputs)
    with pytest.raises(UsageError, match="test=0; expected 1 row or more"):
        load(test=0)


def test_tokens_and_their_words() -> None:
    assert tokens(["ba", "c"], 3, ("", "a", "b", "c")).tolist() == [[2, 1, 0], [3, 0, 0]]
    assert Dataset("dates").token_names() == READ
    assert Dataset("dates", {"seed": 3}).class_names() == WRITTEN
    assert len(READ) < 128
