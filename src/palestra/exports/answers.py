"""What a learner says of JSON: in come observations or rows, as an environment or a data set gives them, and out goes
what ``predict`` says.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.predictor import Predictor
from palestra.errors import UsageError, require
from palestra.exports.functions import seen_by, why_no_function
from palestra.runs.files import short

PLURAL = {"classifier": "labels", "regressor": "values", "clusterer": "groups", "transformer": "rows"}
"""Kind of an estimator to the key of what it says."""


def parsed(body: bytes) -> Any:
    """JSON as it came. UsageError, in one line, for what is none, and for the numbers that JSON does not have."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except RecursionError:
        raise UsageError("JSON that is nested too deep; expected an object of a few levels") from None
    except ValueError as error:
        raise UsageError(f"a body that is no JSON ({error}); expected an object") from None


def _no_number(text: str) -> NoReturn:
    raise UsageError(f"{text}, which is no number; expected finite ones")


class Answers:
    """Answers for a learner.

    Args:
        learner: which. UsageError for one that cannot say anything of one observation or row.
    """

    def __init__(self, learner: Learner):
        why = why_no_function(learner) if isinstance(learner, Agent) else ""
        require(not why, f"{learner.name}, which {why}", "a run that predicts from one observation or row")
        silent = f"{learner.name}, which predicts nothing"
        require(isinstance(learner, Agent | Predictor), silent, "a run that learned to act, or from data")
        self.learner = learner
        self.key = "observations" if isinstance(learner, Agent) else "rows"
        """Under which the question stands."""

    def __call__(self, asked: Any) -> dict[str, Any]:
        """What the learner says: of one, one; of a batch, a list.

        Args:
            asked: ``{"observations": ...}`` of an agent, ``{"rows": ...}`` of what learned from data; with
                ``"probabilities": true`` those too.

        Raises UsageError, in one line, for anything else.
        """
        keys = {self.key, "probabilities"}
        given = f"the keys {', '.join(map(short, asked))}" if isinstance(asked, dict) else f"a {type(asked).__name__}"
        fits = isinstance(asked, dict) and self.key in asked and asked.keys() <= keys
        require(fits, given, f'an object with {self.key!r}, and "probabilities": true where these are wanted')
        more = asked.get("probabilities", False)
        require(isinstance(more, bool), f"probabilities={short(more)}", "true or false")
        if isinstance(self.learner, Agent):
            return _acted(self.learner, asked[self.key], more)
        assert isinstance(self.learner, Predictor)
        return _predicted(self.learner, asked[self.key], more)


def _acted(agent: Learner, value: Any, probabilities: bool) -> dict[str, Any]:
    assert isinstance(agent, Agent)
    obs = observations(agent.env.observed.own, value)
    said = {"actions": np.asarray(agent.predict(obs)).tolist()}
    if not probabilities:
        return said
    rows, single = seen_by(agent.env, obs)
    with torch.inference_mode():
        chosen = agent.policy.choice(rows)
    fits = chosen.kind == "logit" and isinstance(agent.env.action_space, spaces.Discrete)
    given = f"probabilities of {agent.name}, which chooses by {chosen.kind or 'number'}s in {agent.env.action_space}"
    require(fits, given, "none, or a policy of Discrete actions by their probabilities")
    assert chosen.numbers is not None
    share = chosen.numbers.double().softmax(-1).tolist()
    return {**said, "probabilities": share[0] if single else share}


def _predicted(learner: Predictor, value: Any, probabilities: bool) -> dict[str, Any]:
    known = learner.train.inputs
    rows = _array(value, np.dtype(str(known.dtype).removeprefix("torch.")), "rows")
    single = rows.shape == tuple(known.shape[1:])
    batch = rows[None] if single else rows
    found = learner.predict(batch)
    said: dict[str, Any] = {PLURAL[learner.kind]: found.tolist()}
    if learner.kind == "classifier":
        if found.ndim == 1 and (names := learner.dataset.class_names()):
            said["names"] = [names[label] for label in found.tolist()]
        if probabilities:
            said["probabilities"] = learner.predicted(batch).double().softmax(-1).tolist()
    else:
        require(not probabilities, f"probabilities of a {learner.kind}", "none: it tells no classes apart")
    return {key: each[0] for key, each in said.items()} if single else said


def observations(own: gym.Space[Any], value: Any, place: str = "observations") -> Any:
    """JSON in an environment's own form, one observation or a batch. UsageError, which names the part, for no such."""
    match own:
        case spaces.Dict():
            keys = ", ".join(map(repr, own.keys()))
            fits = isinstance(value, Mapping) and value.keys() == set(own.keys())
            require(fits, f"{place} {short(value)}", f"an object with {keys}")
            return {key: observations(part, value[key], f"{place}.{key}") for key, part in own.items()}
        case spaces.Tuple():
            fits = isinstance(value, list) and len(value) == len(own)
            require(fits, f"{place} {short(value)}", f"a list of {len(own)} parts")
            return tuple(observations(part, each, f"{place}.{i}") for i, (part, each) in enumerate(zip(own, value)))
    assert own.dtype is not None  # as parts have one
    return _array(value, own.dtype, place)


def _array(value: Any, dtype: np.dtype[Any], place: str) -> NDArray[Any]:
    """Nested lists of numbers as an array of a type that holds each of them."""
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):
        array = np.empty(0, object)
    kinds = "biuf" if dtype.kind == "f" else "biu"
    expected = f"numbers, nested as {dtype} arrays are" if dtype.kind == "f" else f"whole numbers, as {dtype} has them"
    require(array.dtype.kind in kinds and array.size > 0, f"{place} {short(value)}", expected)
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            found = array.astype(dtype)
        require(bool(np.isfinite(found).all()), f"{place} with a number beyond {dtype}", "finite ones")
        return found
    if dtype.kind in "iu":
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        require(bool((array >= low).all() and (array <= high).all()), f"{place} beyond {dtype}", f"{low} to {high}")
    return array.astype(dtype)
