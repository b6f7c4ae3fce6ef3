"""Worlds that a program gives instead of naming them: a function that makes an environment, one that it has made, or a
Gymnasium vector environment. Wrappers compose before that.

Whatever is given, an agent lives in copies of its own: what it was given is never reset, stepped or closed.
"""

import json
import warnings
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from functools import partial
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, cast

import gymnasium as gym
import numpy as np
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv, VectorEnv
from gymnasium.wrappers import TimeLimit

from palestra.envs.atari.catalogue import is_atari
from palestra.envs.ids import NAMELESS, nameless
from palestra.envs.world import World
from palestra.errors import UsageError, require

if TYPE_CHECKING:
    import torch

    from palestra.envs import vector
    from palestra.envs.finite.mdp import FiniteMDP

Maker = Callable[[], gym.Env[Any, Any]]
"""Makes one copy of an environment."""
COMPARED = (bool, int, float, complex, str, bytes, type(None), np.generic, np.ndarray, list, tuple, dict, gym.Space)
"""Attributes of an environment that can be compared."""
EXPECTED = (
    "an environment's id, a function that makes an environment, an environment, or a SyncVectorEnv or AsyncVectorEnv"
    " of such functions"
)


@dataclass(frozen=True)
class GivenWorld(World):
    """A world whose copies functions make."""

    makers: tuple[Maker, ...] = ()
    """One for each copy, from the first again where there are more copies than functions."""
    has_name: bool = False
    """Whether its id, with its arguments, makes the same; else no file can name it."""
    process: "FiniteMDP | None" = field(default=None, compare=False, repr=False)
    """What is played in place of the copies, where they are a finite process."""

    def make(
        self, *, num_envs: int | None = None, device: "torch.device | str" = "cpu", reference: bool = False
    ) -> "vector.VectorEnv":
        """As ``World.make``; the reference is made by the same functions."""
        from palestra.envs.backends.gymnasium import GymVectorEnv  # imports torch
        from palestra.envs.finite.dynamics import process_vec

        count = num_envs or self.num_envs
        if self.process is not None and self.backend == "auto" and not reference:
            return process_vec(self.process, count, device, self._limit)
        copies = [partial(_made, self.makers[i % len(self.makers)], self.id, self._limit) for i in range(count)]
        backend = "sync" if self.backend == "auto" else self.backend
        return GymVectorEnv(self.id, count, cast(Any, backend), device, self.kwargs, self.worker_timeout, makers=copies)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values; where it has no name, with a warning of what that means."""
        if not self.has_name:
            warnings.warn(f"saved, but {nameless(self.id)}", stacklevel=5)
        return World(**{part.name: getattr(self, part.name) for part in fields(World)}).to_json()

    @property
    def _limit(self) -> int | None:
        limit: int | None = self.kwargs.get("max_episode_steps")
        return None if limit == -1 else limit


def given_world(source: Any, num_envs: int, num_envs_finite: int | None = None) -> World:
    """The world of what a program gave; with ``num_envs`` copies where that does not say how many.

    Of one that is played as a finite process there are ``num_envs_finite`` copies, if that is not None.

    An environment that is as ``gymnasium.make`` made it becomes the world of its id and arguments, and so can be saved
    and has the backend that suits the id. Any other is copied. Raises UsageError for anything else than an
    environment, a function that makes a new one each time, or a vector environment of such functions.
    """
    match source:
        case gym.Env():
            return _many(_of_env(source, num_envs), num_envs_finite)
        case VectorEnv():
            return _of_vector(source)
        case type() if not issubclass(source, gym.Env):
            pass
        case _ if callable(source):
            return _many(_played(_of_makers((source,), num_envs, "sync")), num_envs_finite)
    raise UsageError(f"{_said(source)} to learn in; expected {EXPECTED}")


def _of_env(env: gym.Env[Any, Any], num_envs: int) -> World:
    """The world of an environment that somebody has made; what becomes of theirs afterwards is no affair of ours.

    A copy is what the class says that it is: the same attributes, or one made anew of the same arguments.
    """
    try:
        original = deepcopy(env)
    except Exception as error:  # whatever its parts raise when they are copied
        named = named_world(env, num_envs)
        if named is not None:
            return named
        raise UsageError(
            f"the environment {env} cannot be copied ({type(error).__name__}: {error}); expected its id, or a function"
            " that makes one"
        ) from error
    return named_world(env, num_envs, original) or GivenWorld(
        f"{NAMELESS}copied from {type(env.unwrapped).__name__})", num_envs, "sync", _limit_kwargs(env),
        makers=(partial(deepcopy, original),),
    )  # fmt: skip


def _of_makers(makers: tuple[Maker, ...], num_envs: int, backend: str) -> World:
    """The world of functions."""
    distinct = tuple(dict.fromkeys(makers))
    label = getattr(makers[0], "__qualname__", type(makers[0]).__name__)
    made = [_made(maker, label) for maker in (*distinct, makers[0])]
    try:
        require(
            len({id(env.unwrapped) for env in made}) == len(made), f"{label}() gives the same environment each time",
            "a new one at each call: its copies are stepped side by side",
        )  # fmt: skip
        kwargs = _limit_kwargs(made[0])
        worlds = [named_world(env, num_envs, env) for env in made[:-1]]
    finally:
        for env in made:
            env.close()
    named = worlds[0]
    if named is None or any(world != named for world in worlds):
        return GivenWorld(f"{NAMELESS}made by {label})", num_envs, backend, kwargs, makers=makers)
    return GivenWorld(named.id, num_envs, backend, {**kwargs, **named.kwargs}, makers=makers, has_name=True)


def _played(world: World) -> World:
    """A world of one function, as a finite process where its environments have a table P that proves true."""
    from palestra.envs.backends.making import make_given  # imports torch
    from palestra.envs.finite.own_table import process_of

    if not isinstance(world, GivenWorld):
        return world
    maker = partial(_made, world.makers[0], world.id, world._limit)
    process = process_of(partial(make_given, maker, world.id), world.id)
    return world if process is None else replace(world, backend="auto", process=process)


def _many(world: World, num_envs_finite: int | None) -> World:
    """A world with so many copies, if it is played as a finite process."""
    from palestra.envs.registry import is_finite  # imports torch

    if num_envs_finite is None:
        return world
    finite = world.process is not None if isinstance(world, GivenWorld) else is_finite(world.id, world.kwargs)
    return replace(world, num_envs=num_envs_finite) if finite else world


def _of_vector(env: VectorEnv[Any, Any, Any]) -> World:
    """The world of a vector environment, whose functions make copies of their own."""
    if type(env) in (SyncVectorEnv, AsyncVectorEnv):
        made_by = cast(SyncVectorEnv, env)
        backend = "sync" if type(env) is SyncVectorEnv else "async"
        return _of_makers(tuple(made_by.env_fns), env.num_envs, backend)
    spec = env.spec
    known = spec is not None and spec.id in gym.registry and not is_atari(spec.id)
    if known and spec is not None and spec.kwargs.get("vectorization_mode") == "vector_entry_point":
        own = gym.registry[spec.id].kwargs
        kwargs = {
            name: value for name, value in spec.kwargs.items()
            if name not in ("num_envs", "vectorization_mode", "render_mode", "max_episode_steps")
            and own.get(name, _made) != value
        }  # fmt: skip
        if spec.max_episode_steps != gym.registry[spec.id].max_episode_steps:
            kwargs["max_episode_steps"] = spec.max_episode_steps
        if _is_json(kwargs):
            return World(spec.id, env.num_envs, kwargs=kwargs)
    raise UsageError(
        f"the vector environment {env}, from which no other copies can be made to be measured in; expected a"
        " SyncVectorEnv or AsyncVectorEnv of functions, or one such function, with all wrappers inside it"
    )


def named_world(env: gym.Env[Any, Any], num_envs: int, ours: gym.Env[Any, Any] | None = None) -> World | None:
    """The world whose id and arguments make the same as this environment; None if none do.

    Attributes are compared at the beginning of an episode where a copy is ``ours`` to reset, else as they are.
    """
    spec = env.spec
    if spec is None or spec.id not in gym.registry or is_atari(spec.id):  # whose ids stand for our own chain here
        return None
    registered = gym.registry[spec.id]
    same = spec.entry_point == registered.entry_point and spec.additional_wrappers == registered.additional_wrappers
    if not same or time_limit(env) != spec.max_episode_steps:
        return None
    kwargs = {
        name: value for name, value in spec.kwargs.items()
        if name != "render_mode" and registered.kwargs.get(name, _made) != value
    }  # fmt: skip
    if spec.max_episode_steps != registered.max_episode_steps:
        kwargs["max_episode_steps"] = -1 if spec.max_episode_steps is None else spec.max_episode_steps
    if not _is_json(kwargs):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they were shown when the environment was made
        try:
            fresh = gym.make(spec.id, disable_env_checker=True, **kwargs)
            try:
                if ours is not None:
                    ours.reset(seed=0)
                    fresh.reset(seed=0)
                alike = _alike((ours or env).unwrapped, fresh.unwrapped)
                return World(spec.id, num_envs, kwargs=kwargs) if alike else None
            finally:
                fresh.close()
        except Exception:  # it will be said by whoever makes it to learn in
            return None


def time_limit(env: gym.Env[Any, Any]) -> int | None:
    """The steps after which the wrappers of an environment cut an episode."""
    limits = []
    while isinstance(env, gym.Wrapper):
        if isinstance(env, TimeLimit):
            limits.append(env._max_episode_steps)
        env = env.env
    return min(limits, default=None)


def _made(maker: Maker, name: str, limit: int | None = None) -> gym.Env[Any, Any]:
    """What a function makes, with another time limit where one is set."""
    try:
        env = maker()
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(
            f"{name}, called to make an environment, failed: {type(error).__name__}: {error}; expected it to need no"
            " argument and to return an environment"
        ) from error
    given = f"{name}, called to make an environment, returned {_said(env)}"
    require(isinstance(env, gym.Env), given, "a gymnasium.Env")
    return env if limit is None or limit == time_limit(env) else TimeLimit(env, limit)


def _said(value: Any) -> str:
    """Something that should not have been given, in a few words."""
    return short(value) if isinstance(value, (*COMPARED, type)) else f"a {type(value).__qualname__}"


def _limit_kwargs(env: gym.Env[Any, Any]) -> dict[str, Any]:
    limit = time_limit(env)
    return {} if limit is None else {"max_episode_steps": limit}


def _is_json(value: Any) -> bool:
    """Whether a file gives back exactly this."""
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _alike(env: object, other: object) -> bool:
    """Whether two objects of a class have equal attributes, as far as that can be seen."""
    mine, theirs = vars(env), vars(other)
    names = mine.keys() - {"render_mode", "spec"}
    return type(env) is type(other) and all(name in theirs and _equal(mine[name], theirs[name]) for name in names)


def _equal(value: Any, other: Any) -> bool:
    """Whether two attributes are equal; what cannot be compared is taken to be."""
    match value, other:
        case np.ndarray(), np.ndarray():
            return bool(np.array_equal(value, other, equal_nan=value.dtype.kind == "f"))
        case (list(), list()) | (tuple(), tuple()):
            return len(value) == len(other) and all(map(_equal, value, other))
        case dict(), dict():
            return value.keys() == other.keys() and all(_equal(value[key], other[key]) for key in value)
    if isinstance(value, COMPARED) or isinstance(other, COMPARED):
        return type(value) is type(other) and bool(value == other)
    return True
