"""Any Gymnasium environment under the vector contract, its copies stepped in this process or in worker processes."""

import os
import signal
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.vector import AsyncVectorEnv, AutoresetMode
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.backends.copies import Copies
from palestra.envs.backends.making import find_spec, make_given, make_of
from palestra.envs.backends.workers import LOST, end_workers, lost_worker, set_patience
from palestra.envs.episode_tape import EpisodeTape, episode_seed
from palestra.envs.goals import GoalLayout, GoalReward
from palestra.envs.ids import NAMELESS
from palestra.envs.misbehaviour import Fault, Misbehaviour, Moment, Unfit, all_fit, first_unfit, misbehaviour, unfit
from palestra.envs.observed import Observed
from palestra.envs.reports import unpacked
from palestra.envs.spaces import native_action, rounding_passes_bounds, supported_action_space, to_env_action
from palestra.envs.vector import GoalSpec, Resumed, StepResult, VectorEnv
from palestra.errors import PalestraError, UsageError, require

if TYPE_CHECKING:
    from palestra.envs.finite.states import States

WORKER_TIMEOUT = 60.0
"""Seconds after which a worker process that has not answered counts as hanging."""


def _make_copy(make: Callable[[], gym.Env[Any, Any]], copy: int, owner: int) -> EpisodeTape:
    in_worker = os.getpid() != owner
    if in_worker:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too, but the owner's step needs its answer
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # which a trainer that was forked had taken for itself
        torch.set_num_threads(1)  # the copies share the processor; and threads do not survive a fork
    return EpisodeTape(make(), copy, in_worker=in_worker)


