"""``predict`` over HTTP: behind the door, bounded, and every wrong question told in one line."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from asgi import HOST, Answer, ask

import palestra
from palestra.exports.service import Service
from palestra.web.guard import Guard, local_names

TOKEN = "t" * 40
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    agent = palestra.PPO("CartPole-v1", palestra.PPOConfig(hidden_sizes=(8,)))
    made = Service(agent, "a-run", most_bytes=4_096)
    yield made
    made.close()
    agent.close()


def post(app: Any, body: Any, path: str = "/predict", **headers: str) -> Answer:
    return ask(app, path, "POST", headers, json_body=body)


def test_it_answers_what_predict_says(service: Service) -> None:
    obs = np.random.default_rng(0).normal(size=(20, 4)).round(3)
    answer = post(service, {"observations": obs.tolist()})
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    assert answer.json() == {"actions": service.answers.learner.predict(obs).tolist()}  # type: ignore[attr-defined]
    assert answer.header("content-length") == str(len(answer.body))


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "said"),
    [
        ("/predict", "POST", {"observations": [1, 2]}, 400, "observation of shape (2,)"),
        ("/predict", "POST", ["x"], 400, "a list; expected an object"),
        ("/predict", "GET", None, 405, "GET /predict; expected POST"),
        ("/health", "POST", None, 405, "POST /health; expected GET"),
        ("/nowhere", "GET", None, 404, "nothing is there; expected POST /predict or GET /health"),
        ("/predict", "POST", {"observations": "x" * 5_000}, 413, "a question of more than 4,096 bytes"),
    ],
)
def test_a_wrong_question_gets_one_line(
    service: Service, path: str, method: str, body: Any, status: int, said: str
) -> None:
    answer = ask(service, path, method, json_body=body)
    assert answer.status == status
    assert list(answer.json()) == ["error"]
    assert said in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_body_is_bounded_whatever_it_is_said_to_be(service: Service) -> None:
    """Not told, told wrongly, or sent piece by piece without an end."""
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        sent += 1
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    async def asked(headers: list[tuple[bytes, bytes]]) -> int:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        await service({"type": "http", "path": "/predict", "method": "POST", "headers": headers}, endless, send)
        return int(said[0]["status"])

    assert asyncio.run(asked([])) == 413
    assert sent == 5
    for told in (b"4097", b"-1", b"many"):
        sent = 0
        assert asyncio.run(asked([(b"content-length", told)])) == 413
        assert sent == 0


def test_health_says_who_answers(service: Service) -> None:
    before = ask(service, "/health").json()
    assert (before["status"], before["run"], before["learner"]) == ("ok", "a-run", "ppo")
    post(service, {"observations": [0, 0, 0, 0]})
    post(service, {"observations": []})
    assert ask(service, "/health").json()["answered"] == before["answered"] + 1
    assert ask(service, "/health", "HEAD").body == b""


def test_nobody_is_answered_without_the_token(service: Service) -> None:
    door = Guard(service, TOKEN, local_names(8000), "serve-8000")
    question = {"observations": [0, 0, 0, 0]}
    for path, method in (("/predict", "POST"), ("/health", "GET"), ("/nowhere", "GET")):
        assert ask(door, path, method, json_body=question).status == 401
    assert ask(door, "/predict", "POST", BEARER, json_body=question).status == 200
    assert ask(door, "/predict", "POST", BEARER | {"origin": "http://example.org"}, json_body=question).status == 403
    assert ask(door, "/predict", "POST", BEARER, json_body=question, host="example.org").status == 403
    assert HOST == "127.0.0.1:8000"


def test_an_index_that_no_table_has_is_a_wrong_question() -> None:
    learner = palestra.MatrixFactorisation("toy/ratings")
    made = Service(learner, "ratings")
    assert post(made, {"rows": [[0, 0]]}).status == 200
    answer = post(made, {"rows": [[10**6, 0]]})
    assert answer.status == 400
    assert "user 1000000; expected one from 0 to 199" in json.loads(answer.body)["error"]
    made.close()


def test_it_lives_as_long_as_the_server(service: Service) -> None:
    learner = palestra.SoftmaxRegression("iris")
    made, said = Service(learner, "iris"), []
    told = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(told)

    async def send(message: Any) -> None:
        said.append(message["type"])

    asyncio.run(made({"type": "lifespan"}, receive, send))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(RuntimeError, match="shutdown"):
        post(made, {"rows": [0, 0, 0, 0]})
