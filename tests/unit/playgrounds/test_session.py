"""A playground in lines of JSON: answers for everything that can be sent, and for what cannot."""

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from palestra.playgrounds import __main__ as program
from palestra.playgrounds.catalogue import OFFERS
from palestra.playgrounds.session import MOST_LETTERS, Session

STEPS = {"bandit": 20, "gridworld": 12, "descent": 20, "k-means": 3, "classifier": 15, "convolution": 9}
STEPS |= {"cartpole": 1, "arm": 1}


def asked(session: Session, **command: Any) -> dict[str, Any]:
    answer = session.answer(json.dumps(command))
    assert "\n" not in answer
    assert "NaN" not in answer
    assert "Infinity" not in answer
    return dict(json.loads(answer))


@pytest.mark.parametrize("name", OFFERS)
def test_it_starts_steps_and_goes_back_to_the_same_frame(name: str) -> None:
    session = Session(name)
    first = asked(session, do="start", settings={"seed": 3} if name != "convolution" else {})
    assert first["about"]["name"] == name
    assert set(first["see"]) == {"en", "zh"}
    assert first["position"] == 0
    assert set(first["settings"]) == {field["name"] for field in first["about"]["settings"]}
    half = asked(session, do="step", count=max(1, STEPS[name] // 3))
    whole = asked(session, do="step", count=STEPS[name])
    assert "about" not in whole
    assert whole["position"] > half["position"] > 0
    assert whole != half
    back = asked(session, do="back", count=whole["position"] - half["position"])
    assert {**back, "do": "step"} == half
    assert {**asked(session, do="step", count=STEPS[name])} == whole
    start = asked(session, do="back", count=1000)
    assert {**first, **start, "do": "start"} == first


WRONG = [
    ("", "no JSON"),
    ("nonsense", "no JSON"),
    ("[" * 100_000, "no JSON"),
    ('{"do": "step", "count": NaN}', "NaN is no number"),
    ('{"do": "step", "count": 99999999999999999999}', "20 digits"),
    ("[1]", "expected an object"),
    ("3", "expected an object"),
    ("{}", "unknown command 'None'"),
    ('{"do": 5}', "unknown command '5'"),
    ('{"do": "__init__"}', "unknown command"),
    ('{"do": "eval", "code": "1"}', "unknown command"),
    ('{"do": "start", "settings": 3}', "its fields by name"),
    ('{"do": "start", "settings": {"epsilon": 1e999}}', "epsilon=inf"),
    ('{"do": "start", "settings": {"nothing": 1}}', "unknown setting"),
    ('{"do": "start", "code": "1"}', "unknown part of the command"),
    ('{"do": "step", "count": 0}', "from 1 to 1,000"),
    ('{"do": "step", "count": 1001}', "from 1 to 1,000"),
    ('{"do": "step", "count": true}', "from 1 to 1,000"),
    ('{"do": "step", "count": 1.5}', "from 1 to 1,000"),
    ('{"do": "back", "count": -1}', "from 1 to 1,000"),
    ('{"do": "set", "arm": 0}', "mean=None"),
    ('{"do": "set", "arm": 99, "mean": 0.5}', "arm=99"),
    ('{"do": "set", "arm": 0, "mean": 7}', "probabilities"),
    ('{"do": "act", "action": 0}', "nobody acts by hand"),
    ('{"do": "set", "\ud800": 1}', "unknown edit"),
    (" " * (MOST_LETTERS + 1), "at most"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[f"{i}" for i in range(len(WRONG))])
def test_a_bad_command_is_one_line_and_changes_nothing(line: str, said: str) -> None:
    session = Session("bandit")
    asked(session, do="start")
    before = asked(session, do="step", count=5)
    answer = json.loads(session.answer(line))
    assert list(answer) == ["error"]
    assert said in answer["error"]
    assert "\n" not in answer["error"]
    assert asked(session, do="step", count=1)["position"] == before["position"] + 1


def test_nothing_can_be_done_before_the_start() -> None:
    for do in ("step", "back", "set", "act"):
        assert "nothing was started" in asked(Session("descent"), do=do)["error"]


def test_the_program_answers_line_by_line_and_ends_with_its_input() -> None:
    commands = '{"do": "start"}\n\n{"do": "step", "count": 2}\n' + "x" * (3 * MOST_LETTERS) + '\n{"do": "back"}\n'
    answers = io.StringIO()
    assert program.main(["convolution"], io.StringIO(commands), answers) == 0
    told = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert [each.get("do", "error") for each in told] == ["start", "step", "error", "back"]
    assert "at most" in told[2]["error"]
    assert told[3]["position"] == 1


def test_the_program_wants_the_name_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["bandit", "runs", "x"], ["nobody"]):
        assert program.main(arguments, io.StringIO(""), io.StringIO()) == 2
    assert "unknown playground 'nobody'" in capsys.readouterr().err


def test_as_a_child_process() -> None:
    argv = [sys.executable, "-m", "palestra.playgrounds", "descent"]
    commands = b'{"do": "start"}\n{"do": "step"}\n\xff\xfe\n{"do": "set", "\xe4\xb8\xad": 1}\n'
    done = subprocess.run(argv, input=commands, capture_output=True, timeout=60, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each.get("do", "error") for each in told] == ["start", "step", "error", "error"]
    assert "中" in told[3]["error"]
    assert done.stderr == b""
