"""What every tabular method shares: a table of action values, epsilon-greedy acting, and the loop over steps.

A file of its own holds each algorithm; what it adds is its ``update``. The world is any environment that observes one
of finitely many states, its observation the one-hot of a Discrete space.

Many copies of the environment share one table. With one copy a method is its textbook's, step for step. With several,
the transitions of one step are learned from *in turn*: targets are computed from the table as it stands, then entry
after entry is moved towards its target, in the order of the copies. An entry that two copies visit in the same step is
so moved twice, exactly as by two updates one after the other with these targets (:func:`palestra.ops.tables.in_turn`).
Since each move goes a share of the way, no number of copies makes it overshoot.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor, nn

from palestra.engine import seeding
from palestra.engine.agent import MAX_EVAL_ENVS, Agent, restart_notes
from palestra.measure import Metrics
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.finite.vector_env import FiniteVectorEnv, state_index
from palestra.envs.spaces import is_one_hot
from palestra.envs.vector import StepResult, VectorEnv
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.ops import tables
from palestra.ops.schedules import linear
from palestra.ops.tables import Floats, Ints
from palestra.pictures import board

MAX_EVAL_STEPS = 10_000
"""Where evaluation cuts an episode of a world that has no time limit."""


@dataclass(frozen=True)
class TabularConfig(AlgorithmConfig):
    """Settings that the tabular methods share."""

    default_num_envs: ClassVar[int] = 1

    num_steps: int = 100
    """Steps of each environment between reports; changes nothing in what is learned."""
    gamma: float = 0.99
    """Discount."""
    learning_rate: float = 0.5
    """Share of the way to its target that an entry of the table is moved, alpha."""
    learning_rate_decay: float = 0.0
    """Power w: an entry's n-th move has the rate learning_rate / n^w. 0 for a constant rate; 1 for a mean."""
    epsilon_start: float = 0.1
    """Share of random actions at the start."""
    epsilon_end: float = 0.1
    """Share of random actions once exploration has fallen."""
    exploration_fraction: float = 1.0
    """Share of the budget over which epsilon falls linearly."""
    initial_value: float = 0.0
    """Every entry at the start. Above what can be had, it makes the agent try everything (optimism)."""

    def __post_init__(self) -> None:
        require(self.num_steps >= 1, f"num_steps={self.num_steps}", "at least 1")
        require(0 < self.learning_rate <= 1, f"learning_rate={self.learning_rate}", "0 < learning_rate <= 1")
        for name in ("gamma", "learning_rate_decay", "epsilon_start", "epsilon_end", "exploration_fraction"):
            require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}", f"0 <= {name} <= 1")
        require(np.isfinite(self.initial_value), f"initial_value={self.initial_value}", "a finite number")


class Step(NamedTuple):
    """One step of every copy, as arrays (E,)."""

    state_E: Ints
    """Acted in."""
    action_E: Ints
    entry_E: Ints
    """Index of the pair of both in the table laid out flat."""
    reward_E: Floats
    next_state_E: Ints
    """The true successor, also where the episode ended."""
    discount_E: Floats
    """gamma, or 0 where the episode terminated: multiply a bootstrap by it. A time limit leaves it gamma."""
    done_E: NDArray[np.bool_]
    """The episode ended, for either reason."""
    onward_E: Ints
    """To go on from: the successor, or the first state of the next episode."""


