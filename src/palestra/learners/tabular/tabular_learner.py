"""The learner of every tabular method: a table of action values, a rule that moves them, and the loop over steps.

A file of its own holds each method's rule. The world is any environment that observes one of finitely many states, its
observation of a Discrete space or of any product of such: MultiDiscrete, MultiBinary, a Tuple or Dict of these.

Many copies of the environment share one table. With one copy a method is its textbook's, step for step. With several,
the transitions of one step are learned from *in turn*: targets are computed from the table as it stands, then entry
after entry is moved towards its target, in the order of the copies. An entry that two copies visit in the same step is
so moved twice, exactly as by two updates one after the other with these targets (:func:`palestra.ops.tables.in_turn`).
Since each move goes a share of the way, no number of copies makes it overshoot.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from palestra.data.rollout import Report
from palestra.engine.agent import Agent
from palestra.engine.arena import MAX_EVAL_ENVS, Arena
from palestra.engine.exhibit import Exhibit
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.envs.finite.dynamics import process_of
from palestra.envs.finite.states import States, show_states, tells_states
from palestra.envs.masks import without_mask
from palestra.envs.vector import StepResult, VectorEnv
from palestra.envs.world import Given
from palestra.errors import UsageError, require
from palestra.learners.tabular.q_table import QTable
from palestra.learners.tabular.rule import Step, TabularRule
from palestra.measure import Metrics
from palestra.ops.schedules import linear
from palestra.ops.tables import FORBIDDEN, Floats, Ints
from palestra.pictures.board import Board, Table

MOST_ENTRIES = 50_000_000
"""Of a table; they and their counts take sixteen bytes each."""


class TabularLearner(Agent, Learner):
    """An agent with a table Q(s, a), which a rule moves.

    Args:
        rule_type: which rule.
        source: the world, as of any learner; likewise what follows.
    """

    saves = ("interaction", "q", "rule", "start_E", "action_E")
    derives = ("state_E", "states")

    def __init__(
        self, rule_type: type[TabularRule], source: Given, config: Any = None, *, seed: int = 0,
        device: str = "auto",
    ):  # fmt: skip
        self.name, self.config_type = rule_type.name, rule_type.config_type
        super().__init__(source, config, seed=seed, device=device)
        require(self.device.type == "cpu", f"device {self.device} for {self.name}", "cpu, where its table is")
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        self.states = states_of(self.env, self.name, rule_type.num_tables)
        space, c = self.env.action_space, self.config
        assert isinstance(space, spaces.Discrete)
        show_states(self.env, self.states)  # spares making the rows and finding the one in them again
        self.q = self.policy = QTable(
            rule_type.num_tables, self.states.num, int(space.n), initial_value=c.initial_value,
            learning_rate=c.learning_rate, learning_rate_decay=c.learning_rate_decay, seed=seed,
            index=self.states.index,
            mask=self.env.mask,
        )  # fmt: skip
        self.rule = rule_type(self.q, c, self.env.num_envs)
        self.state_E: Ints = self.q.states(self.interaction.obs).copy()
        """(E,) acted in next."""
        self.start_E = self.state_E.copy()
        """(E,) the first states of the episodes under way."""
        self.q.epsilon = self.epsilon_at(0)
        self.action_E = self.q.explore(self.state_E, self.q.uniform(self.env.num_envs))
        """(E,) to be taken next."""

    def epsilon_at(self, clock: int) -> float:
        """The share of random actions at a clock."""
        c = self.config
        used = clock / (c.exploration_fraction * self.budget) if c.exploration_fraction and self.budget else 0.0
        return linear(c.epsilon_start, c.epsilon_end, used if c.exploration_fraction else 1.0)

    def turns(self) -> int:
        """Steps of every copy that the next ``step`` does: ``num_steps``, or as many as are left of the budget."""
        most: int = self.config.num_steps
        left = -(-(self.budget - self.clock) // self.env.num_envs)
        return min(most, left) if left > 0 else most

    def step(self) -> Metrics:
        """Act and learn for ``num_steps`` steps of every copy, or as many as are left of the budget."""
        shape = (self.turns(), self.env.num_envs)
        reward_TE, done_TE = np.empty(shape), np.empty(shape, dtype=bool)
        reports: list[Report] = []
        uniform_TUE = self.q.uniform(shape[0], self.rule.draws_per_step, shape[1])
        self.q.errors.clear()
        with torch.inference_mode():
            for t in range(shape[0]):
                self.q.epsilon = self.epsilon_at(self.clock)
                result = self.env.step(torch.from_numpy(self.action_E))
                reports += (Report(t, copy, numbers) for copy, numbers in self.env.reports)
                s = as_step(result, self.state_E, self.action_E, self.q, self.config.gamma)
                if s.done_E.any():
                    self.start_E = np.where(s.done_E, s.onward_E, self.start_E)
                reward_TE[t], done_TE[t] = s.reward_E, s.done_E
                self.action_E, self.state_E = self.rule.update(s, uniform_TUE[t]), s.onward_E
                self.clock += shape[1]
        return self.came_to(result.obs, reward_TE, done_TE, reports)

    def came_to(
        self, obs: Tensor, reward_TE: Floats, done_TE: NDArray[np.bool_], reports: Sequence[Report] = ()
    ) -> Metrics:
        """Account for a step: what is observed now, the rewards and which episodes ended. What there is to report."""
        self.interaction.obs = obs
        self.interaction.episodes.add(torch.from_numpy(reward_TE), torch.from_numpy(done_TE), reports)
        return {**self.interaction.episodes.metrics(), **self._learned()}

    def _learned(self) -> Metrics:
        q = self.q
        seen_S = np.flatnonzero(q.visits.sum((0, 2)))
        metrics = {
            "train/epsilon": q.epsilon,
            "train/value_start": float(q.values(self.start_E).max(1).mean()),
            "train/updates": float(q.visits.sum()),
            "train/states_seen": float(len(seen_S)),
        }
        if len(seen_S):
            metrics["train/value_mean"] = float(q.values(seen_S).max(1).mean())
        if q.errors:
            metrics["train/td_error"] = float(np.abs(np.concatenate(q.errors)).mean())
        return metrics

    def make_arena(self) -> Arena:
        """As every agent's, but for what its copies show."""
        world = self.world

        def make_env(count: int, split: str) -> VectorEnv:
            env = world.make(num_envs=min(count, MAX_EVAL_ENVS), device=self.device, reference=split == "reference")
            show_states(env, self.states)
            return env

        return Arena(world, self.device, make_env)

    def exhibits(self) -> list[Exhibit]:
        """The greatest values and the greedy actions of the states acted in, on the board where the world has one."""
        title, q = f"{self.world.id}, {self.name}", self.q
        seen_S, q_SA = q.visits.sum((0, 2)) > 0, q.values(np.arange(q.num_states))
        process = process_of(self.env)
        if process is None or (grid := process.grid) is None:
            shown_SA = seen_S[:, None] & (q_SA > FORBIDDEN)
            return [Table(title, np.where(shown_SA, q_SA, np.nan))]
        value_S = q_SA.max(1)
        best_AS = ((q_SA == value_S[:, None]) & seen_S[:, None]).T
        return [Board(title, grid.shape, grid.tiles, grid.moves, np.where(seen_S, value_S, np.nan), best_AS)]

    def resumed(self) -> None:
        """Stand where the copies stand; those that began anew act anew, and the rule forgets what they had begun."""
        self.state_E = self.q.states(self.interaction.obs).copy()
        if self.interaction.restarted_E.any():
            anew_E = self.interaction.restarted_E.numpy()
            self.start_E = np.where(anew_E, self.state_E, self.start_E)
            explored_E = self.q.explore(self.state_E, self.q.uniform(len(anew_E)))
            self.action_E = np.where(anew_E, explored_E, self.action_E)
            self.rule.forget(anew_E)


