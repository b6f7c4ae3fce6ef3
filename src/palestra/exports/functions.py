"""What was learned as one function of tensors: from what an environment or a data set gives to what ``predict`` says.

Normalisers, one-hot vectors, stacks of pictures, bounds of actions, names of labels: all of it is part of the function,
so that whoever has the file needs nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor, nn

from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.policy import Policy
from palestra.engine.predictor import Predictor
from palestra.envs.masks import MASK
from palestra.envs.spaces import Packed, tensor_dtype
from palestra.envs.vector import VectorEnv
from palestra.errors import UsageError
from palestra.exports.actions import Native
from palestra.exports.estimators import Said
from palestra.exports.observations import Input, Shown, inputs_of, joined, on_numbers
from palestra.exports.tables import Tabled
from palestra.learners.bandits.bandit_learner import BanditLearner
from palestra.learners.dynamic.values import Values
from palestra.learners.estimators.library_learner import LibraryLearner
from palestra.learners.sequences.translator import Translator
from palestra.learners.structure.association_rules import AssociationRules
from palestra.learners.tabular.q_table import QTable

Arrays = Mapping[str, NDArray[Any]]
"""Names of inputs or outputs to arrays (n, ...)."""
HUB = "`palestra export RUN --to hub DIR` takes any run"


@dataclass(frozen=True)
class Function:
    """A function that can be written into a file, and what it has to say."""

    module: nn.Module
    """From a tensor for each of ``inputs`` to a tuple of one for each of ``outputs``."""
    inputs: tuple[Input, ...]
    """What it takes."""
    outputs: tuple[str, ...]
    """The names of what it says; the first is what ``predict`` gives."""
    expected: Callable[[Arrays], dict[str, NDArray[Any]]]
    """From arrays of the inputs to what the learner itself says of them."""
    labels: tuple[str, ...] = ()
    """Words for the numbers of its classes."""


def function_of(learner: Learner) -> Function:
    """The function that a learner has learned. UsageError, in one line with a way out, where there is none."""
    match learner:
        case Agent():
            return _of_agent(learner)
        case LibraryLearner():
            raise UsageError(
                f"{learner.config.estimator} is an estimator of another library, which keeps a format of its own; "
                f"expected one of ours: {HUB}, as skops or XGBoost wrote it, and learner.model.estimator is the "
                "estimator itself, for skl2onnx, or save_model of XGBoost"
            )
        case Translator() | AssociationRules():
            how = (
                "writes one token after another"
                if isinstance(learner, Translator)
                else "goes through its rules one by one"
            )
            raise UsageError(f"{learner.name} {how}, which is no function of tensors; {HUB}")
        case Predictor():
            return _of_predictor(learner)
        case BanditLearner():
            raise UsageError(
                f"{learner.name} pulls arms and observes nothing, so that there is no function to export; {HUB}"
            )
    raise UsageError(f"{learner.name} says nothing of rows or observations, so there is no function to export; {HUB}")


class Acting(nn.Module):
    """From an environment's own observations to its own greedy actions, and the numbers that they were chosen by.

    Args:
        agent: whose policy is a function of what it sees.
    """

    def __init__(self, agent: Agent):
        super().__init__()
        self.shown, self.native = Shown(agent.env.observed), Native(agent.env.action_space)
        space = agent.env.observed.space
        self.policy = on_numbers(agent.policy, space) if isinstance(space, Packed) else agent.policy

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Actions (B, ...), and values or logits (B, K) where there are any."""
        chosen = self.policy.choice(self.shown(inputs))
        action = self.native(chosen.action)
        return (action,) if chosen.numbers is None else (action, chosen.numbers)


def _of_agent(agent: Learner) -> Function:
    assert isinstance(agent, Agent)
    policy, env = agent.policy, agent.env
    if why := why_no_function(agent):
        raise UsageError(f"{agent.name} on {agent.world.id!r} {why}; {HUB}")
    own = env.observed.own
    module: nn.Module
    match policy:
        case QTable():
            untried = None if policy.mask is None else policy.initial_value
            module = Tabled(own, env.action_space, torch.from_numpy(policy.table.mean(0)), untried)
        case Values():
            module = Tabled(own, env.action_space, policy.q_values().T.contiguous())
        case _:
            in_float32(agent.modules)
            module = Acting(agent)

    def expected(given: Arrays) -> dict[str, NDArray[Any]]:
        seen = joined(own, iter(given.values()))
        with torch.inference_mode():
            chosen = policy.choice(seen_by(env, seen)[0])
        said = {"action": np.asarray(agent.predict(seen))}
        return said if chosen.numbers is None else {**said, chosen.kind: chosen.numbers.numpy()}

    kind = _kind_of(agent)
    return Function(module.eval(), inputs_of(own), ("action", kind) if kind else ("action",), expected)


def seen_by(env: VectorEnv, obs: Any) -> tuple[Tensor, bool]:
    """(B, *obs_shape) what a policy sees of observations in their own form, and whether they are one, for no batch."""
    rows, single = env.observed.read(obs)
    return torch.from_numpy(rows).to(env.device, tensor_dtype(env.observed.space)), single


def why_no_function(agent: Agent) -> str:
    """Why an agent's greedy action is no function of one observation; empty where it is one."""
    policy, own = agent.policy, agent.env.observed.own
    kind = type(policy)
    if policy.sees == "state":
        return "acts by the true state of its world, which no file has"
    if kind.told is not Policy.told:
        return "acts by its whole episode, not by one observation, and so is no function"
    if kind.reset is not Policy.reset:
        return "draws its actions, so that there is no function to export"
    if isinstance(policy, Values) and not isinstance(own, spaces.Discrete):
        return f"observes {own}; expected a Discrete space, a row of the table each"
    if isinstance(policy, QTable) and policy.mask is not None and not isinstance(own, spaces.Dict):
        return f"observes {own}; expected a Dict with {MASK!r} in it"
    return ""


def _kind_of(agent: Agent) -> str:
    """What the numbers are that its actions are chosen by; empty where there are none."""
    obs = torch.zeros((1, *agent.env.observed.space.shape), dtype=tensor_dtype(agent.env.observed.space))
    with torch.inference_mode():
        return agent.policy.choice(obs).kind


def in_float32(modules: nn.Module) -> None:
    """Let all networks multiply in float32, whatever they learned in: a file multiplies in what its tensors are of."""
    for module in modules.modules():
        if getattr(module, "dtype", None) is torch.bfloat16:
            module.dtype = torch.float32  # type: ignore[assignment]


def _of_predictor(learner: Predictor) -> Function:
    module = Said(learner)
    known = learner.train.inputs
    dtype = str(known.dtype).removeprefix("torch.")

    def expected(given: Arrays) -> dict[str, NDArray[Any]]:
        rows = given["rows"]
        said = {module.names[0]: np.asarray(learner.predict(rows))}
        with torch.inference_mode():
            for name in module.names[1:]:
                if name == "code":
                    assert module.code is not None
                    said[name] = module.code(torch.from_numpy(rows)).numpy()
                else:
                    out = learner.predicted(rows)
                    said[name] = (out.softmax(-1) if name == "probability" else out).numpy()
        return said

    names = learner.dataset.class_names() if learner.kind == "classifier" else ()
    return Function(module.eval(), (Input("rows", dtype, tuple(known.shape[1:])),), module.names, expected, names)
