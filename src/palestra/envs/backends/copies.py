"""Copies of an environment stepped one after another in this process, with little around their own steps."""

from typing import Any

import numpy as np
from gymnasium.vector import SyncVectorEnv
from gymnasium.vector.utils import batch_space, create_empty_array
from numpy.typing import NDArray

from palestra.envs.reports import CARRIED


class Copies(SyncVectorEnv):
    """Gymnasium's ``SyncVectorEnv`` in its mode SAME_STEP, in which alone it is used here: the same answers, sooner.

    Gymnasium's asks after its mode, joins infos and walks through spaces for every copy, which costs as much as the
    step of a small environment.
    """

    def step(self, actions: NDArray[Any]) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step every copy; those whose episode ended begin the next one."""
        shown, reward, terminated, truncated = self._observations, [], [], []
        infos: dict[str, Any] = {}
        last: dict[int, tuple[Any, dict[str, Any]]] = {}
        for i, (env, action) in enumerate(zip(self.envs, actions, strict=True)):
            obs, gain, ends, is_cut, info = env.step(action)
            reward.append(gain)
            terminated.append(ends)
            truncated.append(is_cut)
            if ends or is_cut:
                last[i] = obs, info
                obs, info = env.reset()
            if info:
                infos = self._add_info(infos, info, i)
            shown[i] = obs
        terminated_E, truncated_E = np.array(terminated, bool), np.array(truncated, bool)
        if last:
            nothing: tuple[Any, dict[str, Any]] = (None, {})
            final_obs, final_info = zip(*(last.get(i, nothing) for i in range(self.num_envs)), strict=True)
            infos |= {"final_obs": final_obs, "_final_obs": terminated_E | truncated_E}
            infos["final_info"] = {CARRIED: [info.get(CARRIED, ()) for info in final_info]} if any(final_info) else {}
        return shown, np.array(reward, np.float64), terminated_E, truncated_E, infos

    def look_again(self) -> None:
        """Take up that the copies show something else from now on."""
        self.single_observation_space = self.envs[0].observation_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._observations = create_empty_array(self.single_observation_space, self.num_envs)
