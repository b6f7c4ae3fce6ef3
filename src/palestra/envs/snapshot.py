"""Exact snapshots of the Gymnasium environments whose whole state is known.

Only environments for which continuing from a snapshot has been proven bit-identical are here: classic control, toy
text, our finite worlds, Atari's games and MuJoCo, each by its exact class, under wrappers that hold no other state.
Anything else has no snapshot.
"""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

from palestra.envs.spaces import AdaptedObservation

ATTRIBUTES = {
    "gymnasium.envs.classic_control.acrobot.AcrobotEnv": ("state",),
    "gymnasium.envs.classic_control.cartpole.CartPoleEnv": ("state", "steps_beyond_terminated"),
    "gymnasium.envs.classic_control.continuous_mountain_car.Continuous_MountainCarEnv": ("state",),
    "gymnasium.envs.classic_control.mountain_car.MountainCarEnv": ("state",),
    "gymnasium.envs.classic_control.pendulum.PendulumEnv": ("state", "last_u"),
    "gymnasium.envs.toy_text.blackjack.BlackjackEnv": (
        "dealer",
        "player",
        "dealer_top_card_suit",
        "dealer_top_card_value_str",
    ),
    "gymnasium.envs.toy_text.cliffwalking.CliffWalkingEnv": ("s", "lastaction"),
    "gymnasium.envs.toy_text.frozen_lake.FrozenLakeEnv": ("s", "lastaction"),
    "gymnasium.envs.toy_text.taxi.TaxiEnv": ("s", "lastaction", "fickle_step", "taxi_orientation"),
    "palestra.envs.classic.cartpole_swing_up.CartPoleSwingUpEnv": ("state",),
    "palestra.envs.classic.double_integrator.DoubleIntegratorEnv": ("state",),
    "palestra.envs.classic.double_pendulum.DoublePendulumEnv": ("state",),
    "palestra.envs.classic.pendulum_discrete.PendulumDiscreteEnv": ("state", "last_u"),
    "palestra.envs.classic.planar_quadrotor.PlanarQuadrotorEnv": ("state",),
    "palestra.envs.classic.two_ways.TwoWaysEnv": ("state",),
    "palestra.envs.finite.gym_env.GarnetEnv": ("s",),
    "palestra.envs.finite.gym_env.GridWorldEnv": ("s",),
    "palestra.envs.hidden.cartpole_masked.CartPoleMaskedEnv": ("state", "steps_beyond_terminated"),
    "palestra.envs.hidden.t_maze.TMazeEnv": ("sign", "place"),
}
"""What changes in an environment between resets, besides its random generator."""

OWN_STATE = ("palestra.envs.atari.gym_env.AtariEnv",)
"""Environments that store themselves, by ``state_dict`` and ``load_state_dict``."""

MUJOCO_MODULES = "gymnasium.envs.mujoco."
MUJOCO_DERIVED = ("xpos", "xipos", "site_xpos", "cinert", "cvel", "cfrc_ext", "qfrc_actuator", "qfrc_constraint")
"""Quantities that MuJoCo derives while it steps. They lag the state by a substep, and some environments read them
before the next one (Ant's and Humanoid's reward), so they cannot be computed anew from the state."""

STATELESS_WRAPPERS = (OrderEnforcing, PassiveEnvChecker, AdaptedObservation)


def has_snapshot(env: gym.Env[Any, Any]) -> bool:
    """Whether the state of an environment, its wrappers included, can be saved and restored exactly."""
    inner = env.unwrapped
    known_wrappers = all(type(layer) in (TimeLimit, *STATELESS_WRAPPERS) for layer in _wrappers(env))
    known_inside = _class_name(inner) in (*ATTRIBUTES, *OWN_STATE) or _is_mujoco(inner)
    random_map = inner.spec is not None and inner.spec.kwargs.get("map_name", "") is None  # FrozenLake, unseeded
    return known_wrappers and known_inside and not random_map


def capture(env: gym.Env[Any, Any]) -> dict[str, Any]:
    """The state of an environment that has a snapshot, as nested dicts of arrays and JSON values."""
    inner = env.unwrapped
    return {
        "inside": _inside(inner),
        "elapsed": [limit._elapsed_steps for limit in _time_limits(env)],
        "random": inner.np_random.bit_generator.state,
    }


def restore(env: gym.Env[Any, Any], saved: dict[str, Any]) -> bool:
    """Put an environment, which has been reset, into a captured state. False if it is not one of this environment."""
    inner, inside = env.unwrapped, saved["inside"]
    if _class_name(inner) in OWN_STATE:
        if set(inside) != set(_inside(inner)):
            return False
        inner.load_state_dict(inside)  # type: ignore[attr-defined]
    elif _is_mujoco(inner):
        if not _restore_mujoco(inner, inside):
            return False
    elif set(inside) == set(ATTRIBUTES[_class_name(inner)]):
        for name, value in inside.items():
            setattr(inner, name, value.copy() if isinstance(value, np.ndarray | list) else value)
    else:
        return False
    for limit, elapsed in zip(_time_limits(env), saved["elapsed"], strict=True):
        limit._elapsed_steps = elapsed
    inner.np_random.bit_generator.state = saved["random"]
    return True


def _class_name(env: gym.Env[Any, Any]) -> str:
    return f"{type(env).__module__}.{type(env).__qualname__}"


def _is_mujoco(env: gym.Env[Any, Any]) -> bool:
    return type(env).__module__.startswith(MUJOCO_MODULES)


def _wrappers(env: gym.Env[Any, Any]) -> list[gym.Wrapper[Any, Any, Any, Any]]:
    layers = []
    while isinstance(env, gym.Wrapper):
        layers.append(env)
        env = env.env
    return layers


def _time_limits(env: gym.Env[Any, Any]) -> list[TimeLimit[Any, Any]]:
    return [layer for layer in _wrappers(env) if isinstance(layer, TimeLimit)]


def _inside(inner: Any) -> dict[str, Any]:
    """What an environment holds, by the way that is known of its class."""
    if _class_name(inner) in OWN_STATE:
        own: dict[str, Any] = inner.state_dict()
        return own
    return _capture_mujoco(inner) if _is_mujoco(inner) else _capture_attributes(inner)


def _capture_attributes(env: gym.Env[Any, Any]) -> dict[str, Any]:
    return {name: _plain(getattr(env, name)) for name in ATTRIBUTES[_class_name(env)]}


def _plain(value: Any) -> Any:
    """An attribute as an array or a JSON value. A tuple is a state of floats, a list a hand of cards."""
    match value:
        case np.ndarray():
            return value.copy()
        case tuple():
            return np.array(value)
        case list():
            return [_plain(item) for item in value]
        case np.generic():
            return value.item()
    return value


def _capture_mujoco(env: Any) -> dict[str, Any]:
    import mujoco

    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    state = np.empty(mujoco.mj_stateSize(env.model, kind))
    mujoco.mj_getState(env.model, env.data, state, kind)
    return {"physics": state, **{name: getattr(env.data, name).copy() for name in MUJOCO_DERIVED}}


def _restore_mujoco(env: Any, saved: dict[str, Any]) -> bool:
    import mujoco

    kind = mujoco.mjtState.mjSTATE_INTEGRATION
    if saved.get("physics", np.empty(0)).size != mujoco.mj_stateSize(env.model, kind):
        return False
    mujoco.mj_setState(env.model, env.data, saved["physics"], kind)
    for name in MUJOCO_DERIVED:
        getattr(env.data, name)[...] = saved[name]
    return True
