"""A Gymnasium environment whose episodes can be resumed: explicit seeds, and a tape of what was done."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from palestra.envs import snapshot
from palestra.envs.goals import GoalLayout, goal_layout
from palestra.envs.masks import ActionMask, action_mask
from palestra.envs.misbehaviour import (
    FLAGS,
    NUMBERS,
    RESET_FORM,
    Fault,
    Moment,
    Unexpected,
    caught,
    flag,
    number,
    observed,
    short,
)
from palestra.envs.reports import carried, numbers_of
from palestra.envs.spaces import AdaptedObservation
from palestra.envs.vector import GoalSpec

if TYPE_CHECKING:
    from palestra.envs.finite.states import States

MISBEHAVED = {"misbehaved": True}
"""The info of a step or reset that gave a fault and nothing else."""

FIRST_CAPACITY = 256
SEEDED_AFTER = 256
"""Steps after which a copy that shows states is seeded again, with the next episode."""
BOX2D_KEEPING_WORLD = ("gymnasium.envs.box2d.bipedal_walker", "gymnasium.envs.box2d.car_racing")


class EpisodeTape(gym.Wrapper[Any, Any, Any, Any]):
    """One copy of a vector environment that can be saved within an episode.

    Every reset, the automatic ones included, is seeded from (root seed, copy, episode number), so an episode is a
    function of that seed and its actions. Three ways to restore one, the best that holds is taken: an exact snapshot
    of the environment's state; the seed and the recorded actions played again, if that leads to the same observation
    bit for bit; else a new episode. Actions are recorded only where there is no snapshot. Playing again relies on an
    environment that carries nothing from one episode into the next; Gymnasium's are such, see ``_renew_world``.

    Infos are empty, since a vector environment spends time joining them, but for the numbers in an episode's last one.
    Neither ``reset`` nor ``step`` raises: what the environment raises, and what it gives that is not of the contract's
    form, is kept as ``fault``, which an info of ``MISBEHAVED`` says; so it can be asked for in a worker process too.
    """

    def __init__(self, env: gym.Env[Any, Any], copy: int, *, in_worker: bool = False) -> None:
        """``copy`` is this environment's place among the copies; ``in_worker`` is whether its process is its own."""
        super().__init__(env)
        self.fault: Fault | None = None
        """What the environment did wrong last."""
        self._look_at(env.observation_space)
        self._number: Callable[[Any], int] | None = None
        self._seeds_each = True
        self._in_worker = in_worker
        self._keeps_world = type(env.unwrapped).__module__ in BOX2D_KEEPING_WORLD
        self._age = 0
        self._last_end = Moment(0, 0)
        self.resume_from: dict[str, Any] | None = None
        """What ``resume`` reads: an attribute, since a vector environment can set one on each copy."""
        self.own_observation_space = env.own_space if isinstance(env, AdaptedObservation) else env.observation_space
        """Of what the environment shows before it is brought to the contract's form."""
        self._copy = copy
        self._root_seed = 0
        self._episode = self._seeded_episode = 0
        self._obs: Any = None
        self._snapshot = snapshot.has_snapshot(env)
        self._dtype = env.action_space.dtype
        capacity = 0 if self._snapshot else FIRST_CAPACITY
        self._tape = np.empty((capacity, *(env.action_space.shape or ())), _tape_dtype(env.action_space))
        self._taped = 0

    def _look_at(self, shown: gym.Space[Any]) -> None:
        """Expect observations of a space."""
        assert isinstance(shown, spaces.Box)
        self._shown, self._shape, self._obs_dtype = shown, shown.shape, shown.dtype

    def show_states(self, states: "States", *, seeds_each: bool) -> None:
        """From now on observe the number of the state that the environment shows, an integer for () int64.

        Unless it ``seeds_each``, not every episode is seeded: a generator costs more than many an episode in a table's
        world. A snapshot holds where its luck stands; without one, the tape goes on over episodes until it holds
        ``SEEDED_AFTER`` steps.
        """
        assert isinstance(self.env, AdaptedObservation)
        self.env = self.env.env
        self.observation_space = spaces.Box(0, states.num - 1, (), np.int64)
        self._look_at(self.observation_space)
        self._number, self._seeds_each = states.number, seeds_each
        if self._obs is not None:
            self._obs = states.index(torch.from_numpy(np.array(self._obs))).numpy()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin the next episode; a seed is the root seed of all that follow and begins at episode 0."""
        if seed is None:
            self._episode += 1
        else:
            self._root_seed, self._episode = seed, 0
        due = self._seeds_each or (not self._snapshot and self._taped >= SEEDED_AFTER)
        begun = self._begin(options, seeded=seed is not None or due)
        return self._nothing() if begun is None else (self._obs, {})

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment and record the action."""
        if not self._snapshot:
            if self._taped == len(self._tape):
                self._tape = np.concatenate((self._tape, np.empty_like(self._tape)))
            self._tape[self._taped] = action
            self._taped += 1
        self._age += 1
        try:
            obs, reward, terminated, truncated, info = self.env.step(action)
            if self._number is not None:
                obs = self._number(obs)
            elif type(obs) is not np.ndarray or obs.shape != self._shape or obs.dtype is not self._obs_dtype:
                obs = observed(obs, self._shown)
            if type(reward) not in NUMBERS:
                reward = number(reward)
            if type(terminated) not in FLAGS or type(truncated) not in FLAGS:
                terminated, truncated = flag(terminated, "terminated"), flag(truncated, "truncated")
            said = carried(numbers_of(info)) if info and (terminated or truncated) else {}
        except (Exception, SystemExit) as error:
            obs, said = self._nothing("step", error)
            return obs, 0.0, False, False, said
        if terminated or truncated:
            obs = np.array(obs)  # some environments write their next episode into the same array
            self._last_end = Moment(self._episode, self._age)
        self._obs = obs
        return obs, reward, terminated, truncated, said

    def moments(self) -> tuple[Moment, Moment]:
        """When it is now, and when an episode ended last."""
        return Moment(self._episode, self._age), self._last_end

    def expert(self) -> NDArray[np.float32] | None:
        """What the environment's own expert would do now; None where it has none."""
        expert = getattr(self.unwrapped, "expert", None)
        return None if expert is None else np.asarray(expert(), np.float32)

    def goal_spec(self) -> GoalSpec | None:
        """Where the environment's observation holds goals, if the environment says so."""
        goal = getattr(self.env.unwrapped, "goal_spec", None)
        return goal if isinstance(goal, GoalSpec) else None

    def goal_layout(self) -> GoalLayout | None:
        """Where the observation holds goals, in an environment of the usual form."""
        return goal_layout(self.env)

    def action_mask(self) -> ActionMask | None:
        """Where the observation says which actions are allowed."""
        return action_mask(self.env)

    def capture(self) -> dict[str, Any]:
        """The copy's state as nested dicts of arrays and JSON values."""
        return {
            "root_seed": self._root_seed,
            "episode": self._episode if self._snapshot else self._seeded_episode,
            "obs": np.array(self._obs),
            "snapshot": snapshot.capture(self.env) if self._snapshot else None,
            "actions": None if self._snapshot else self._tape[: self._taped].copy(),
            "age": self._age,
        }

    def resume(self) -> tuple[NDArray[Any] | None, bool]:
        """Restore this copy from ``resume_from``. Returns its observation and whether a new episode was begun.

        None for the observation if the environment misbehaves.
        """
        saved, self.resume_from = self.resume_from, None
        assert saved is not None
        self._root_seed, self._episode = saved["root_seed"], saved["episode"]
        if self._begin() is None:
            return None, True
        if self._snapshot and saved["snapshot"] is not None:
            restored = snapshot.restore(self.env, saved["snapshot"])
            self._obs, self._age = saved["obs"].copy(), saved.get("age", 0)
        else:
            restored = saved["actions"] is not None and self._replay(saved["actions"], saved["obs"])
        if not restored:
            self._episode += 1
            if self._begin() is None:
                return None, True
        return np.array(self._obs), not restored

    def _begin(self, options: dict[str, Any] | None = None, *, seeded: bool = True) -> Any:
        """Reset the environment to the present episode. Its first observation; None where it misbehaves."""
        self._age = 0
        if seeded:
            self._taped, self._seeded_episode = 0, self._episode
        try:
            if self._keeps_world:
                _renew_world(self.unwrapped)
            seed = episode_seed(self._root_seed, self._copy, self._episode) if seeded else None
            answer: Any = self.env.reset(seed=seed, options=options)
            if not isinstance(answer, tuple) or len(answer) != 2 or not isinstance(answer[1], dict):
                raise Unexpected(f"reset() returned {short(answer)}", f"{RESET_FORM}, as Gymnasium has them")
            obs = answer[0]
            if self._number is not None:
                obs = self._number(obs)
            elif type(obs) is not np.ndarray or obs.shape != self._shape or obs.dtype is not self._obs_dtype:
                obs = observed(obs, self._shown)
        except (Exception, SystemExit) as error:
            self._nothing("reset", error)
            return None
        self._obs = obs
        return obs

    def _nothing(self, call: str = "", error: BaseException | None = None) -> tuple[NDArray[Any], dict[str, Any]]:
        """An observation that stands for none, and the info that says so; an error is kept as the fault."""
        if error is not None:
            own, moment = self.unwrapped.observation_space, Moment(self._episode, self._age)
            self.fault = caught(call, error, moment, own, in_worker=self._in_worker)
        return np.zeros(self._shape, self._obs_dtype), dict(MISBEHAVED)

    def _replay(self, actions: NDArray[Any], obs: NDArray[Any]) -> bool:
        """Play recorded actions from the seeded episode on. Whether they lead to the saved observation."""
        for action in actions.astype(self._dtype):
            _, _, terminated, truncated, info = self.step(action)
            ended = terminated or truncated
            if info.get("misbehaved") or (ended and (self._seeds_each or self.reset()[1])):
                return False
        return np.array_equal(np.asarray(self._obs), obs, equal_nan=obs.dtype.kind == "f")


def _renew_world(env: Any) -> None:
    """Give an environment, whose reset would keep the old one, a new Box2D world.

    A used world orders its contacts by what happened in it before, so the next episode would not depend on its seed
    alone. LunarLander's reset makes a new one; that of BipedalWalker and CarRacing does not.
    """
    env._destroy()
    env.world = type(env.world)(gravity=env.world.gravity)


def _tape_dtype(space: gym.Space[Any]) -> np.dtype[Any]:
    """The smallest integers that hold a Discrete's actions, since an episode may be long; else the space's dtype."""
    if isinstance(space, gym.spaces.Discrete):
        return np.min_scalar_type(-max(abs(int(space.start)), abs(int(space.start + space.n))))
    return np.dtype(space.dtype)


def episode_seed(root_seed: int, copy: int, episode: int) -> int:
    """The seed of one episode: independent over copies and episodes, and below 2^31, which every environment takes."""
    sequence = np.random.SeedSequence(root_seed, spawn_key=(copy, episode))
    return int(sequence.generate_state(1)[0]) >> 1
