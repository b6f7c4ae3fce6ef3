"""Making one Gymnasium environment whose observations have the contract's form, and saying what is in the way."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec

from palestra.envs.atari.catalogue import atari_spec, is_atari
from palestra.envs.ids import unknown_id
from palestra.envs.masks import with_mask
from palestra.envs.misbehaviour import Misbehaviour
from palestra.envs.spaces import AdaptedObservation, adapted_observation_space, supported_action_space
from palestra.errors import UsageError, missing_extra

EXTRAS = ("box2d", "mujoco")


def find_spec(env_id: str) -> EnvSpec:
    """The registered specification of an id, or ours of an Atari game.

    UsageError if there is none; no module is imported to look for it, but for ale-py.
    """
    if is_atari(env_id):
        return atari_spec(env_id)
    try:
        return gym.spec(env_id)
    except (gym.error.Error, ModuleNotFoundError) as error:
        raise unknown_id(env_id) from error


def make_gym_env(
    env_id: str, *, render_mode: str | None = None, env_kwargs: dict[str, Any] | None = None
) -> gym.Env[Any, Any]:
    """One Gymnasium environment whose observations have the contract's form; actions keep the environment's own.

    Raises UsageError for an unknown id, a missing dependency, keyword arguments that the environment does not take,
    and spaces that the contract does not know.
    """
    return make_of(find_spec(env_id), {**(env_kwargs or {}), **({"render_mode": render_mode} if render_mode else {})})


def make_of(spec: EnvSpec, env_kwargs: dict[str, Any]) -> gym.Env[Any, Any]:
    """The same of a specification."""
    try:
        env = gym.make(spec, disable_env_checker=True, **env_kwargs)
    except (gym.error.DependencyNotInstalled, ImportError) as error:
        extra = next((extra for extra in EXTRAS if extra in str(spec.entry_point)), None)
        if extra is not None and isinstance(error, gym.error.DependencyNotInstalled):
            raise missing_extra(extra, f"environment {spec.id!r}") from error
        raise UsageError(f"environment {spec.id!r} cannot be made here: {error}") from error
    except Exception as error:
        said = f"environment {spec.id!r} given {env_kwargs}: its constructor raised {type(error).__name__}: {error}"
        if env_kwargs or isinstance(error, TypeError):  # an argument is missing, unknown or refused
            raise UsageError(f"{said}; expected arguments (--env-kwargs) that it takes") from error
        raise Misbehaviour(f"{said}; expected an environment. Mend it, then begin again") from error
    return _adapted(env, spec.id)


def make_given(maker: Callable[[], gym.Env[Any, Any]], env_id: str) -> gym.Env[Any, Any]:
    """What a function makes, with observations in the contract's form."""
    return _adapted(maker(), env_id)


def _adapted(env: gym.Env[Any, Any], env_id: str) -> gym.Env[Any, Any]:
    supported_action_space(env.action_space, env_id)
    env = with_mask(env)
    space, convert = adapted_observation_space(env.observation_space, env_id)
    return env if convert is None else AdaptedObservation(env, space, convert)
