"""``-v`` shows what is behind an error, of every command; and warnings are one line each."""

import warnings

import pytest

from palestra.cli import main as program


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
def test_what_was_raised_is_shown_where_it_is_asked_for(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["check-env", "FrozenLake-v1", "--env-kwargs", '{"map_name": "9x9"}']
    assert program.main(argv) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "'FrozenLake-v1' given {'map_name': '9x9'}: its constructor raised KeyError: '9x9'" in line
    assert program.main([*argv, flag]) == 2
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "\nKeyError: '9x9'\n" in err
    assert err.endswith(line)


def test_a_warning_is_one_line_and_those_of_others_say_where_from(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = {}
    monkeypatch.setattr(program, "main", lambda: shown.update(a=_formatted(UserWarning), b=_formatted(FutureWarning)))
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    with pytest.raises(SystemExit):
        program.entry()
    assert shown == {"a": "palestra: two lines\n", "b": "x.py:7: FutureWarning: two lines\n"}


def _formatted(category: type[Warning]) -> str:
    return warnings.formatwarning("two\nlines", category, "x.py", 7)
