import json

import pytest
from asgi import ask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from palestra.errors import PalestraError, UsageError
from palestra.studio.answers import RefusedError, answer, failed, read_number, read_object
from palestra.studio.folder import NotThereError

FAULTS = {"usage": UsageError("bad"), "there": NotThereError("none"), "refused": RefusedError("no"),
          "other": PalestraError("broken"), "disk": OSError(5, "Input/output error")}  # fmt: skip


async def view(request: Request) -> Response:
    fault = FAULTS.get(request.path_params["what"])
    if fault is not None:
        raise fault
    return answer({"body": await read_object(request), "n": read_number(request, "n", 7), "nan": [float("nan"), 1.5]})


APP = Starlette(
    routes=[Route("/{what}", view, methods=["POST"])], exception_handlers={PalestraError: failed, OSError: failed}
)


def test_what_is_sent_is_json_without_nan() -> None:
    got = ask(APP, "/x?n=-3", "POST", json_body={"a": [1]})
    assert got.json() == {"body": {"a": [1]}, "n": -3, "nan": [None, 1.5]}
    assert got.header("content-type") == "application/json"
    assert ask(APP, "/x?n=", "POST").json() == {"body": {}, "n": 7, "nan": [None, 1.5]}
    assert ask(APP, "/x?n=" + "9" * 4000, "POST").json()["n"] == 2**62


@pytest.mark.parametrize(
    ("what", "status"), [("usage", 400), ("there", 404), ("refused", 403), ("other", 500), ("disk", 500)]
)
def test_an_error_is_its_line(what: str, status: int) -> None:
    got = ask(APP, f"/{what}", "POST")
    assert got.status == status
    assert got.json() == {"error": str(FAULTS[what])}


@pytest.mark.parametrize("body", [[1], "x", 3])
def test_what_is_no_object_is_refused(body: object) -> None:
    got = ask(APP, "/x", "POST", json_body=body)
    assert got.status == 400
    assert "expected one object" in got.json()["error"]
    assert ask(APP, "/x?n=one", "POST").json()["error"] == "n=one; expected a whole number"


def test_a_lone_half_of_a_letter_is_sent_as_a_question() -> None:
    assert json.loads(answer({"name": "\ud800"}).body) == {"name": "?"}
