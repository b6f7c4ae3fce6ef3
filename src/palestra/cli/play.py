"""``palestra play``: a film of a trained agent."""

import ctypes.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from tyro.conf import Positional, arg

from palestra.cli.arguments import Switch, check_is_saved, parse
from palestra.cli.output import make_console, number, print_json
from palestra.errors import UsageError, require


@dataclass(frozen=True)
class Args:
    """Film a trained agent in the reference environment; the video lies in the run's folder."""

    run: Annotated[Positional[str], arg(metavar="RUN")]
    """A run's folder or id, or a folder that `agent.save` wrote."""
    episodes: int = 1
    """How many."""
    seed: int = 0
    """Of the episodes."""
    which: Literal["best", "last"] = "best"
    """The checkpoint of the best evaluation during training, or the last one."""
    before: Switch = False
    """To the left of it, the same agent before training, in the same episodes."""
    out: Path = Path("runs")
    """Folder of the runs."""
    device: str | None = None
    """Where to compute, if not where it was trained: cpu, cuda, ..."""
    json: Switch = False
    """Print one JSON object."""


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


def command(argv: Sequence[str]) -> int:
    """Run ``palestra play``."""
    args = parse(Args, argv, "play")
    require(args.episodes >= 1, f"--episodes {args.episodes}", "at least 1")
    require(args.seed >= 0, f"--seed {args.seed}", "0 or more")
    check_is_saved(args.run, args.out)
    done = make_film(
        args.run,
        out=args.out,
        episodes=args.episodes,
        seed=args.seed,
        which=args.which,
        before=args.before,
        device=args.device,
    )
    if args.json:
        print_json({"run": args.run, **vars(done)})
        return 0
    console = make_console()
    console.print(f"return  {', '.join(map(number, done.returns))}")
    console.print(f"video   {done.video}", soft_wrap=True)
    return 0


def make_film(
    path_or_id: str | Path,
    *,
    out: Path,
    episodes: int = 1,
    seed: int = 0,
    which: Literal["best", "last"] = "best",
    before: bool = False,
    device: str | None = None,
) -> Film:
    """Film a saved agent into ``videos/`` beside its checkpoints. UsageError where the environment draws nothing.

    With ``before`` the left half shows what the agent was before it was trained.
    """
    from palestra.engine.agent import Agent  # these import torch
    from palestra.engine.film import film, frames_per_second, make_film_env, side_by_side
    from palestra.recipes.saved import load, saved_folder
    from palestra.runs.video import write_video

    draw_without_screen()
    agent = load(path_or_id, out=out, which=which, device=device)
    try:
        if not isinstance(agent, Agent):
            raise UsageError(f"{agent.name} acts in no environment; expected a run of an agent, which can be filmed")
        with ExitStack() as worlds:
            env = make_film_env(agent.env_config)
            worlds.callback(env.close)
            frames = film(agent, env, episodes=episodes, seed=seed)
            if before:
                untrained = type(agent)(agent.env_config, agent.config, seed=seed)
                worlds.callback(untrained.close)
                other = make_film_env(agent.env_config)
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
    return Film(video, agent.env_config.id, count, fps, returns)


def draw_without_screen() -> None:
    """On a machine without a screen, tell the libraries beneath not to look for one."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    if ctypes.util.find_library("EGL"):  # without it, even importing MuJoCo would fail under this setting
        os.environ.setdefault("MUJOCO_GL", "egl")