def as_step(result: StepResult, state_E: Ints, action_E: Ints, q: QTable, gamma: float | Floats) -> Step:
    """What environments answered to actions in states, as arrays, with states for observations."""
    terminated_E, truncated_E = result.terminated.numpy(), result.truncated.numpy()
    done_E = terminated_E | truncated_E
    next_state_E = onward_E = q.states(result.final_obs)
    if done_E.any():
        onward_E = q.states(result.obs)
    return Step(
        state_E,
        action_E,
        q.entry(state_E, action_E),
        result.reward.numpy().astype(np.float64),
        next_state_E,
        gamma * ~terminated_E,
        done_E,
        onward_E,
    )


def states_of(env: VectorEnv, name: str, num_tables: int) -> States:
    """The states of an environment that shows which one it is in.

    Raises UsageError, naming the spaces, for any other, and where a table of them would have too many entries.
    """
    own, action_space = env.observed.own, env.action_space
    given = f"{name} keeps a table and cannot serve an environment that observes {own} and acts in {action_space}"
    if env.mask is not None:
        assert isinstance(own, spaces.Dict)
        own = without_mask(own)
    if not tells_states(own) or not isinstance(action_space, spaces.Discrete):
        raise UsageError(
            f"{given}; expected observations of a Discrete space (CliffWalking-v1, FrozenLake-v1, Taxi-v4), of"
            " MultiDiscrete, MultiBinary, or a Tuple or Dict of these (Blackjack-v1), and Discrete actions; dqn and ppo"
            " serve others"
        )
    states = States(own)
    entries = num_tables * states.num * int(action_space.n)
    require(
        entries <= MOST_ENTRIES, f"{given}: {entries:,} entries", f"at most {MOST_ENTRIES:,}; dqn and ppo need none"
    )
    return states
