"""Faults in temporal differences (A4)."""

import numpy as np

from faults.fault import fault, score
from palestra.envs.world import World
from palestra.learners.on_policy.a2c import A2C, A2CConfig
from palestra.learners.on_policy.experience import Batch
from palestra.learners.tabular.n_step import NStepConfig
from palestra.learners.tabular.n_step_sarsa import NStepSarsa
from palestra.learners.tabular.q_learning import QLearning
from palestra.learners.tabular.rule import Step, TabularConfig, TabularRule
from palestra.learners.tabular.tabular_learner import TabularLearner
from palestra.measure import Metrics
from palestra.ops.tables import Floats, Ints

LAKE = World("FrozenLake-v1", 8, kwargs={"is_slippery": False})
LAKE_CONFIG: dict[str, float] = {"gamma": 0.95, "learning_rate": 0.2, "epsilon_start": 1.0, "epsilon_end": 0.1}


def on_the_lake(rule: type[TabularRule], config: TabularConfig, seed: int) -> float:
    """The return of what a rule learns there in 20,000 steps."""
    return score(TabularLearner(rule, LAKE, config, seed=seed).learn(20_000), episodes=1)


class NotesNStepSarsa(NStepSarsa):
    """The sum of gamma^i r_{t+1} over i: the first reward, n times."""

    def targets(self, s: Step, next_action_E: Ints, copy_B: Ints) -> Floats:
        w, length_B, gamma = self.window, self.window.count_E[copy_B], self.config.gamma
        first_B = w.reward_NE[(w.newest - length_B + 1) % w.size, copy_B]
        next_value_BA = self.q.values(s.next_state_E[copy_B])
        bootstrap_B = s.discount_E[copy_B] * next_value_BA[np.arange(len(copy_B)), next_action_E[copy_B]]
        return first_B * (1.0 - gamma**length_B) / (1.0 - gamma) + gamma ** (length_B - 1) * bootstrap_B


@fault("n-step-index", "return of 4-step SARSA on FrozenLake without slipping, 20,000 steps")
def n_step_index(seed: int, faulty: bool) -> float:
    kind = NotesNStepSarsa if faulty else NStepSarsa
    return on_the_lake(kind, NStepConfig(**LAKE_CONFIG), seed)


class NotesQLearning(QLearning):
    """Max Q(s_{t+1}, a_t): there is nothing left to maximise over."""

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        next_value_E = self.q.values(s.next_state_E)[np.arange(len(s.action_E)), s.action_E]
        self.q.improve(s.entry_E, s.reward_E + s.discount_E * next_value_E)
        return self.q.explore(s.onward_E, uniform_UE[0])


@fault("max-over-nothing", "return of Q-learning on FrozenLake without slipping, 20,000 steps")
def max_over_nothing(seed: int, faulty: bool) -> float:
    kind = NotesQLearning if faulty else QLearning
    return on_the_lake(kind, TabularConfig(**LAKE_CONFIG), seed)


class NotesSign(A2C):
    """Climbs along Q - (r + gamma Q'), the error with its sign turned."""

    def update(self, b: Batch) -> Metrics:
        return super().update(b._replace(advantage_B=-b.advantage_B))


@fault("td-sign", "return of A2C on CartPole, 30,000 steps", seeds=3)
def td_sign(seed: int, faulty: bool) -> float:
    config = A2CConfig(num_steps=16, learning_rate=3e-3, optimizer="adam", normalize_advantage=True)
    return score((NotesSign if faulty else A2C)(World("CartPole-v1", 8), config, seed=seed).learn(30_000))


class ReshapingQLearning(QLearning):
    """The agent turns r into (r + 8) / 8 whatever the world."""

    def update(self, s: Step, uniform_UE: Floats) -> Ints:
        return super().update(s._replace(reward_E=(s.reward_E + 8.0) / 8.0), uniform_UE)


@fault("reward-reshaped", "return of Q-learning on CliffWalking, at most 200 steps (best: -13), 50,000 steps", seeds=3)
def reward_reshaped(seed: int, faulty: bool) -> float:
    world = World("CliffWalking-v1", 8, kwargs={"max_episode_steps": 200})
    rule = ReshapingQLearning if faulty else QLearning
    return score(TabularLearner(rule, world, seed=seed).learn(50_000), episodes=1)
