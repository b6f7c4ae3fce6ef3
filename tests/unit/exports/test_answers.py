"""Questions in JSON, and what a learner says of them."""

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

import palestra
from palestra.errors import UsageError
from palestra.exports.answers import Answers, observations, parsed


@pytest.fixture(scope="module")
def ppo() -> Any:
    return palestra.PPO("CartPole-v1", palestra.PPOConfig(hidden_sizes=(8,)))


@pytest.fixture(scope="module")
def softmax() -> Any:
    return palestra.SoftmaxRegression("iris").learn(200)


def test_one_gets_one_and_a_batch_gets_a_list(ppo: Any) -> None:
    ask, obs = Answers(ppo), np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    assert ask({"observations": obs.tolist()}) == {"actions": ppo.predict(obs).tolist()}
    assert ask({"observations": obs[0].tolist()}) == {"actions": ppo.predict(obs[0])}
    said = ask({"observations": obs.tolist(), "probabilities": True})
    assert np.argmax(said["probabilities"], 1).tolist() == said["actions"]
    np.testing.assert_allclose(np.sum(said["probabilities"], 1), 1.0)
    alone = ask({"observations": obs[0].tolist(), "probabilities": True})["probabilities"]
    np.testing.assert_allclose(alone, said["probabilities"][0], rtol=1e-5)


def test_labels_have_their_names_and_probabilities(softmax: Any) -> None:
    ask, rows = Answers(softmax), softmax.train.inputs[:5].numpy()
    said = ask({"rows": rows.tolist(), "probabilities": True})
    assert said["labels"] == softmax.predict(rows).tolist()
    assert said["names"] == [softmax.dataset.class_names()[label] for label in said["labels"]]
    np.testing.assert_allclose(said["probabilities"], softmax.predicted(rows).softmax(1))
    alone = ask({"rows": rows[1].tolist()})
    assert alone == {"labels": said["labels"][1], "names": said["names"][1]}


WRONG: list[tuple[Any, str]] = [
    ([1], "a list; expected an object with 'observations'"),
    ({"rows": [0, 0, 0, 0]}, "the keys 'rows'; expected an object with 'observations'"),
    ({"observations": [0, 0, 0, 0], "x": 1}, "expected an object with 'observations'"),
    ({"observations": [0, 0, 0]}, "observation of shape (3,); expected (4,), or a batch (n, *(4,))"),
    ({"observations": [[0, 0, 0, 0], [0]]}, "expected numbers, nested as float32 arrays are"),
    ({"observations": ["0", "0", "0", "0"]}, "expected numbers, nested as float32 arrays are"),
    ({"observations": []}, "expected numbers"),
    ({"observations": None}, "expected numbers"),
    ({"observations": [1e300, 0, 0, 0]}, "a number beyond float32; expected finite ones"),
    ({"observations": [10**400, 0, 0, 0]}, "expected numbers"),
    ({"observations": [0, 0, 0, 0], "probabilities": "yes"}, "probabilities='yes'; expected true or false"),
]


@pytest.mark.parametrize(("asked", "said"), WRONG)
def test_a_wrong_question_is_told_in_one_line(ppo: Any, asked: Any, said: str) -> None:
    with pytest.raises(UsageError) as refusal:
        Answers(ppo)(asked)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"{", "no JSON"), (b"\xff", "no JSON"), (b'{"a": NaN}', "NaN, which is no number"), (b"[" * 9_999, "too deep")],
)  # fmt: skip
def test_what_is_no_json_is_told(body: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parsed(body)


def test_parts_are_named_where_they_are_wrong() -> None:
    own = spaces.Dict({"n": spaces.Discrete(3), "t": spaces.Tuple((spaces.Box(0, 255, (2,), np.uint8),))})
    found = observations(own, {"n": [1, 2], "t": [[[0, 255], [1, 2]]]})
    assert found["t"][0].dtype == np.uint8
    assert found["n"].tolist() == [1, 2]
    for value, said in (
        ({"n": 1}, "observations {'n': 1}; expected an object with 'n', 't'"),
        ({"n": 1, "t": [1, 2]}, "observations.t [1, 2]; expected a list of 1 parts"),
        ({"n": 1.5, "t": [[0, 1]]}, "observations.n 1.5; expected whole numbers, as int64 has them"),
        ({"n": 1, "t": [[0, 256]]}, "observations.t.0 beyond uint8; expected 0 to 255"),
    ):
        with pytest.raises(UsageError) as refusal:
            observations(own, value)
        assert said in str(refusal.value)


def test_values_are_no_probabilities_and_the_silent_are_refused(softmax: Any) -> None:
    dqn = palestra.DQN("CartPole-v1")
    with pytest.raises(UsageError, match="probabilities of dqn, which chooses by values in Discrete"):
        Answers(dqn)({"observations": [0, 0, 0, 0], "probabilities": True})
    dqn.close()
    line = palestra.LinearRegression("diabetes")
    with pytest.raises(UsageError, match="probabilities of a regressor; expected none"):
        Answers(line)({"rows": line.train.inputs[0].tolist(), "probabilities": True})
    bandit = palestra.Thompson("bandit/bernoulli")
    with pytest.raises(UsageError, match="thompson, which predicts nothing"):
        Answers(bandit)
