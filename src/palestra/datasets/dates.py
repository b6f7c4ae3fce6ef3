"""Dates as people write them in eleven languages, and as ISO 8601 has them: sequences of characters, made on the spot.

A text says its day without knowing its language: month names are those of one month alone, numbers with dots are day
first, those with slashes month first. The days of one split are in no other, so neither is any text.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from palestra.datasets.dataset import Split, Splits, register
from palestra.errors import require


class Language(NamedTuple):
    """How dates are written in a language."""

    months: str
    """January to December, as they stand within a date."""
    forms: tuple[str, ...]
    """With ``d`` the day, ``o`` the same as an English ordinal, ``m`` the month, ``name`` its name, ``short`` three
    letters of that, and ``y`` the year."""


LANGUAGES = {
    "English": Language(
        "January February March April May June July August September October November December",
        (
            "{name} {d}, {y}", "{d} {name} {y}", "{o} of {name} {y}", "{name} {o}, {y}", "{short} {d}, {y}",
            "{d} {short} {y}", "{d:02}-{short}-{y}", "{m}/{d}/{y}", "{m:02}/{d:02}/{y}",
        ),
    ),
    "German": Language(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        ("{d}. {name} {y}", "{d}.{m}.{y}", "{d:02}.{m:02}.{y}"),
    ),
    "French": Language(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        ("{d} {name} {y}", "le {d} {name} {y}"),
    ),
    "Spanish": Language(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        ("{d} de {name} de {y}", "{d} de {name} del {y}"),
    ),
    "Italian": Language(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        ("{d} {name} {y}",),
    ),
    "Portuguese": Language(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        ("{d} de {name} de {y}",),
    ),
    "Dutch": Language(
        "januari februari maart april mei juni juli augustus september oktober november december",
        ("{d} {name} {y}", "{d} {short} {y}"),
    ),
    "Swedish": Language(
        "januari februari mars april maj juni juli augusti september oktober november december",
        ("den {d} {name} {y}", "{y:04}-{m:02}-{d:02}"),
    ),
    "Polish": Language(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        ("{d} {name} {y}", "{d} {name} {y} r."),
    ),
    "Finnish": Language(
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
        "marraskuuta joulukuuta",
        ("{d}. {name} {y}",),
    ),
    "Russian": Language(
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        ("{d} {name} {y} г.", "{d} {name} {y}"),  # noqa: RUF001 - it is Cyrillic
    ),
}  # fmt: skip
FIRST, DAYS = date(1900, 1, 1), 73_049
"""The days of two centuries, to the end of 2099."""
LENGTH, ISO_LENGTH = 28, 10
"""Tokens of what is read, which 0 fills up, and of what is to be written."""
WRITTEN = ("", *"0123456789-")
"""Token to character of ISO 8601; 0 is what comes before the first."""
_SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
"""Of the days."""


def texts(day: date, languages: dict[str, Language] = LANGUAGES) -> list[str]:
    """A day in all forms of all languages, in their order."""
    return [_written(day, language.months.split(), form) for language, form in _forms(languages)]


def _forms(languages: dict[str, Language]) -> Iterator[tuple[Language, str]]:
    return ((language, form) for language in languages.values() for form in language.forms)


def _written(day: date, months: list[str], form: str) -> str:
    name, d = months[day.month - 1], day.day
    ending = "th" if d in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th")
    return form.format(d=d, o=f"{d}{ending}", m=day.month, name=name, short=name[:3], y=day.year)


def _alphabet() -> tuple[str, ...]:
    months = (language.months.replace(" ", "") for language in LANGUAGES.values())
    around = (form.format(d=0, o="stndrdth", m=0, name="", short="", y=0) for _, form in _forms(LANGUAGES))
    return ("", *sorted({*"0123456789", *chain.from_iterable([*months, *around])}))


READ = _alphabet()
"""Token to character of what is read, in order of their code; 0 fills up."""


def tokens(written: list[str], length: int, alphabet: tuple[str, ...]) -> Tensor:
    """(N, length) uint8: texts by the places of their characters in an alphabet, filled up with 0."""
    number = {character: token for token, character in enumerate(alphabet)}
    rows = np.zeros((len(written), length), np.uint8)
    for row, text in zip(rows, written, strict=True):
        row[: len(text)] = [number[character] for character in text]
    return torch.from_numpy(rows)


def load(train: int = 40_000, validation: int = 2_000, test: int = 2_000, seed: int = 0) -> Splits:
    """Texts (N, 28) uint8, and the same days (N, 10) int64 as ISO 8601.

    Args:
        train: rows to fit, of four days in five; each a day and a form by chance.
        validation: rows to choose by, of half of the other days.
        test: rows to be judged on, of the days that are left.
        seed: of days and forms.
    """
    rng, forms = torch.Generator().manual_seed(seed), [*_forms(LANGUAGES)]
    order, splits, begin = torch.randperm(DAYS, generator=rng), {}, 0
    for (name, share), count in zip(_SHARES.items(), (train, validation, test), strict=True):
        require(count >= 1, f"{name}={count}", "1 row or more")
        days = order[begin : begin + int(share * DAYS)]
        begin += len(days)
        chosen = days[torch.randint(len(days), (count,), generator=rng)].tolist()
        ways = torch.randint(len(forms), (count,), generator=rng).tolist()
        dates = [FIRST + timedelta(day) for day in chosen]
        read = [_written(day, forms[i][0].months.split(), forms[i][1]) for day, i in zip(dates, ways)]
        iso = tokens([day.isoformat() for day in dates], ISO_LENGTH, WRITTEN)
        splits[name] = Split(tokens(read, LENGTH, READ), iso.long())
    return splits


def _names(train: int = 0, validation: int = 0, test: int = 0, seed: int = 0) -> tuple[str, ...]:
    return WRITTEN


register("dates", load, names=_names, tokens=READ)
