"""An environment looked into before anything is trained in it: whether it keeps to the rules, and what it is like.

What is wrong ends a training or makes its results worthless; a note is worth knowing, and costs nothing but that.
"""

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import gymnasium as gym
import numpy as np
import torch
from gymnasium.utils.env_checker import check_env
from torch import Tensor

from palestra.envs import snapshot
from palestra.envs.backends.gymnasium import GymVectorEnv
from palestra.envs.backends.making import find_spec, make_gym_env
from palestra.envs.misbehaviour import Misbehaviour, short
from palestra.envs.vector import StepResult

SAME_STEPS = 100
"""Steps of the episodes that have to be the same for the same seed."""
MOST_STEPS = 10_000
"""Steps of random actions that are looked at."""
SECONDS = 2.0
"""At most that long."""
LARGE = 100.0
"""Numbers beyond it are far from what networks like."""
SEED = 1


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    name: str
    """What."""
    status: Literal["ok", "note", "wrong"]
    """``wrong`` is to be mended; a ``note`` is to be known."""
    detail: str
    """What was found, and what to do about it."""


@dataclass
class Played:
    """What was seen while random actions were taken."""

    obs: list[Tensor] = field(default_factory=list)
    """(1, *obs_shape) each."""
    rewards: list[float] = field(default_factory=list)
    """Of each step."""
    lengths: list[int] = field(default_factory=list)
    """Of each episode that ended."""
    returns: list[float] = field(default_factory=list)
    """Of the same."""
    seconds: float = 0.0
    """That it took."""


def inspect(env_id: str, env_kwargs: dict[str, Any] | None = None) -> list[Finding]:
    """What there is to say of an environment of Gymnasium's form, in a few seconds.

    Raises UsageError for an unknown id and for spaces or arguments that cannot be had, Misbehaviour where its
    constructor raises.
    """
    kwargs = env_kwargs or {}
    own = make_gym_env(env_id, env_kwargs=kwargs).unwrapped
    findings = [Finding("observes", "ok", f"{own.observation_space}"), Finding("acts", "ok", f"{own.action_space}")]
    findings += _by_gymnasium(own)
    own.close()
    try:
        findings += [_same_episode(env_id, kwargs), *_arrays(env_id, kwargs)]
        played = _play(env_id, kwargs)
        findings += [_time_limit(env_id, kwargs, played), *_scale(played), _restorable(env_id, kwargs)]
        findings.append(Finding("speed", "ok", f"{len(played.rewards) / played.seconds:,.0f} steps/s of one copy"))
    except Misbehaviour as error:
        findings.append(Finding("contract", "wrong", str(error).partition(" Mend the environment;")[0]))
    else:
        findings.append(Finding("contract", "ok", f"{len(played.rewards):,} steps in form, all numbers finite"))
    return findings


def seed_note(env_id: str, env_kwargs: dict[str, Any] | None = None) -> str | None:
    """A line on an environment whose reset ignores its seed, found in one of its own; None where it does not."""
    env = make_gym_env(env_id, env_kwargs=env_kwargs)
    try:
        if snapshot.has_snapshot(env):
            return None
        first, again = (np.array(env.reset(seed=SEED)[0]) for _ in range(2))
    except Exception:  # whatever it is, the training will say so, with copy and step
        return None
    finally:
        env.close()
    if np.array_equal(first, again, equal_nan=first.dtype.kind == "f"):
        return None
    return (
        f"environment {env_id!r}, step 0: reset(seed={SEED}) gave two different observations; expected the same one"
        " (super().reset(seed=seed), then self.np_random alone). Without it this training cannot be repeated, nor"
        " resumed exactly"
    )


