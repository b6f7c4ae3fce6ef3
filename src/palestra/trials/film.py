"""Film a saved agent."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from palestra.engine.agent import Agent
from palestra.envs.world import World
from palestra.errors import UsageError
from palestra.pictures.frames import draw_without_screen, film, frames_per_second, make_film_env, side_by_side
from palestra.pictures.video import write_video
from palestra.trials.saved import Which, load, saved_folder


@dataclass(frozen=True)
class Film:
    """A video that was written."""

    video: Path
    """The file."""
    env: str
    """What was played."""
    frames: int
    """How many it has."""
    fps: float
    """Frames a second."""
    returns: list[float]
    """Of each episode."""


def check_filmable(world: World) -> None:
    """Raise UsageError now if this world cannot be filmed, rather than after an hour of training."""
    draw_without_screen()
    make_film_env(world).close()


def make_film(
    path_or_id: str | Path,
    *,
    out: Path,
    episodes: int = 1,
    seed: int = 0,
    which: Which = "best",
    before: bool = False,
    device: str | None = None,
) -> Film:
    """Film a saved agent into ``videos/`` beside its checkpoints. UsageError where the environment draws nothing.

    With ``before`` the left half shows what the agent was before it was trained.
    """
    draw_without_screen()
    agent = load(path_or_id, out=out, which=which, device=device)
    try:
        if not isinstance(agent, Agent):
            raise UsageError(f"{agent.name} acts in no environment; expected a run of an agent, which can be filmed")
        with ExitStack() as worlds:
            env = make_film_env(agent.world)
            worlds.callback(env.close)
            frames = film(agent, env, episodes=episodes, seed=seed)
            if before:
                untrained = type(agent)(agent.world, agent.config, seed=seed)
                worlds.callback(untrained.close)
                other = make_film_env(agent.world)
                worlds.callback(other.close)
                frames = side_by_side(film(untrained, other, episodes=episodes, seed=seed), frames)
            returns = [0.0] * episodes
            count = 0

            def images() -> Iterator[NDArray[np.uint8]]:
                nonlocal count
                for frame in frames:
                    count += 1
                    returns[frame.episode] = frame.total_reward
                    yield frame.image

            fps = frames_per_second(env)
            name = f"step-{agent.clock:012d}-seed-{seed}{'-before' if before else ''}"
            video = write_video(saved_folder(path_or_id, out) / "videos" / name, images(), fps)
    finally:
        agent.close()
    return Film(video, agent.world.id, count, fps, returns)
