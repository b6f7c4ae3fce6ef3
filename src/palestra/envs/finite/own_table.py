"""The table P of somebody's own environment, held against the environment before it is played in its place.

A table is a claim about what the environment does, and nothing keeps the two together: a wrapper changes the reward, a
subclass forgets to write the table anew, a counter ends the episode. So some hundreds of steps are taken in the
environment itself, with luck that is the same every time, and every one of them has to stand in the table, as often as
that says. It is led: to the actions tried least, and in every other episode to where episodes end.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec

from palestra.envs.backends.making import find_spec, make_gym_env
from palestra.envs.finite.catalogue import board
from palestra.envs.finite.mdp import FiniteMDP, from_table
from palestra.envs.given import time_limit
from palestra.envs.reports import numbers_of
from palestra.envs.spaces import AdaptedObservation
from palestra.errors import UsageError

Make = Callable[[], gym.Env[Any, Any]]
"""Makes one copy of an environment, in the contract's form."""
LEAST_STEPS, MOST_STEPS = 500, 5_000
"""Of the steps that are taken; between them, four for each pair of state and action."""
LONGEST = 200
"""Steps of one episode; then another begins."""
BEGINNINGS = 50
"""Episodes, of as many seeds, whose first state is looked at."""
STRANGE = 6.0
"""Standard deviations from what a true table leads one to expect; such a table is refused once in a billion."""
TOLD = ("prob",)
"""What an info may hold beside the table: Gymnasium's probability of what happened."""


THEIRS_AND_OURS = ("gymnasium.", "palestra.")
"""Modules whose tables are known: those that say everything are in the catalogue."""
MOST_KNOWN = 64
"""Environments whose tables are kept."""
_KNOWN: dict[tuple[int, str], tuple[EnvSpec, FiniteMDP | None]] = {}
"""By specification and settings; the specification is kept, so that no other has its identity."""

Result = tuple[int, float, bool]
"""Next state, reward, terminated."""


class Untrue(Exception):
    """Why a table is not played, in words that go on from `its table P`."""


def own_process(make: Make) -> FiniteMDP | None:
    """The process of an environment whose table P is all that there is to it; None of one that has no such table.

    Raises Untrue for a table that the environment does not keep to, or that leaves something out.
    """
    try:
        env = make()
    except Exception:  # whoever makes it to step it will say so
        return None
    try:
        if not _has_table(env):
            return None
        mdp = _process(env)
        other = make()
        try:
            _try_out(other, mdp)
            again = _process(other)
        finally:
            other.close()
    except Untrue:
        raise
    except Exception as error:
        raise Untrue(f"could not be tried: {type(error).__name__}: {error}") from error
    finally:
        env.close()
    names = ("offset", "probability", "next_state", "reward", "terminated", "start")
    if not all(getattr(mdp, name).equal(getattr(again, name)) for name in names):
        raise Untrue("is another one in another copy")
    return mdp


def process_by_id(env_id: str, env_kwargs: Mapping[str, Any]) -> FiniteMDP | None:
    """``process_of`` an id with these settings, looked for once."""
    spec = find_spec(env_id)
    entry = spec.entry_point
    if entry is None or (entry if isinstance(entry, str) else entry.__module__).startswith(THEIRS_AND_OURS):
        return None
    key = (id(spec), repr(sorted(env_kwargs.items())))
    if key not in _KNOWN:
        _KNOWN[key] = spec, process_of(partial(make_gym_env, env_id, env_kwargs=dict(env_kwargs)), env_id)
        while len(_KNOWN) > MOST_KNOWN:
            del _KNOWN[next(iter(_KNOWN))]
    return _KNOWN[key][1]


def process_of(make: Make, env_id: str) -> FiniteMDP | None:
    """As ``own_process``; None, and a warning that says why, where there is a table that is not to be played."""
    try:
        return own_process(make)
    except Untrue as reason:
        warnings.warn(f"environment {env_id!r} has a table P, but is stepped itself: P {reason}", stacklevel=2)
        return None


def _has_table(env: gym.Env[Any, Any]) -> bool:
    """Whether there is a table, and the environment shows the states that it is of."""
    shows = isinstance(env, AdaptedObservation) and isinstance(env.own_space, spaces.Discrete)
    acts = isinstance(env.action_space, spaces.Discrete)
    foreign = not type(env.unwrapped).__module__.startswith(THEIRS_AND_OURS)
    return shows and acts and foreign and isinstance(getattr(env.unwrapped, "P", None), Mapping)


def _process(env: gym.Env[Any, Any]) -> FiniteMDP:
    inner: Any = env.unwrapped
    assert isinstance(env, AdaptedObservation)
    shown, acts = env.own_space, env.action_space
    assert isinstance(shown, spaces.Discrete)
    assert isinstance(acts, spaces.Discrete)
    start = getattr(inner, "initial_state_distrib", None)
    if start is None:
        start = np.eye(int(shown.n))[_only_beginning(env.env)]
    try:
        mdp = from_table(inner.P, np.asarray(start, np.float64).tolist(), board(inner))
    except (UsageError, KeyError, TypeError, ValueError) as error:
        raise Untrue(f"is none of the usual form ({type(error).__name__}: {error})") from error
    if (mdp.num_states, mdp.num_actions) != (shown.n, acts.n) or shown.start or acts.start:
        raise Untrue(f"has {mdp.num_states} states and {mdp.num_actions} actions, for {shown} and {acts}")
    return mdp