def _by_gymnasium(own: gym.Env[Any, Any]) -> Iterator[Finding]:
    """What Gymnasium's own checker says."""
    name = "Gymnasium's checker"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            check_env(own, skip_render_check=True, skip_close_check=True)
        except Exception as error:
            yield Finding(name, "wrong", short(f"{type(error).__name__}: {error}", 300))
            return
    texts = dict.fromkeys(" ".join(str(warning.message).replace("\x1b[33mWARN: ", "").split()) for warning in said)
    for text in texts:
        yield Finding(name, "note", short(text.replace("\x1b[0m", ""), 300))
    if not texts:
        yield Finding(name, "ok", "nothing to say")


def _actions(env: GymVectorEnv, count: int) -> Iterator[Tensor]:
    """Random actions (1, ...) in the form of the contract, the same ones each time."""
    space = env.action_space
    space.seed(SEED)
    for _ in range(count):
        action = np.asarray(space.sample())
        yield torch.as_tensor(action - getattr(space, "start", 0) if action.dtype.kind in "iu" else action)[None]


def _episode(env: GymVectorEnv, seed: int = SEED) -> list[StepResult]:
    """So many steps from a seed; the first result has the first observation alone."""
    first = env.reset(seed)
    nothing = torch.zeros(1)
    return [
        StepResult(first, nothing, nothing.bool(), nothing.bool(), first),
        *map(env.step, _actions(env, SAME_STEPS)),
    ]


def _same_episode(env_id: str, kwargs: dict[str, Any]) -> Finding:
    one, other = (GymVectorEnv(env_id, 1, env_kwargs=kwargs) for _ in range(2))
    try:
        episodes = [_episode(one), _episode(one), _episode(other)]
        another = one.reset(SEED + 1)
    finally:
        one.close()
        other.close()
    for again, where in ((episodes[1], "the same environment"), (episodes[2], "a second one")):
        for step, (a, b) in enumerate(zip(episodes[0], again, strict=True)):
            if not all(torch.equal(x, y) for x, y in zip(a, b, strict=True)):
                what = "reset(seed=...) ignores its seed" if step == 0 else f"step {step} differs"
                return Finding(
                    "same seed", "wrong",
                    f"{what}: the same seed and actions lead elsewhere in {where}; draw from self.np_random alone,"
                    " after super().reset(seed=seed). Results cannot be repeated, nor a training resumed exactly",
                )  # fmt: skip
    detail = f"the same seed gives the same {SAME_STEPS} steps, in a second environment too"
    if torch.equal(another, episodes[0][0].obs):
        detail += "; every seed begins alike"
    return Finding("same seed", "ok", detail)


def _arrays(env_id: str, kwargs: dict[str, Any]) -> Iterator[Finding]:
    """Whether arrays that were given out change, and whether actions do; what leaves the space."""
    env = make_gym_env(env_id, env_kwargs=kwargs)
    shared = changed = outside = 0
    try:
        shown = env.unwrapped.observation_space
        obs: Any = env.reset(seed=SEED)[0]
        env.action_space.seed(SEED)
        for _ in range(SAME_STEPS):
            action = env.action_space.sample()
            kept_action, kept = np.array(action), np.array(obs)
            successor, _, terminated, truncated, _ = env.step(action)
            shared += not np.array_equal(np.asarray(obs), kept, equal_nan=kept.dtype.kind == "f")
            changed += not np.array_equal(np.asarray(action), kept_action)
            if env.observation_space == shown:
                outside += not shown.contains(np.asarray(successor, shown.dtype))
            obs = env.reset()[0] if terminated or truncated else successor
    except Exception:  # what it is stands in the contract's finding
        return
    finally:
        env.close()
    if shared:
        yield Finding("arrays", "note", "an observation given out is written again by a later step; ours are copies")
    else:
        yield Finding("arrays", "ok", "an observation that was given out stays as it is")
    if changed:
        yield Finding("actions", "wrong", "step() writes into the action that it is given; copy it first")
    if outside:
        said = f"{outside} of {SAME_STEPS} observations are not in {shown}; networks scale images by their bounds alone"
        yield Finding("bounds", "note", said)


