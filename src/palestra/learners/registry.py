"""Which learners there are. A line here makes one known to the command line, to recipes and to the contract tests."""

import importlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from palestra.errors import UsageError, unknown_name

if TYPE_CHECKING:  # naming what there is costs no import of torch
    from palestra.engine.learner import Learner
    from palestra.engine.settings import AlgorithmConfig

LEARNERS = {
    "random": ("palestra.policies.random", "Random"),
    "expert": ("palestra.policies.expert", "Expert"),
    "lqr": ("palestra.policies.lqr", "LQR"),
    "ilqr": ("palestra.policies.ilqr", "ILQR"),
    "cem": ("palestra.policies.cem", "CEM"),
    "mppi": ("palestra.policies.mppi", "MPPI"),
    "predictive-sampling": ("palestra.policies.predictive_sampling", "PredictiveSampling"),
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
    "recurrent-ppo": ("palestra.learners.on_policy.recurrent_ppo", "RecurrentPPO"),
    "ddpg": ("palestra.learners.off_policy.ddpg", "DDPG"),
    "td3": ("palestra.learners.off_policy.td3", "TD3"),
    "sac": ("palestra.learners.off_policy.sac", "SAC"),
    "discrete-sac": ("palestra.learners.off_policy.discrete_sac", "DiscreteSAC"),
    "drq": ("palestra.learners.off_policy.drq", "DrQ"),
    "dagger": ("palestra.learners.imitation.dagger", "DAgger"),
    "dynamics-ensemble": ("palestra.learners.models.dynamics_ensemble", "DynamicsEnsemble"),
    "pets": ("palestra.learners.models.pets", "PETS"),
    "behaviour-cloning": ("palestra.learners.imitation.behaviour_cloning", "BehaviourCloning"),
    "action-chunks": ("palestra.learners.imitation.action_chunks", "ActionChunks"),
    "diffusion-policy": ("palestra.learners.imitation.diffusion_policy", "DiffusionPolicy"),
    "td3-bc": ("palestra.learners.imitation.td3_bc", "TD3BC"),
    "decision-transformer": ("palestra.learners.sequences.decision_transformer", "DecisionTransformer"),
    "dqn": ("palestra.learners.off_policy.dqn", "DQN"),
    "pqn": ("palestra.learners.off_policy.pqn", "PQN"),
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
    "linear-regression": ("palestra.learners.labels.linear_regression", "LinearRegression"),
    "softmax-regression": ("palestra.learners.labels.softmax_regression", "SoftmaxRegression"),
    "label-regression": ("palestra.learners.labels.label_regression", "LabelRegression"),
    "mlp": ("palestra.learners.labels.multilayer_perceptron", "MultilayerPerceptron"),
    "library-classifier": ("palestra.learners.estimators.library_classifier", "LibraryClassifier"),
    "library-regressor": ("palestra.learners.estimators.library_regressor", "LibraryRegressor"),
    "library-clusterer": ("palestra.learners.estimators.library_clusterer", "LibraryClusterer"),
    "library-detector": ("palestra.learners.estimators.library_detector", "LibraryDetector"),
    "library-transformer": ("palestra.learners.estimators.library_transformer", "LibraryTransformer"),
    "image-classifier": ("palestra.learners.labels.image_classifier", "ImageClassifier"),
    "decision-tree": ("palestra.learners.labels.decision_tree", "DecisionTree"),
    "regression-tree": ("palestra.learners.labels.regression_tree", "RegressionTree"),
    "translator": ("palestra.learners.sequences.translator", "Translator"),
    "autoencoder": ("palestra.learners.structure.autoencoder", "Autoencoder"),
    "k-means": ("palestra.learners.structure.k_means", "KMeans"),
    "pca": ("palestra.learners.structure.pca", "PCA"),
    "gaussian-anomaly": ("palestra.learners.structure.gaussian_anomaly", "GaussianAnomaly"),
    "association-rules": ("palestra.learners.structure.association_rules", "AssociationRules"),
    "matrix-factorisation": ("palestra.learners.ratings.matrix_factorisation", "MatrixFactorisation"),
    "binary-factorisation": ("palestra.learners.ratings.matrix_factorisation", "BinaryFactorisation"),
    "bayesian-factorisation": ("palestra.learners.ratings.bayesian_factorisation", "BayesianFactorisation"),
    "two-towers": ("palestra.learners.ratings.two_towers", "TwoTowers"),
    "character-model": ("palestra.learners.sequences.character_model", "CharacterModel"),
}
"""Name to module and class. Only what stands here is ever imported, whatever a config file says."""


FAMILIES = (
    (("palestra.engine.policy", "Policy"), "palestra.engine.agent", "Actor"),
    (("palestra.learners.tabular.rule", "TabularRule"), "palestra.learners.tabular.tabular_learner", "TabularLearner"),
    (("palestra.learners.bandits.rule", "BanditRule"), "palestra.learners.bandits.bandit_learner", "BanditLearner"),
)
"""What can be registered without being a Learner, and the learner that holds it."""


@dataclass(frozen=True)
class LearnerType:
    """What is registered under a name. Call it, as the class of a learner, to make one."""

    name: str
    """The id."""
    kind: type[Any]
    """The class: a Learner, or a rule or policy that a learner of its family holds."""

    def __call__(
        self, source: Any, config: Any = None, *, seed: int = 0, device: str = "auto", networks: Any = None
    ) -> "Learner":
        """A fresh learner; arguments as of ``Learner``, and networks of the user's own (``nets.own``) if any."""
        family, held = self._family()
        more = {} if networks is None else {"networks": networks}
        if more and "networks" not in inspect.signature(family).parameters:
            raise UsageError(
                f"{self.name} given networks; expected none: only deep agents have any (ppo, dqn, sac, ...)"
            )
        learner: Learner = family(*held, source, config, seed=seed, device=device, **more)
        return learner

    @property
    def config_type(self) -> "type[AlgorithmConfig]":
        """The dataclass of its settings."""
        config_type: type[Any] = self.kind.config_type
        return config_type

    @property
    def learner(self) -> type[Any]:
        """The class that it makes, for what all of a family have in common: ``headline``, ``clock_unit``."""
        return self._family()[0]

    @property
    def is_learner(self) -> bool:
        """Whether it is the class of a learner itself."""
        return issubclass(self.kind, _load("palestra.engine.learner", "Learner"))

    def _family(self) -> tuple[type[Any], tuple[type[Any], ...]]:
        """The class of the learner, and what comes before its own arguments."""
        if self.is_learner:
            return self.kind, ()
        for kind, module, attribute in FAMILIES:
            if issubclass(self.kind, _load(*kind)):
                return _load(module, attribute), (self.kind,)
        raise TypeError(f"{self.kind} under {self.name!r}; expected a Learner, or a rule of one of the families")


def learner_type(name: str) -> LearnerType:
    """What is registered under a name; UsageError, with the nearest names, where nothing is."""
    if name not in LEARNERS:
        raise unknown_name("algorithm", name, LEARNERS)
    return LearnerType(name, _load(*LEARNERS[name]))


def _load(module: str, attribute: str) -> type[Any]:
    cls = getattr(importlib.import_module(module), attribute)
    assert isinstance(cls, type)
    return cls
