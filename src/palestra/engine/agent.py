"""The Agent: a Learner that acts in an environment."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor, nn

from palestra.data.episodes import EpisodeTracker
from palestra.engine import seeding
from palestra.engine.configured import Configured
from palestra.engine.evaluate import run_episodes
from palestra.engine.learner import Evaluation
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.registry import MOST_SIMULATORS, is_simulator
from palestra.envs.spaces import is_one_hot, one_hot, to_env_action
from palestra.envs.vector import VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError, require

MAX_EVAL_ENVS = 100
"""Most episodes that are evaluated side by side."""


def restart_notes(restarted_E: Tensor) -> list[str]:
    """What to say of environments (E,) bool whose episode could not be restored."""
    count = int(restarted_E.sum())
    if count == 0:
        return []
    return [f"not exact: {count} of {restarted_E.numel()} environments cannot be restored and began a new episode"]


class Agent(Configured):
    """A Learner that acts. Subclasses hold networks and a ``step``; worlds and evaluation are handled here."""

    clock_unit = "env steps"

    def __init__(self, env: str | World, config: AlgorithmConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        self.env = self.world.make(device=self.device)
        self.episodes = EpisodeTracker(self.env.num_envs)
        self.obs = self.env.reset(seeding.derive(seed, "environment"))
        self._eval_env: tuple[tuple[int, bool], VectorEnv] | None = None

    def world_state(self) -> dict[str, Any]:
        """What every agent has to save: its clock, its environments and their unfinished episodes."""
        return {"clock": self.clock, "env": self.env.state_dict(), "episodes": self.episodes.state_dict()}

    def load_world_state(self, state: dict[str, Any]) -> Tensor:
        """Continue from ``world_state``; returns which environments, (E,) bool, had to begin a new episode."""
        self.clock = state["clock"]
        self.episodes.load_state_dict(state["episodes"])
        self.obs, restarted_E = self.env.load_state_dict(state["env"])
        self.episodes.restart(restarted_E)
        return restarted_E

    @abstractmethod
    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) as the vector contract takes them, for observations (B, *obs_shape)."""

    @property
    @abstractmethod
    def modules(self) -> nn.Module:
        """All networks, for their state and parameter count."""

    def evaluate(self, *, episodes: int = 100, seed: int = 0, reference: bool = False) -> Evaluation:
        """Greedy returns over whole episodes, in environments of their own.

        Args:
            episodes: how many.
            seed: of the environments; no generator of the agent is used.
            reference: evaluate in Gymnasium's implementation rather than in the training backend.
        """
        require(episodes >= 1, f"episodes={episodes}", "at least 1")
        if self._eval_env is None or self._eval_env[0] != (episodes, reference):
            self._close_eval_env()
            self._eval_env = ((episodes, reference), self.make_eval_env(episodes, reference=reference))
        copies = self._eval_env[1].num_envs
        returns, lengths = [], []
        for batch in range(-(-episodes // copies)):
            env = self._eval_env[1]
            r, n = run_episodes(self.policy_in(env), env, seed=seeding.derive(seed, "evaluation", batch))
            returns.append(r)
            lengths.append(n)
        returns_B, lengths_B = torch.cat(returns)[:episodes], torch.cat(lengths)[:episodes]
        score = float(returns_B.mean())
        metrics = {
            "eval/return_mean": score,
            "eval/return_min": float(returns_B.min()),
            "eval/return_max": float(returns_B.max()),
            "eval/length_mean": float(lengths_B.double().mean()),
        }
        return Evaluation(score, returns_B, metrics)

    def policy_in(self, env: VectorEnv) -> Callable[[Tensor], Tensor]:
        """What evaluation acts by in an environment: the greedy policy."""
        return self.act

    def check_reference(self) -> None:
        """Make one copy of the reference environment."""
        self.make_eval_env(1, reference=True).close()

    def make_eval_env(self, episodes: int, *, reference: bool) -> VectorEnv:
        """Environments to evaluate in: as many copies as there are episodes, up to a limit."""
        world = self.world
        heavy = is_simulator(world.id, world.reference_backend if reference else world.backend)
        copies = min(episodes, MOST_SIMULATORS if heavy else MAX_EVAL_ENVS)
        return world.make(num_envs=copies, device=self.device, reference=reference)

    def _close_eval_env(self) -> None:
        if self._eval_env is not None:
            self._eval_env[1].close()
            self._eval_env = None

    def predict(self, obs: Any, *, deterministic: bool = True) -> Any:
        """The action that ``env.step`` takes.

        Args:
            obs: one observation, shape ``observation_space.shape``, or a batch of them, as NumPy; where the
                environment observes a Discrete space, its integers () or (n,) will do.
            deterministic: the greedy action, or a sample.

        Returns:
            One action (an ``int`` for Discrete), or an array of them for a batch.
        """
        space = self.env.observation_space
        array = np.asarray(obs)
        if array.dtype.kind in "iu" and array.ndim <= 1 and is_one_hot(space):
            array = one_hot(array, space.shape[0])
        single = array.shape == space.shape
        if not single and array.shape[1:] != space.shape:
            raise UsageError(
                f"observation of shape {array.shape}; expected {space.shape}, or a batch (n, *{space.shape})"
            )
        batch = torch.as_tensor(array[None] if single else array, device=self.device)
        if space.dtype != np.uint8:
            batch = batch.float()
        with torch.inference_mode():
            action = self.act(batch, deterministic=deterministic)
        out = to_env_action(self.env.action_space, action)
        if not single:
            return out
        return int(out[0]) if out.ndim == 1 else out[0]

    def decide(self, obs: Any, env: gym.Env[Any, Any]) -> Any:
        """The greedy action in one Gymnasium environment, which has just observed ``obs``."""
        return self.predict(obs)

    def close(self) -> None:
        """Release environments and their processes."""
        self._close_eval_env()
        self.env.close()
