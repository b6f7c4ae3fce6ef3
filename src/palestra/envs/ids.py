"""Environment ids that nothing is registered under: misspelt, of a version that is gone, or of a world without one."""

from contextlib import suppress

import gymnasium as gym

from palestra.errors import UsageError, unknown_name

NAMELESS = "("
"""How the id of a world begins that a program gave and no file can name; it says in words what that was."""


def unknown_id(env_id: str) -> UsageError:
    """The error for an id that nothing is registered under: a newer version, the nearest ids, how to have one's own."""
    if env_id.startswith(NAMELESS):
        return UsageError(f"this cannot be made from a file: {nameless(env_id)}")
    module, colon, inner = env_id.partition(":")
    unknown = unknown_name("environment", env_id, gym.registry)
    if colon:
        return UsageError(
            f"{unknown}; no module is imported because a file says so: expected the id {inner!r} and --import {module}"
            f" (in Python: import {module})"
        )
    with suppress(gym.error.Error):
        namespace, name, version = gym.envs.registration.parse_env_id(env_id)
        same = [spec for spec in gym.registry.values() if (spec.namespace, spec.name) == (namespace, name)]
        newest = max((spec.version for spec in same if spec.version is not None), default=-1)
        if version is not None and version < newest:
            newer = next(spec.id for spec in same if spec.version == newest)
            return UsageError(f"environment {env_id!r} is not there any more; expected its newer version {newer!r}")
    return UsageError(f"{unknown}; if a module of yours registers it, add --import MODULE (in Python: import it first)")


def nameless(env_id: str) -> str:
    """What to do about a world that no file can name."""
    return (
        f"the world {env_id} has no name that a file could keep, so that what learned in it cannot be loaded or resumed"
        " as it is; expected one with an id: gymnasium.register it and learn in it by that id, or write the id for"
        " world.id into the config.json"
    )