def _only_beginning(env: gym.Env[Any, Any]) -> int:
    """The state that every episode begins in."""
    found = {int(env.reset(seed=seed)[0]) for seed in range(BEGINNINGS)}
    if len(found) > 1:
        raise Untrue("does not say where episodes begin, which is in several states (initial_state_distrib would)")
    return found.pop()


def _try_out(env: gym.Env[Any, Any], mdp: FiniteMDP) -> None:
    """Play the environment and hold every step against the table."""
    assert isinstance(env, AdaptedObservation)
    results = _results(mdp)
    tried = [dict.fromkeys(row, 0) for row in results]
    times_SA = np.zeros((mdp.num_states, mdp.num_actions), np.int64)
    to_end_S = _towards_end(mdp)
    random, start_S = np.random.default_rng(0), mdp.start.numpy()
    left, episode = min(max(LEAST_STEPS, 4 * len(results)), MOST_STEPS), 0
    while left > 0:
        state = int(env.env.reset(seed=episode)[0])
        if not (0 <= state < mdp.num_states and start_S[state] > 0):
            raise Untrue(f"does not know of an episode that begins in state {state}")
        for age in range(1, LONGEST + 1):
            led = to_end_S is not None and episode % 2 == 1 and random.random() < 0.9
            action = int(to_end_S[state] if to_end_S is not None and led else times_SA[state].argmin())
            obs, reward, terminated, truncated, info = env.env.step(action)
            beside = [name for name in numbers_of(info) if name not in TOLD]
            if beside:
                raise Untrue(f"says nothing of {beside[0]!r}, which the environment reports in its info")
            pair = state * mdp.num_actions + action
            result = _among(results[pair], int(obs), float(reward), bool(terminated))
            if result is None:
                raise Untrue(
                    f"lacks what was seen: state {state}, action {action} -> state {obs}, reward {reward},"
                    f" terminated {terminated}"
                )
            tried[pair][result] += 1
            times_SA[state, action] += 1
            left, state = left - 1, int(obs)
            if truncated and not terminated and age != time_limit(env):
                raise Untrue(f"does not know that an episode is cut, as one was after {age} steps")
            if terminated or truncated or left <= 0:
                break
        episode += 1
    begun = Counter(int(env.env.reset(seed=seed)[0]) for seed in range(BEGINNINGS))
    start = {(state, 0.0, False): p for state, p in enumerate(start_S.tolist()) if p > 0}
    strange = _strangeness([*results, start], [*tried, {result: begun[result[0]] for result in start}])
    if strange > STRANGE:
        raise Untrue(f"has other probabilities than what was seen, which is {strange:.0f} standard deviations off")


def _results(mdp: FiniteMDP) -> list[dict[Result, float]]:
    """Of each pair, the possible results and their probabilities, equal ones as one."""
    rows: list[dict[Result, float]] = [{} for _ in range(len(mdp.offset) - 1)]
    outcomes = zip(
        mdp.pair.tolist(), mdp.probability.tolist(), mdp.next_state.tolist(), mdp.reward.tolist(),
        mdp.terminated.tolist(), strict=True,
    )  # fmt: skip
    for pair, probability, following, reward, terminated in outcomes:
        if probability > 0:
            result = following, reward, terminated
            rows[pair][result] = rows[pair].get(result, 0.0) + probability
    return rows


def _among(row: dict[Result, float], following: int, reward: float, terminated: bool) -> Result | None:
    """The result that was seen; rewards may differ by what float32 makes of them."""
    near = (r for r in row if r[0] == following and r[2] == terminated and abs(r[1] - reward) <= 1e-6 * (1 + abs(r[1])))
    return next(near, None)


def _strangeness(results: list[dict[Result, float]], tried: list[dict[Result, int]]) -> float:
    """Standard deviations by which Pearson's statistic of all pairs together exceeds its mean.

    Of one pair, n steps with k results of probabilities p have a mean of k - 1 and a variance of 2 (k - 1) + (sum 1/p -
    k^2 - 2 k + 2) / n: exact at any n, so that few steps of many pairs tell as much as many of one.
    """
    statistic = mean = variance = 0.0
    for row, counts in zip(results, tried, strict=True):
        n, k = sum(counts.values()), len(row)
        if n and k > 1:
            statistic += sum((counts[r] - n * p) ** 2 / (n * p) for r, p in row.items())
            mean += k - 1
            variance += 2 * (k - 1) + (sum(1 / p for p in row.values()) - k**2 - 2 * k + 2) / n
    return (statistic - mean) / variance**0.5 if variance > 1e-9 else 0.0


def _towards_end(mdp: FiniteMDP) -> Any:
    """(S,) the action on the shortest way to an end, as far as the table knows one; None where no episode ends."""
    away_S, action_S = np.full(mdp.num_states, np.inf), np.zeros(mdp.num_states, np.int64)
    state_N, action_N = np.divmod(mdp.pair.numpy(), mdp.num_actions)
    following_N, ends_N, possible_N = mdp.next_state.numpy(), mdp.terminated.numpy(), mdp.probability.numpy() > 0
    if not (ends_N & possible_N).any():
        return None
    for _ in range(min(mdp.num_states, LONGEST)):
        through_N = np.where(possible_N, np.where(ends_N, 1.0, 1.0 + away_S[following_N]), np.inf)
        best_S = away_S.copy()
        np.minimum.at(best_S, state_N, through_N)
        if np.array_equal(best_S, away_S):
            break
        better_N = through_N == best_S[state_N]
        action_S[state_N[better_N]] = action_N[better_N]
        away_S = best_S
    return action_S
