"""The ids of Atari's games, as Gymnasium names them: ``ALE/Pong-v5``. Loads without ale-py."""

from typing import TYPE_CHECKING, Any

from palestra.envs.atari.settings import MAX_EPISODE_STEPS
from palestra.errors import missing_extra, unknown_name

if TYPE_CHECKING:
    from gymnasium.envs.registration import EnvSpec

PREFIX = "ALE/"
SUFFIX = "-v5"
MEASURED: dict[str, Any] = {"lives": "restart", "clip_reward": False}
"""Settings under which a game is measured: whole, and as it counts itself."""


def is_atari(env_id: str) -> bool:
    """Whether an id is one of a game of Atari's."""
    return env_id.startswith(PREFIX)


def rom_of(env_id: str) -> str:
    """The name of a game in ale-py: ``pong``, ``space_invaders``.

    UsageError with the install line where ale-py is missing, with the nearest ids for a game that it does not have.
    """
    try:
        from ale_py import roms
    except ImportError as error:
        raise missing_extra("atari", f"environment {env_id!r}") from error
    games = {f"{PREFIX}{rom.title().replace('_', '')}{SUFFIX}": rom for rom in roms.get_all_rom_ids()}
    if env_id not in games:
        raise unknown_name("environment", env_id, games)
    return str(games[env_id])


def atari_spec(env_id: str) -> "EnvSpec":
    """What ``gymnasium.make`` makes one copy of a game from, as it is measured; raises as ``rom_of``."""
    from gymnasium.envs.registration import EnvSpec  # an id is known without it

    return EnvSpec(
        env_id,
        "palestra.envs.atari.gym_env:AtariEnv",
        max_episode_steps=MAX_EPISODE_STEPS,
        kwargs={"game": rom_of(env_id)},
    )


def measured_kwargs(env_id: str, env_kwargs: dict[str, Any]) -> dict[str, Any]:
    """Settings of a game over which a policy is measured that was trained under ``env_kwargs``."""
    if not is_atari(env_id):
        return env_kwargs
    lives = "ignore" if env_kwargs.get("lives") == "ignore" else MEASURED["lives"]
    return {**env_kwargs, **MEASURED, "lives": lives}