class TabularLearner(Agent):
    """An agent with a table Q(s, a)."""

    config_type = TabularConfig
    config: TabularConfig
    num_tables: ClassVar[int] = 1
    draws_per_step: int = 1
    """Uniform random numbers of each copy that one ``update`` takes."""

    def __init__(self, env: str | World, config: Any = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        require(self.device.type == "cpu", f"device {self.device} for {self.name}", "cpu, where its table is")
        self.num_states = one_hot_size(self.env, self.obs, self.name)
        space = self.env.action_space
        if not isinstance(space, spaces.Discrete):
            raise UsageError(f"{self.name} cannot keep a table for {space}; expected a Discrete action space")
        self.num_actions = int(space.n)
        shape = (self.num_tables, self.num_states, self.num_actions)
        self.table = np.full(shape, self.config.initial_value)
        """(K, S, A) float64: action values; one table, but for double learning."""
        self.visits = np.zeros(shape, dtype=np.int64)
        """(K, S, A) int64: moves of each entry so far."""
        self.state_E: Ints = state_index(self.obs).numpy().copy()
        self.start_E = self.state_E.copy()
        if isinstance(self.env, FiniteVectorEnv):
            self.env.one_hot = False  # spares making the rows and finding the one in them again
        self._modules = nn.ModuleDict()
        self.exploring = seeding.generator(seed, "actions")
        self.epsilon = self.epsilon_at(0)
        self.action_E = self.explore(self.state_E, self._uniform(self.env.num_envs))
        self._errors: list[Floats] = []

    @property
    def modules(self) -> nn.Module:
        """None: what is learned is the table."""
        return self._modules

    @abstractmethod
    def update(self, s: Step, uniform_KE: Floats) -> Ints:
        """Learn from one step of every copy; returns the actions (E,) to take in ``s.onward_E``.

        ``uniform_KE`` are ``draws_per_step`` random numbers in [0, 1) for each copy.
        """

    def values(self, state_B: Ints) -> Floats:
        """Q (B, A) that the agent acts on, in states (B,)."""
        q_BA: Floats = self.table[0].take(state_B, 0)
        return q_BA

    def explore(self, state_B: Ints, uniform_B: Floats) -> Ints:
        """Epsilon-greedy actions (B,); of several greatest values each is as likely as the other."""
        return tables.draw(tables.epsilon_greedy(self.values(state_B), self.epsilon), uniform_B)

    def onward(self, s: Step, next_action_E: Ints, uniform_E: Floats) -> Ints:
        """Actions (E,) for the states to go on from: as drawn, but anew where an episode ended."""
        if not s.done_E.any():
            return next_action_E
        return np.where(s.done_E, self.explore(s.onward_E, uniform_E), next_action_E)

    def entry(self, state_B: Ints, action_B: Ints) -> Ints:
        """Indices (B,) of pairs in the first table."""
        return state_B * self.num_actions + action_B

    def improve(self, entry_B: Ints, target_B: Floats) -> None:
        """Q(s, a) <- Q(s, a) + alpha (target - Q(s, a)), for one entry after another (Sutton & Barto 2018, eq. 2.4)."""
        rate, decay = self.config.learning_rate, self.config.learning_rate_decay
        error_B = tables.move_towards(self.table.reshape(-1), self.visits.reshape(-1), entry_B, target_B, rate, decay)
        self._errors.append(error_B)

    def epsilon_at(self, clock: int) -> float:
        """The share of random actions at a clock."""
        c = self.config
        progress = clock / (c.exploration_fraction * self.budget) if c.exploration_fraction and self.budget else 0.0
        return linear(c.epsilon_start, c.epsilon_end, progress if c.exploration_fraction else 1.0)

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,), the first of equals, or epsilon-greedy ones at the current epsilon."""
        state_B = state_index(obs_BF).numpy()
        if deterministic:
            return torch.from_numpy(self.values(state_B).argmax(1))
        return torch.from_numpy(self.explore(state_B, self._uniform(len(state_B))))

    def make_eval_env(self, episodes: int, *, reference: bool) -> VectorEnv:
        """As every agent's, but that no episode goes on for ever: a greedy policy may run in a circle."""
        world = self.world
        if self.env.max_episode_steps is None:
            world = replace(world, kwargs={**world.kwargs, "max_episode_steps": MAX_EVAL_STEPS})
        env = world.make(num_envs=min(episodes, MAX_EVAL_ENVS), device=self.device, reference=reference)
        if isinstance(env, FiniteVectorEnv):
            env.one_hot = False
        return env

    def step(self) -> Metrics:
        """Act and learn for ``num_steps`` steps of every copy."""
        shape = (self.config.num_steps, self.env.num_envs)
        reward_TE, done_TE = np.empty(shape), np.empty(shape, dtype=bool)
        uniform_TKE = self._uniform(shape[0], self.draws_per_step, shape[1])
        self._errors = []
        with torch.inference_mode():
            for t in range(shape[0]):
                self.epsilon = self.epsilon_at(self.clock)
                result = self.env.step(torch.from_numpy(self.action_E))
                s = self._read(result)
                reward_TE[t], done_TE[t] = s.reward_E, s.done_E
                self.action_E, self.state_E = self.update(s, uniform_TKE[t]), s.onward_E
                self.clock += shape[1]
        self.obs = result.obs
        self.episodes.add(torch.from_numpy(reward_TE), torch.from_numpy(done_TE))
        return {**self.episodes.metrics(), **self._progress()}

    def _read(self, result: StepResult) -> Step:
        """What the environments answered, as arrays, with states for observations."""
        terminated_E, truncated_E = result.terminated.numpy(), result.truncated.numpy()
        done_E = terminated_E | truncated_E
        next_state_E = onward_E = state_index(result.final_obs).numpy()
        if done_E.any():
            onward_E = state_index(result.obs).numpy()
            self.start_E = np.where(done_E, onward_E, self.start_E)
        return Step(
            self.state_E,
            self.action_E,
            self.entry(self.state_E, self.action_E),
            result.reward.numpy().astype(np.float64),
            next_state_E,
            self.config.gamma * ~terminated_E,
            done_E,
            onward_E,
        )

    def _progress(self) -> Metrics:
        seen_S = np.flatnonzero(self.visits.sum((0, 2)))
        metrics = {
            "train/epsilon": self.epsilon,
            "train/value_start": float(self.values(self.start_E).max(1).mean()),
            "train/updates": float(self.visits.sum()),
            "train/states_seen": float(len(seen_S)),
        }
        if len(seen_S):
            metrics["train/value_mean"] = float(self.values(seen_S).max(1).mean())
        if self._errors:
            metrics["train/td_error"] = float(np.abs(np.concatenate(self._errors)).mean())
        return metrics

    def _uniform(self, *shape: int) -> Floats:
        uniform: Floats = torch.rand(shape, dtype=torch.float64, generator=self.exploring).numpy()
        return uniform

    def draw(self, folder: Path) -> list[Path]:
        """The greatest values and the greedy actions of the states acted in, on the board where the world has one."""
        title, picture = f"{self.world.id}, {self.name}", folder / "value-and-policy.png"
        seen_S, q_SA = self.visits.sum((0, 2)) > 0, self.values(np.arange(self.num_states))
        grid = self.env.mdp.grid if isinstance(self.env, FiniteVectorEnv) else None
        if grid is None:
            return [board.draw_table(picture, np.where(seen_S[:, None], q_SA, np.nan), title=title)]
        value_S = q_SA.max(1)
        best_AS = ((q_SA == value_S[:, None]) & seen_S[:, None]).T
        value_S = np.where(seen_S, value_S, np.nan)
        return [board.draw_grid(picture, grid.shape, grid.tiles, grid.moves, value_S, best_AS, title=title)]

    def memory(self) -> dict[str, Any]:
        """What a method keeps beside the table between two steps, to be saved."""
        return {}

    def load_memory(self, memory: dict[str, Any]) -> None:
        """Take back what ``memory`` gave."""

    def forget(self, restarted_E: NDArray[np.bool_]) -> None:
        """Cut what is kept of the unfinished episodes of copies (E,) bool that began anew."""

    def state_dict(self) -> dict[str, Any]:
        """The table, generator, environments, the next actions, and what the method keeps of its own."""
        return {
            **self.world_state(),
            "table": self.table.copy(),
            "visits": self.visits.copy(),
            "start": self.start_E.copy(),
            "action": self.action_E.copy(),
            "epsilon": self.epsilon,
            "exploring": self.exploring.get_state(),
            "memory": self.memory(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self.table[...], self.visits[...] = state["table"], state["visits"]
        self.state_E = state_index(self.obs).numpy().copy()
        self.start_E, self.action_E = np.array(state["start"]), np.array(state["action"])
        self.epsilon = state["epsilon"]
        self.exploring.set_state(state["exploring"])
        self.load_memory(state["memory"])
        if restarted_E.any():
            anew_E = restarted_E.numpy()
            self.start_E = np.where(anew_E, self.state_E, self.start_E)
            self.action_E = np.where(anew_E, self.explore(self.state_E, self._uniform(len(anew_E))), self.action_E)
            self.forget(anew_E)
        return restart_notes(restarted_E)


def one_hot_size(env: VectorEnv, obs_EF: Tensor, name: str) -> int:
    """The number of states of an environment whose observation is the one-hot of a Discrete space.

    Raises UsageError, naming the spaces, for any other.
    """
    space = env.observation_space
    if not is_one_hot(space) or not ((obs_EF == 0) | (obs_EF == 1)).all() or not (obs_EF.sum(1) == 1).all():
        raise UsageError(
            f"{name} keeps a table and cannot serve an environment that observes {space} and acts in"
            f" {env.action_space}; expected observations of a Discrete space (CliffWalking-v1, FrozenLake-v1, Taxi-v4)"
            " and Discrete actions; dqn and ppo serve others"
        )
    return int(space.shape[0])