class GymVectorEnv(VectorEnv):
    """Copies of a Gymnasium environment, in this process or by Gymnasium's own ``AsyncVectorEnv``.

    The stream of episodes depends on the seed and the copy only: both backends give the same one. A saved copy is
    resumed exactly where that is possible, see :class:`palestra.envs.episode_tape.EpisodeTape`.
    """

    def __init__(
        self,
        env_id: str,
        num_envs: int,
        backend: Literal["sync", "async"] = "sync",
        device: str | torch.device = "cpu",
        env_kwargs: dict[str, Any] | None = None,
        worker_timeout: float = WORKER_TIMEOUT,
        makers: Sequence[Callable[[], gym.Env[Any, Any]]] | None = None,
    ) -> None:
        """Make the copies, which ``reset`` starts.

        ``env_kwargs`` are for ``gymnasium.make``, ``max_episode_steps`` among them; a worker that has not answered
        after ``worker_timeout`` seconds counts as hanging (0 to wait for ever). Raises as ``making.make_gym_env``.

        Where ``makers`` make the copies, one each, ``env_id`` and ``env_kwargs`` only say what they make.
        """
        require(num_envs >= 1, f"num_envs={num_envs}", "at least 1")
        require(worker_timeout >= 0, f"worker_timeout={worker_timeout}", "0 or more seconds")
        if makers is None:
            spec = find_spec(env_id)
            env_id, limit = spec.id, spec.max_episode_steps
            makes = [partial(make_of, spec, env_kwargs or {})] * num_envs
        else:
            limit, makes = None, [partial(make_given, maker, env_id) for maker in makers]
        copies: list[Callable[[], gym.Env[Any, Any]]] = [
            partial(_make_copy, make, copy, os.getpid()) for copy, make in enumerate(makes)
        ]
        kind = {"sync": Copies, "async": AsyncVectorEnv}[backend]
        try:
            self._env = kind(copies, copy=False, autoreset_mode=AutoresetMode.SAME_STEP)
        except RuntimeError as error:  # Gymnasium's, for copies of several kinds
            raise UsageError(
                f"environment {env_id!r}: its copies differ; expected the same spaces ({error})"
            ) from error
        except EOFError as error:
            raise Misbehaviour(
                f"environment {env_id!r}: a worker process ended while it made its copy; expected that there can be"
                f" {num_envs} of them at once (backend='sync' shows what was raised)"
            ) from error
        self._env_id = env_id
        self._started = self._misbehaved = False
        self._root_seed = 0
        self._worker_timeout = worker_timeout
        self.num_envs = num_envs
        self.device = torch.device(device)
        self.observation_space = self._env.single_observation_space
        self.observed = Observed(self._env.call("own_observation_space")[0], env_id)
        self.action_space = supported_action_space(self._env.single_action_space, env_id)
        self._own_action = to_env_action if rounding_passes_bounds(self.action_space) else native_action
        limit = (env_kwargs or {}).get("max_episode_steps", limit)
        self.max_episode_steps = None if limit == -1 else limit
        self.goal = self._env.call("goal_spec")[0]
        self._be_patient(worker_timeout)
        self.mask = self._env.call("action_mask")[0]
        self._goal_reward: GoalReward | None = None
        layout: GoalLayout | None = self._env.call("goal_layout")[0]
        if self.goal is None and layout is not None:
            self._goal_reward = GoalReward(makes[0], layout.goal)
            self.goal = GoalSpec(layout.achieved, layout.desired, self._goal_reward)

    def reset(self, seed: int) -> Tensor:
        """Start every copy anew at episode 0 of the root seed. Returns obs (num_envs, *obs_shape).

        Raises Misbehaviour, which names copy and moment, as ``step`` does.
        """
        require(seed >= 0, f"seed={seed}", "a seed of at least 0")
        try:
            buffer, infos = self._env.reset(seed=[seed] * self.num_envs)
        except LOST as error:
            raise self._lost(error) from error
        self._root_seed = seed
        if "misbehaved" in infos:
            raise self._told()
        obs = np.array(buffer)
        self._check(obs, "observation")
        self._started, self._misbehaved = True, False
        return self._tensor(obs)

    def step(self, action: Tensor) -> StepResult:
        """Step every copy; see :meth:`palestra.envs.vector.VectorEnv.step`."""
        if not self._started:
            raise PalestraError("step() was called before the environment was started; call reset(seed) first")
        expected = (self.num_envs, *(self.action_space.shape or ()))
        if action.shape != expected:
            raise UsageError(f"actions of shape {tuple(action.shape)}; expected {expected}")
        try:
            buffer, reward, terminated, truncated, infos = self._env.step(self._own_action(self.action_space, action))
        except LOST as error:
            raise self._lost(error) from error
        if "misbehaved" in infos:
            raise self._told()
        if not all_fit(reward):
            raise self._unfit(first_unfit(reward), "reward", terminated | truncated)
        obs = np.array(buffer)  # Gymnasium writes the next step into the same buffer
        self._check(obs, "observation")
        result_obs = final_obs = self._tensor(obs)
        self.reports = ()
        if "final_obs" in infos:
            final = obs.copy()
            for i in np.flatnonzero(infos["_final_obs"]):
                final[i] = infos["final_obs"][i]
            self._check(final, "last observation", terminated | truncated)
            final_obs = self._tensor(final)
            self.reports = unpacked(infos["final_info"])
        return StepResult(
            result_obs,
            self._tensor(reward.astype(np.float32)),
            self._tensor(terminated),
            self._tensor(truncated & ~terminated),
            final_obs,
        )

    def state_dict(self) -> dict[str, Any]:
        """Each copy's root seed, episode number, observation, and its snapshot or its recorded actions.

        After a misbehaviour in the middle of things there is nothing to go back to: every copy will begin new episodes,
        of another root seed, so that what a seed led to is not met again.
        """
        if not (self._started or self._misbehaved):
            raise PalestraError("the environment was saved before it was started; call reset(seed) first")
        with torch.inference_mode(False):
            copies = {str(i): _tensors(copy) for i, copy in enumerate(self._captured())}
        return {"env_id": self._env_id, "copies": copies}

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Continue each copy exactly, by its snapshot or by playing its episode again, or else begin a new episode."""
        copies = state["copies"]
        same = state["env_id"] == self._env_id or state["env_id"].startswith(NAMELESS)  # which has a name by now
        require(
            same and len(copies) == self.num_envs,
            f"a saved state of {len(copies)} copies of {state['env_id']!r} for {self.num_envs} of {self._env_id!r}",
            "the same environment and num_envs as saved",
        )
        self._env.set_attr("resume_from", [_arrays(copies[str(i)]) for i in range(self.num_envs)])
        self._be_patient(0)  # a long episode may be played again
        try:
            obs, restarted = zip(*self._env.call("resume"), strict=True)
        except LOST as error:
            raise self._lost(error) from error
        self._be_patient(self._worker_timeout)
        if any(each is None for each in obs):
            raise self._told()
        self._root_seed = int(copies["0"]["root_seed"])
        self._started, self._misbehaved = True, False
        return Resumed(self._tensor(np.stack(obs)), self._tensor(np.array(restarted)))

    def show_states(self, states: "States") -> None:
        """From now on observe the numbers (num_envs,) int64 of states, where the copies are stepped in this process.

        Elsewhere, and where a mask is observed beside the state, it goes on as it was.
        """
        if isinstance(self._env, Copies) and self.mask is None:
            self._env.call("show_states", states, seeds_each=self.num_envs == 1)
            self._env.look_again()
            self.observation_space = spaces.Box(0, states.num - 1, (), np.int64)

    def expert(self) -> Tensor:
        """What the expert of each copy would do next; see :meth:`palestra.envs.vector.VectorEnv.expert`."""
        actions = self._env.call("expert")
        if any(action is None for action in actions):
            raise UsageError(f"environment {self._env_id!r} has no expert; expected one with a method expert()")
        return self._tensor(np.stack(actions))

    def close(self) -> None:
        """End the worker processes and release what the environments hold."""
        self._env.close()
        if self._goal_reward is not None:
            self._goal_reward.close()

    def _captured(self) -> Sequence[dict[str, Any]]:
        """What each copy is resumed from."""
        if not self._misbehaved:
            captured: Sequence[dict[str, Any]] = self._env.call("capture")
            return captured
        space = self.observation_space
        anew = {"root_seed": episode_seed(self._root_seed, self.num_envs, 0), "episode": 0, "age": 0}
        nothing = {"obs": np.zeros(space.shape, space.dtype), "snapshot": None, "actions": None}
        return [{**anew, **nothing} for _ in range(self.num_envs)]

    def _check(self, obs: NDArray[Any], name: str, ended_E: NDArray[np.bool_] | None = None) -> None:
        """Raise Misbehaviour where numbers (num_envs, *obs_shape) are not finite.

        ``ended_E`` says of which copies they belong to the episode that has just ended; None for none.
        """
        found = unfit(obs, self.observation_space)
        if found is not None:
            raise self._unfit(found, name, ended_E)

    def _unfit(self, found: Unfit, name: str, ended_E: NDArray[np.bool_] | None) -> Misbehaviour:
        now, last_end = self._env.call("moments")[found.copy]
        moment = last_end if ended_E is not None and ended_E[found.copy] else now
        return self._fault(found.copy, found.fault(name, Moment(*moment)))

    def _told(self) -> Misbehaviour:
        """The error for the first copy that kept a fault."""
        faults = self._env.call("fault")
        return self._fault(*next((copy, fault) for copy, fault in enumerate(faults) if fault is not None))

    def _lost(self, error: BaseException) -> BaseException:
        """The error for a worker process that ended or does not answer; in this process, the error itself."""
        if not isinstance(self._env, AsyncVectorEnv):
            return error
        copy, given = lost_worker(self._env, error, self._worker_timeout)
        end_workers(self._env)
        expected = "an answer (worker_timeout in the world's settings says how soon)"
        self._started, self._misbehaved = False, True
        return Misbehaviour(f"environment {self._env_id!r}, copy {copy}: {given}; expected {expected}")

    def _fault(self, copy: int, fault: Fault) -> Misbehaviour:
        self._started, self._misbehaved = False, True
        return misbehaviour(self._env_id, copy, fault)

    def _be_patient(self, seconds: float) -> None:
        if isinstance(self._env, AsyncVectorEnv):
            set_patience(self._env, seconds)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def _tensors(tree: Any) -> Any:
    """Nested dicts with every array made a tensor."""
    if isinstance(tree, dict):
        return {name: _tensors(value) for name, value in tree.items()}
    return torch.from_numpy(tree) if isinstance(tree, np.ndarray) else tree


def _arrays(tree: Any) -> Any:
    """Nested dicts with every tensor made an array."""
    if isinstance(tree, dict):
        return {name: _arrays(value) for name, value in tree.items()}
    return tree.cpu().numpy() if isinstance(tree, Tensor) else tree
