"""The face that estimators have without scikit-learn: arguments in, arguments out, and a table for a notebook."""

import pytest

from palestra.engine.bare_estimator import Plain
from palestra.errors import UsageError


class Thing(Plain):
    """With two arguments."""

    def __init__(self, size: int = 3, name: str = "<a>"):
        self.size, self.name = size, name


def test_arguments_are_given_back_and_changed() -> None:
    thing = Thing(size=4)
    assert thing.get_params() == {"size": 4, "name": "<a>"}
    assert repr(thing.set_params(name="b")) == "Thing(size=4, name='b')"
    with pytest.raises(UsageError, match="unknown setting of Thing 'sise'; nearest: size"):
        thing.set_params(sise=1)


def test_a_notebook_shows_what_is_not_as_usual_and_no_markup_of_values() -> None:
    shown = Thing(size=4)._repr_html_()
    assert shown.startswith("<details><summary>Thing</summary><table>")
    assert "<tr><td>size</td><td><b>4</b></td></tr>" in shown
    assert "<td>&#x27;&lt;a&gt;&#x27;</td>" in shown
