"""Every lesson that is listed can be taken, has a table that fits its head, and is the same for the same seed."""

import pytest

from palestra.errors import UsageError
from palestra.trials.lessons.lesson import LESSONS, take


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_a_table_and_a_picture(name: str) -> None:
    done = take(name, seed=1)
    assert done.rows
    assert {len(row) for row in done.rows} == {len(done.columns)}
    assert done.picture.panels
    assert done.picture.said == done.said
    assert take(name, seed=1).rows == done.rows


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown lesson 'optimisers'; nearest: optimizers"):
        take("optimisers")
    with pytest.raises(UsageError, match="seed=-1; expected 0 or more"):
        take("activations", -1)
