"""Which spaces each learner takes, found by trying every pair of them in a small world that has such."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from palestra.datasets.episodes import first_episodes
from palestra.datasets.recorded import MADE
from palestra.engine.agent import Actor, Agent
from palestra.engine.learner import Learner
from palestra.envs.space_json import space_to_json
from palestra.envs.spaces import contract_action
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.learners.registry import LEARNERS, learner_type

ENV = "spaces/Cell-v0"
STEPS = 5
"""After which an episode is cut."""
_VECTOR = spaces.Box(-1.0, 1.0, (3,), np.float32)
_PICTURE = spaces.Box(0, 255, (8, 8, 3), np.uint8)

OBSERVATIONS: dict[str, Callable[[], gym.Space[Any]]] = {
    "Discrete": lambda: spaces.Discrete(4, start=2),
    "MultiDiscrete": lambda: spaces.MultiDiscrete([3, 2], start=[1, 0]),
    "MultiBinary": lambda: spaces.MultiBinary(3),
    "Tuple, Dict of counts": lambda: spaces.Dict(a=spaces.Tuple((spaces.Discrete(3), spaces.MultiBinary(2)))),
    "Box": lambda: spaces.Box(-9, 9, (2, 3), np.int64),
    "Box of shape ()": lambda: spaces.Box(-1.0, 1.0, (), np.float64),
    "Tuple, Dict": lambda: spaces.Dict(a=spaces.Tuple((spaces.Discrete(3), _VECTOR)), b=_VECTOR),
    "pictures": lambda: _PICTURE,
    "pictures and numbers": lambda: spaces.Dict(eye=_PICTURE, body=_VECTOR, mode=spaces.Discrete(2)),
}
"""Kinds of observations, a column of the table each."""
ACTIONS: dict[str, Callable[[], gym.Space[Any]]] = {
    "Discrete": lambda: spaces.Discrete(3, start=-1),
    "MultiDiscrete": lambda: spaces.MultiDiscrete([2, 3]),
    "MultiBinary": lambda: spaces.MultiBinary(3),
    "Box": lambda: spaces.Box(np.array([0.0, -1.0], np.float32), np.array([1000.0, 1.0], np.float32)),
    "Box without bounds": lambda: spaces.Box(-np.inf, np.inf, (2,), np.float32),
}
"""Kinds of actions."""
INTRODUCTION = """<!-- Written by `make docs`. Edit docs/pages/spaces.py. -->
# What each learner takes

An environment's observations may be a Box of any shape (`()` too) and of any integer or float type, Discrete and
MultiDiscrete from any start, MultiBinary, and Tuples and Dicts of these, nested as you like. Its actions may be
Discrete, MultiDiscrete, MultiBinary, or a Box of floats. Anything else is refused with one line that names the space.

- **What `reset` returns is what `predict` takes.** One observation in the environment's own form gives one action that
  its space contains; a batch as Gymnasium's vector environments give it (an array, a Dict of arrays, a Tuple of arrays)
  gives a batch. The space says which it is, never the number of dimensions.
- **Counts** become rows of zeros with a one, from the space's start; integers become float32. Tables number every
  combination of counts: Blackjack's sum, card and ace are one of 704 states.
- **Pictures** are bytes of at least 8 x 8 pixels, `(H, W)`, `(H, W, C)` or `(C, H, W)`; those of a stack become
  channels. They go through an encoder; where its layers are too large for a picture, layers of 3 x 3 take their place.
  In a Dict or Tuple each picture has an encoder of its own, and the numbers stand beside what these make.
- **Actions of a Box** are stretched from -1 and 1 to its bounds for every learner, so that 0 to 1000 is explored as
  -1 to 1 is. `scale_actions=false` lets PPO, A2C, TRPO and VPG act in the Box's own numbers, clipped to its bounds.

The table is found by making each learner in a world of each pair of kinds, and `tests/contract/test_spaces.py` trains,
predicts and evaluates in every one that is taken. Each cell says which actions are taken beside those observations.
`expert` and `dagger` need a world with an expert, dynamic programming one with a table `P` of its transitions, the
planners (`lqr`, `ilqr`, `cem`, `mppi`, `predictive-sampling`) a batched one of ours that shows its state,
`behaviour-cloning`, `action-chunks`, `diffusion-policy`, `td3-bc` and `decision-transformer` recorded episodes of it;
bandits have worlds of their own.

