"""Which learners there are. A line here makes one known to the command line, to recipes and to the contract tests."""

import importlib
from typing import Any

from palestra.errors import unknown_name

LEARNERS = {
    "random": ("palestra.policies.random", "Random"),
    "expert": ("palestra.policies.expert", "Expert"),
    "value-iteration": ("palestra.learners.dynamic.value_iteration", "ValueIteration"),
    "policy-iteration": ("palestra.learners.dynamic.policy_iteration", "PolicyIteration"),
    "modified-policy-iteration": (
        "palestra.learners.dynamic.modified_policy_iteration",
        "ModifiedPolicyIteration",
    ),
    "epsilon-greedy": ("palestra.learners.bandits.epsilon_greedy", "EpsilonGreedy"),
    "ucb": ("palestra.learners.bandits.ucb", "UCB"),
    "thompson": ("palestra.learners.bandits.thompson", "Thompson"),
    "gradient-bandit": ("palestra.learners.bandits.gradient", "GradientBandit"),
    "vpg": ("palestra.learners.on_policy.vpg", "VPG"),
    "a2c": ("palestra.learners.on_policy.a2c", "A2C"),
    "trpo": ("palestra.learners.on_policy.trpo", "TRPO"),
    "ppo": ("palestra.learners.on_policy.ppo", "PPO"),
    "ddpg": ("palestra.learners.off_policy.ddpg", "DDPG"),
    "td3": ("palestra.learners.off_policy.td3", "TD3"),
    "sac": ("palestra.learners.off_policy.sac", "SAC"),
    "discrete-sac": ("palestra.learners.off_policy.discrete_sac", "DiscreteSAC"),
    "drq": ("palestra.learners.off_policy.drq", "DrQ"),
    "dagger": ("palestra.learners.imitation.dagger", "DAgger"),
    "dqn": ("palestra.learners.off_policy.dqn", "DQN"),
    "sarsa": ("palestra.learners.tabular.sarsa", "Sarsa"),
    "expected-sarsa": ("palestra.learners.tabular.expected_sarsa", "ExpectedSarsa"),
    "q-learning": ("palestra.learners.tabular.q_learning", "QLearning"),
    "double-q-learning": ("palestra.learners.tabular.double_q_learning", "DoubleQLearning"),
    "n-step-sarsa": ("palestra.learners.tabular.n_step_sarsa", "NStepSarsa"),
    "tree-backup": ("palestra.learners.tabular.tree_backup", "TreeBackup"),
    "sarsa-lambda": ("palestra.learners.tabular.sarsa_lambda", "SarsaLambda"),
    "monte-carlo": ("palestra.learners.tabular.monte_carlo", "MonteCarlo"),
    "dyna-q": ("palestra.learners.tabular.dyna_q", "DynaQ"),
    "prioritised-sweeping": ("palestra.learners.tabular.prioritised_sweeping", "PrioritisedSweeping"),
}
"""Name to module and class. Only what stands here is ever imported, whatever a config file says."""


def learner_type(name: str) -> type[Any]:
    """The class registered under a name."""
    if name not in LEARNERS:
        raise unknown_name("algorithm", name, LEARNERS)
    module, attribute = LEARNERS[name]
    cls = getattr(importlib.import_module(module), attribute)
    assert isinstance(cls, type)
    return cls