def _play(env_id: str, kwargs: dict[str, Any]) -> Played:
    """Random actions, for a while."""
    env = GymVectorEnv(env_id, 1, env_kwargs=kwargs)
    played, total, length = Played(), 0.0, 0
    try:
        env.reset(SEED)
        begun = time.monotonic()
        for action in _actions(env, MOST_STEPS):
            result = env.step(action)
            reward = float(result.reward)
            total, length = total + reward, length + 1
            played.obs.append(result.final_obs)
            played.rewards.append(reward)
            if result.terminated or result.truncated:
                played.lengths.append(length)
                played.returns.append(total)
                total, length = 0.0, 0
            played.seconds = time.monotonic() - begun
            if played.seconds > SECONDS:
                break
    finally:
        env.close()
    return played


def _time_limit(env_id: str, kwargs: dict[str, Any], played: Played) -> Finding:
    limit = kwargs.get("max_episode_steps", find_spec(env_id).max_episode_steps)
    ends = f"{len(played.lengths):,} random episodes"
    ends += f" of {np.mean(played.lengths):,.0f} steps on average" if played.lengths else ""
    if limit not in (None, -1):
        return Finding("time limit", "ok", f"{limit:,} steps; {ends}")
    said = f"none, and {ends} ended in {len(played.rewards):,} steps; " if not played.lengths else f"none; {ends}; "
    return Finding(
        "time limit", "note",
        f"{said}evaluations cut episodes after 10,000 (max_episode_steps where it is registered or in --env-kwargs"
        " gives it one, --set eval_max_steps evaluations alone)",
    )  # fmt: skip


def _scale(played: Played) -> Iterator[Finding]:
    """How large observations and rewards are."""
    obs, rewards = torch.cat(played.obs), np.array(played.rewards)
    if obs.dtype == torch.float32:
        low, high = float(obs.min()), float(obs.max())
        still = int((obs == obs[:1]).flatten(1).all(0).sum())
        detail = f"{low:.4g} to {high:.4g}" + (f"; {still} of {obs[0].numel()} numbers never change" if still else "")
        large = max(abs(low), abs(high)) > LARGE
        advice = "; far from 1: normalize_obs=true, or smaller units" if large else ""
        yield Finding("observations", "note" if large else "ok", detail + advice)
    else:
        yield Finding("observations", "ok", "bytes")
    low, high = float(rewards.min()), float(rewards.max())
    detail = f"{low:.4g} to {high:.4g} a step, {rewards.mean():.4g} on average"
    if played.returns:
        detail += f"; random returns {min(played.returns):.4g} to {max(played.returns):.4g}"
    if low == high:
        yield Finding("rewards", "note", f"{detail}; always the same: random actions show nothing to learn from")
    elif max(abs(low), abs(high)) > LARGE:
        yield Finding("rewards", "note", f"{detail}; far from 1: normalize_reward=true, or smaller ones")
    else:
        yield Finding("rewards", "ok", detail)


def _restorable(env_id: str, kwargs: dict[str, Any]) -> Finding:
    """How a training that is killed in the middle of an episode goes on."""
    one, other = (GymVectorEnv(env_id, 1, env_kwargs=kwargs) for _ in range(2))
    try:
        one.reset(SEED)
        for action in _actions(one, SAME_STEPS // 2):
            one.step(action)
        restarted = bool(other.load_state_dict(one.state_dict()).restarted)
    finally:
        one.close()
        other.close()
    if restarted:
        return Finding(
            "resume",
            "note",
            "not at all: its episodes cannot be restored, a resumed training begins new ones (not exact)",
        )
    env = make_gym_env(env_id, env_kwargs=kwargs)
    how = "by a snapshot of its state" if snapshot.has_snapshot(env) else "by a replay of the episode's actions"
    env.close()
    return Finding("resume", "ok", f"exact, {how}")