"""
SMALL = {"encoder": "flat", "hidden_sizes": (8,), "memory_size": 8}
"""Settings of the learners that are tried: what they take does not depend on how large their networks are."""
LETTERS = {"Discrete": "D", "MultiDiscrete": "M", "MultiBinary": "B", "Box": "C", "Box without bounds": "U"}
"""By which the table says them."""


class Cell(gym.Env[Any, Any]):
    """Shows anything of one kind and takes actions of another; it has a table of transitions and an expert if it may.

    Args:
        observation: one of ``OBSERVATIONS``.
        action: one of ``ACTIONS``.
    """

    def __init__(self, observation: str, action: str) -> None:
        self.observation_space, self.action_space = OBSERVATIONS[observation](), ACTIONS[action]()
        if observation == action == "Discrete":
            self.P = {s: {a: [(1.0, (s + 1 + a) % 4, float(a), False)] for a in range(3)} for s in range(4)}
        if action == "Box":
            self.expert = self.action_space.sample

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.action_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Pay, and refuse what is no action."""
        assert self.action_space.contains(action), action
        return self.observation_space.sample(), float(self.np_random.random()), False, False, {}


gym.register(ENV, Cell, max_episode_steps=STEPS)


def world(observation: str, action: str) -> World:
    """Two copies of the world of one pair of kinds."""
    return World(ENV, 2, "sync", {"observation": observation, "action": action})


def acting() -> list[str]:
    """The learners that act in worlds by what is observed, and so have a row."""
    return [name for name in LEARNERS if issubclass(learner_type(name).learner, Agent)]


def made(name: str, observation: str, action: str, **settings: Any) -> Learner:
    """A learner in the world of a pair. UsageError where it does not take them."""
    kind = learner_type(name)
    if any(field.name == "data" for field in fields(kind.config_type)):
        settings["data"] = _recorded(observation, action)
    return kind(world(observation, action), kind.config_type(**settings))


def _recorded(observation: str, action: str) -> str:
    """The name of episodes of chance in the world of a pair, for what learns from recordings."""
    name = f"{observation} and {action} by chance"
    if name not in MADE:
        with closing(world(observation, action).make()) as env:
            spaces = {"observation": space_to_json(env.observed.own), "action": space_to_json(env.action_space)}
            env.action_space.seed(0)
            obs, steps = env.reset(0), []
            for _ in range(STEPS):
                chosen = contract_action(env.action_space, np.stack([env.action_space.sample() for _ in obs]))
                result = env.step(chosen)
                ends = (result.terminated, result.truncated)
                steps.append([x.numpy() for x in (obs, chosen, result.reward, *ends, result.final_obs)])
                obs = result.obs
            seen, done, *rest = map(np.stack, zip(*steps))
            made = first_episodes(seen, done, *rest, {"env": ENV, "env_kwargs": {}, "spaces": spaces})
        MADE[name] = lambda: made
    return name


@cache
def taken(name: str) -> dict[str, str]:
    """By each kind of observations the letters of the actions that a learner takes beside them."""
    return {o: "".join(letter for a, letter in LETTERS.items() if _takes(name, o, a)) for o in OBSERVATIONS}


def _takes(name: str, observation: str, action: str) -> bool:
    known = {field.name for field in fields(learner_type(name).config_type)}
    try:
        with closing(made(name, observation, action, **{key: SMALL[key] for key in SMALL if key in known})):
            return True
    except UsageError:
        return False


def spaces_page() -> str:
    """``docs/spaces.md``."""
    return INTRODUCTION + spaces_table()


def spaces_table() -> str:
    """The table: a row for each set of learners that take the same."""
    rows: dict[tuple[str, ...], list[str]] = {}
    families: dict[Any, str] = {}
    for name in acting():
        kind = learner_type(name)
        family = kind.learner if kind.learner is not Actor and not kind.is_learner else name
        rows.setdefault(tuple(taken(families.setdefault(family, name)).values()), []).append(name)
    lines = [f"| learner | {' | '.join(OBSERVATIONS)} |", f"|---|{'---|' * len(OBSERVATIONS)}"]
    for cells, names in rows.items():
        links = ", ".join(f"[`{name}`](algorithms/{name}.md)" for name in names)
        lines.append(f"| {links} | {' | '.join(' '.join(cell) or '-' for cell in cells)} |")
    key = ", ".join(f"{letter} {action}" for action, letter in LETTERS.items())
    return f"{key}.\n\n" + "\n".join(lines) + "\n"
