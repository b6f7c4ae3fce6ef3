"""What lies between an Atari and whoever plays it: the chain of Mnih et al. 2015, each link with a name."""

from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from palestra.errors import UsageError, require, unknown_name

FRAMES_A_SECOND = 60
MAX_EPISODE_STEPS = 27_000
"""Half an hour: 108,000 frames, four a step."""
MOST_PROCESSES = 64
SMALLEST, LARGEST = 8, 160
"""Sides of a picture; a screen has 160 columns."""


@dataclass(frozen=True)
class AtariSettings:
    """The chain. ``docs/atari.md`` says how it differs from others' and why."""

    frame_skip: int = 4
    """Frames of a step, in all of which its action is held; it shows the brighter of each pixel of the last two."""
    sticky: float = 0.0
    """Chance of each frame to repeat the action of the frame before instead (Machado et al. 2018 take 0.25)."""
    noop_max: int = 30
    """A game begins with 1 to so many frames in which nothing is done; 0 for none."""
    fire: bool = True
    """Where a game has FIRE, an episode begins with a step of it and a step of the action after it."""
    lives: Literal["terminal", "restart", "ignore"] = "terminal"
    """What a lost life is: the end of an episode, after which the game goes on (terminal); no end, but what follows
    begins in the same way (restart); nothing (ignore)."""
    clip_reward: bool = True
    """Give the sign of a reward in its place."""
    size: int = 84
    """Rows and columns of a picture, each the mean of the ground that it covers."""
    grey: bool = True
    """One channel a picture, in the brightness that the emulator gives a colour, or three."""
    stack: int = 4
    """Pictures that are seen together, the newest last; at first all of them are the first one."""
    max_episode_steps: int = MAX_EPISODE_STEPS
    """Steps after which a game is cut, those of its lives together."""
    full_action_space: bool = False
    """All eighteen actions of the joystick, or those alone that the game tells apart."""
    mode: int | None = None
    """Of the game, as its manual numbers them; none for its own."""
    difficulty: int | None = None
    """Of the game, by the switches of the console; none for its own."""
    processes: int = 0
    """Processes among which the copies are shared out, two or more to each, this one being the first; 0 for as many as
    PyTorch has threads. What is played does not depend on it."""

    def __post_init__(self) -> None:
        require(self.frame_skip >= 1, f"frame_skip={self.frame_skip}", "at least 1")
        require(0 <= self.sticky < 1, f"sticky={self.sticky}", "0 <= sticky < 1")
        require(self.noop_max >= 0, f"noop_max={self.noop_max}", "0 or more")
        known = ("terminal", "restart", "ignore")
        require(self.lives in known, f"lives={self.lives!r}", f"one of {', '.join(known)}")
        require(SMALLEST <= self.size <= LARGEST, f"size={self.size}", f"{SMALLEST} to {LARGEST}")
        require(1 <= self.stack < SMALLEST, f"stack={self.stack}", f"1 to {SMALLEST - 1}")
        require(0 <= self.processes <= MOST_PROCESSES, f"processes={self.processes}", f"0 to {MOST_PROCESSES}")
        require(self.max_episode_steps >= 1, f"max_episode_steps={self.max_episode_steps}", "at least 1")

    @property
    def channels(self) -> int:
        """Of one picture."""
        return 1 if self.grey else 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of what is seen: the channels of the oldest picture first."""
        return self.stack * self.channels, self.size, self.size

    def clipped(self, reward: float) -> float:
        """A reward as it is given."""
        return float((reward > 0) - (reward < 0)) if self.clip_reward else reward


def make_settings(env_id: str, env_kwargs: dict[str, Any]) -> AtariSettings:
    """The settings that keyword arguments give. UsageError for one that is none, or of another type."""
    known = {field.name: field for field in fields(AtariSettings)}
    for name, value in env_kwargs.items():
        if name not in known:
            raise unknown_name(f"setting of {env_id}", name, known)
        if not _is_a(known[name].type, value):
            raise UsageError(f"{name}={value!r} for {env_id}; expected such as {name}={known[name].default!r}")
    return AtariSettings(**env_kwargs)


def _is_a(kind: Any, value: Any) -> bool:
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float)
    if kind in (int, int | None):
        return isinstance(value, cast(Any, kind))
    return isinstance(value, str)
