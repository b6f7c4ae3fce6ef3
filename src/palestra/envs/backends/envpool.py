"""EnvPool's C++ environments under the vector contract."""

import warnings
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.envs.observed import Observed
from palestra.envs.reports import Numbers, numbers_of
from palestra.envs.spaces import native_action, supported_action_space
from palestra.envs.vector import Resumed, StepResult, VectorEnv
from palestra.errors import PalestraError, UsageError, missing_extra, require, unknown_name

BOOKKEEPING = ("env_id", "elapsed_step")
"""In EnvPool's infos: which copy it is, and the steps of its episode."""


class EnvPoolVectorEnv(VectorEnv):
    """Copies of an environment stepped by EnvPool's threads.

    EnvPool starts an ended episode on the step after its end and ignores that step's action. Here ended copies are
    reset at once, so that no step is lost and the last observation is kept. EnvPool cannot save an environment: a
    resumed one begins new episodes, seeded from the saved seed and the number of times that this has happened.
    """

    def __init__(
        self,
        env_id: str,
        num_envs: int,
        device: str | torch.device = "cpu",
        env_kwargs: dict[str, Any] | None = None,
    ) -> None:
        """``env_kwargs`` are for ``envpool.make``. UsageError if EnvPool is missing or has no such environment."""
        require(num_envs >= 1, f"num_envs={num_envs}", "at least 1")
        try:
            import envpool
        except ImportError as error:
            raise missing_extra("envpool", "backend='envpool'") from error
        if env_id not in envpool.list_all_envs():
            raise unknown_name("EnvPool environment", env_id, envpool.list_all_envs())
        self._make = envpool.make
        self._settings = {**(env_kwargs or {}), "task_id": env_id, "num_envs": num_envs, "env_type": "gymnasium"}
        self._env = self._new_env(0)
        self._root_seed: int | None = None
        self._restarts = 0
        self.num_envs = num_envs
        self.device = torch.device(device)
        self.action_space = supported_action_space(self._env.action_space, env_id)
        own = self._env.observation_space
        if not isinstance(own, spaces.Box | spaces.Discrete):
            raise UsageError(f"EnvPool's {env_id!r} has the observation space {own}; expected Box or Discrete")
        self.observed = Observed(_unbounded(own), env_id)
        self.observation_space, self._convert = self.observed.space, self.observed.convert
        limit = int(self._env.spec.config.max_episode_steps)
        self.max_episode_steps = None if limit == np.iinfo(np.int32).max else limit

    def reset(self, seed: int) -> Tensor:
        """Start every copy anew, all randomness from ``seed`` on. Returns obs (num_envs, *obs_shape)."""
        require(seed >= 0, f"seed={seed}", "a seed of at least 0")
        return self._start(seed, 0)

    def step(self, action: Tensor) -> StepResult:
        """Step every copy; see :meth:`palestra.envs.vector.VectorEnv.step`."""
        if self._root_seed is None:
            raise PalestraError("step() was called before the environment was started; call reset(seed) first")
        expected = (self.num_envs, *(self.action_space.shape or ()))
        if action.shape != expected:
            raise UsageError(f"actions of shape {tuple(action.shape)}; expected {expected}")
        final, reward, terminated, truncated, infos = self._env.step(native_action(self.action_space, action))
        final_obs = obs = self._tensor(self._observed(final))
        done, self.reports = terminated | truncated, ()
        if done.any():
            self.reports = _reports(infos, np.flatnonzero(done).tolist())
            first, info = self._env.reset(np.flatnonzero(done).astype(np.int32))
            merged = self._observed(final).copy()
            merged[info["env_id"]] = self._observed(first)
            obs = self._tensor(merged)
        return StepResult(
            obs,
            self._tensor(reward.astype(np.float32)),
            self._tensor(terminated),
            self._tensor(truncated & ~terminated),
            final_obs,
        )

    def state_dict(self) -> dict[str, Any]:
        """What new episodes after a resume are seeded from."""
        if self._root_seed is None:
            raise PalestraError("the environment was saved before it was started; call reset(seed) first")
        return {"root_seed": self._root_seed, "restarts": self._restarts}

    def load_state_dict(self, state: dict[str, Any]) -> Resumed:
        """Begin new episodes; every copy is reported as restarted."""
        obs = self._start(state["root_seed"], state["restarts"] + 1)
        return Resumed(obs, torch.ones(self.num_envs, dtype=torch.bool, device=self.device))

    def close(self) -> None:
        """End EnvPool's threads."""
        self._env.close()

    def _new_env(self, seed: int) -> Any:
        with warnings.catch_warnings():  # EnvPool describes its float32 observations with float64 bounds
            warnings.filterwarnings("ignore", message=".*precision lowered by casting")
            env = self._make(**self._settings, seed=seed)
            _ = env.observation_space, env.action_space  # made, and warned about, when first read
        return env

    def _start(self, root_seed: int, restarts: int) -> Tensor:
        self._root_seed, self._restarts = root_seed, restarts
        sequence = np.random.SeedSequence(root_seed, spawn_key=(restarts,))
        self._env.close()
        self._env = self._new_env(int(sequence.generate_state(1)[0]) >> 1)  # EnvPool takes a seed only when made
        obs, _ = self._env.reset()
        return self._tensor(self._observed(obs))

    def _observed(self, obs: NDArray[Any]) -> NDArray[Any]:
        return obs if self._convert is None else self._convert(obs)

    def _tensor(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def _unbounded(space: spaces.Box | spaces.Discrete) -> spaces.Box | spaces.Discrete:
    """A space with the bounds that EnvPool means: it writes "no bound" as C++'s smallest and largest float."""
    if not isinstance(space, spaces.Box) or space.dtype != np.float32:
        return space
    limits = np.finfo(np.float32)
    low = np.where((space.low == limits.tiny) | (space.low == limits.min), -np.inf, space.low)
    high = np.where(space.high == limits.max, np.inf, space.high)
    return spaces.Box(low.astype(np.float32), high.astype(np.float32))


def _reports(infos: dict[str, Any], copies: list[int]) -> tuple[tuple[int, Numbers], ...]:
    """What EnvPool's infos say of some copies, beside which they are and how long their episodes were."""
    said = {k: v for k, v in infos.items() if isinstance(v, np.ndarray) and v.ndim == 1 and k not in BOOKKEEPING}
    reports = ((copy, numbers_of({name: values[copy] for name, values in said.items()})) for copy in copies)
    return tuple(report for report in reports if report[1])
