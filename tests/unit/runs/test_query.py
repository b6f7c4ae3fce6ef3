"""The words that say which runs are meant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from palestra.errors import UsageError
from palestra.runs.index import RunRow
from palestra.runs.query import parse


def row(**fields: Any) -> RunRow:
    created = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    values = {
        "id": "cartpole-ppo-s3-20260101-120000", "task": "cartpole", "method": "ppo", "seed": 3, "status": "finished",
        "created": created, "steps": 1000, "seconds": 4.0, "headline_name": "eval/return_mean",
        "headline_value": 487.5, "exact": True, "reached": True,
    }  # fmt: skip
    return RunRow(**{**values, **fields})


@pytest.mark.parametrize(
    "words",
    [
        "", "cartpole", "PPO", "cartpole/ppo", "20260101", "task=cartpole", "task=cliff,cartpole", "recipe=cart*/p*",
        "status!=running", "seed=3", "seed=1,2,3", "seed!=4", "score>487", "score>=487.5", "score<1e3", "steps<=1e3",
        "speed=250", "seconds<5s", "age>2h", "age<1d", "age<=200m", "claim=reached", "exact=yes", "metric=*return*",
        "cartpole seed=3 score>100", "'cartpole' \"seed=3\"",
    ],
)  # fmt: skip
def test_a_run_is_meant(words: str) -> None:
    assert parse(words)(row())


@pytest.mark.parametrize(
    "words",
    [
        "dqn", "task=cart", "task!=cartpole", "recipe=cliff/*", "status=running", "seed=30", "seed!=3", "score>487.5",
        "score<487.5", "steps>1000", "age<2h", "age>1d", "claim=missed,none", "exact=no", "cartpole dqn",
        "seed=3 seed=4",
    ],
)  # fmt: skip
def test_a_run_is_not_meant(words: str) -> None:
    assert not parse(words)(row())


def test_what_is_not_known_is_neither_below_nor_above() -> None:
    unknown = row(headline_value=None, headline_name=None, seconds=0.0, created="once", reached=None)
    for words in ("score>0", "score<0", "score>=0", "score<=0", "score=0", "speed>0", "age>0s"):
        assert not parse(words)(unknown)
    for words in ("score!=0", "claim=none", "metric=none"):
        assert parse(words)(unknown)
    assert parse("claim=missed")(row(reached=False))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("tsk=cartpole", "unknown field 'tsk'; nearest: task"),
        ("seed=three", "seed=three; expected a number"),
        ("age<soon", "age<soon; expected a number, e.g. age<2h"),
        ("score>nan", "score>nan; expected a number"),
        ("task>cartpole", "task>cartpole; expected task= or task!="),
        ("'cartpole", "expected a closing quotation mark"),
        ("seed<2h", "seed<2h; expected a number"),
    ],
)
def test_what_means_nothing_is_told_in_one_line(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=r".") as caught:
        parse(words)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_words_may_be_apart_already() -> None:
    assert parse(["cartpole", "status=finished"])(row())
    assert not parse(["car tpole"])(row())
