"""The names of ``import palestra`` with their types. Written by `make docs` from the registry. Edit that."""

from palestra.datasets.arrays import load_data
from palestra.datasets.recorded import load_episodes
from palestra.engine.callbacks import Callback
from palestra.engine.estimator import estimator
from palestra.engine.settings import AlgorithmConfig as ExpertConfig
from palestra.engine.settings import AlgorithmConfig as RandomConfig
from palestra.envs.registry import make_vec
from palestra.exports.export import export
from palestra.imports.scikit_learn import import_estimator
from palestra.imports.stable_baselines import import_agent
from palestra.kinematics.inverse import inverse_kinematics
from palestra.kinematics.robot_file import read_robot
from palestra.learners.bandits.epsilon_greedy import EpsilonGreedyConfig
from palestra.learners.bandits.gradient import GradientBanditConfig
from palestra.learners.bandits.thompson import ThompsonConfig
from palestra.learners.bandits.ucb import UCBConfig
from palestra.learners.dynamic.modified_policy_iteration import ModifiedPolicyIteration, ModifiedPolicyIterationConfig
from palestra.learners.dynamic.policy_iteration import PolicyIteration, PolicyIterationConfig
from palestra.learners.dynamic.value_iteration import ValueIteration, ValueIterationConfig
from palestra.learners.estimators.library_classifier import LibraryClassifier, LibraryClassifierConfig
from palestra.learners.estimators.library_clusterer import LibraryClusterer, LibraryClustererConfig
from palestra.learners.estimators.library_detector import LibraryDetector, LibraryDetectorConfig
from palestra.learners.estimators.library_regressor import LibraryRegressor, LibraryRegressorConfig
from palestra.learners.estimators.library_transformer import LibraryTransformer, LibraryTransformerConfig
from palestra.learners.imitation.action_chunks import ActionChunks, ActionChunksConfig
from palestra.learners.imitation.behaviour_cloning import BehaviourCloning, BehaviourCloningConfig
from palestra.learners.imitation.dagger import DAgger, DAggerConfig
from palestra.learners.imitation.diffusion_policy import DiffusionPolicy, DiffusionPolicyConfig
from palestra.learners.imitation.td3_bc import TD3BC, TD3BCConfig
from palestra.learners.labels.decision_tree import DecisionTree, DecisionTreeConfig
from palestra.learners.labels.grown_tree import GrowthConfig as RegressionTreeConfig
from palestra.learners.labels.image_classifier import ImageClassifier, ImageClassifierConfig
from palestra.learners.labels.label_regression import LabelRegression, LabelRegressionConfig
from palestra.learners.labels.linear_regression import LinearRegression, LinearRegressionConfig
from palestra.learners.labels.multilayer_perceptron import MultilayerPerceptron, MultilayerPerceptronConfig
from palestra.learners.labels.regression_tree import RegressionTree
from palestra.learners.labels.softmax_regression import SoftmaxRegression, SoftmaxRegressionConfig
from palestra.learners.models.dynamics_ensemble import DynamicsEnsemble, DynamicsEnsembleConfig
from palestra.learners.models.pets import PETS, PETSConfig
from palestra.learners.off_policy.ddpg import DDPG, DDPGConfig
from palestra.learners.off_policy.discrete_sac import DiscreteSAC, DiscreteSACConfig
from palestra.learners.off_policy.dqn import DQN, DQNConfig
from palestra.learners.off_policy.drq import DrQ, DrQConfig
from palestra.learners.off_policy.pqn import PQN, PQNConfig
from palestra.learners.off_policy.sac import SAC, SACConfig
from palestra.learners.off_policy.td3 import TD3, TD3Config
from palestra.learners.on_policy.a2c import A2C, A2CConfig
from palestra.learners.on_policy.ppo import PPO, PPOConfig
from palestra.learners.on_policy.recurrent_ppo import RecurrentPPO, RecurrentPPOConfig
from palestra.learners.on_policy.trpo import TRPO, TRPOConfig
from palestra.learners.on_policy.vpg import VPG, VPGConfig
from palestra.learners.ratings.bayesian_factorisation import BayesianFactorisation, BayesianFactorisationConfig
from palestra.learners.ratings.matrix_factorisation import (
    BinaryFactorisation,
    MatrixFactorisation,
    MatrixFactorisationConfig,
)
from palestra.learners.ratings.matrix_factorisation import MatrixFactorisationConfig as BinaryFactorisationConfig
from palestra.learners.ratings.two_towers import TwoTowers, TwoTowersConfig
from palestra.learners.registry import LearnerType
from palestra.learners.sequences.character_model import CharacterModel, CharacterModelConfig
from palestra.learners.sequences.decision_transformer import DecisionTransformer, DecisionTransformerConfig
from palestra.learners.sequences.translator import Translator, TranslatorConfig
from palestra.learners.structure.association_rules import AssociationRules, AssociationRulesConfig
from palestra.learners.structure.autoencoder import Autoencoder, AutoencoderConfig
from palestra.learners.structure.gaussian_anomaly import GaussianAnomaly, GaussianAnomalyConfig
from palestra.learners.structure.k_means import KMeans, KMeansConfig
from palestra.learners.structure.pca import PCA, PCAConfig
from palestra.learners.tabular.dyna_q import DynaQConfig
from palestra.learners.tabular.expected_sarsa import ExpectedSarsaConfig
from palestra.learners.tabular.monte_carlo import MonteCarloConfig
from palestra.learners.tabular.n_step import NStepConfig as NStepSarsaConfig
from palestra.learners.tabular.prioritised_sweeping import PrioritisedSweepingConfig
from palestra.learners.tabular.rule import TabularConfig as DoubleQLearningConfig
from palestra.learners.tabular.rule import TabularConfig as QLearningConfig
from palestra.learners.tabular.rule import TabularConfig as SarsaConfig
from palestra.learners.tabular.sarsa_lambda import SarsaLambdaConfig
from palestra.learners.tabular.tree_backup import TreeBackupConfig
from palestra.nets.own import Networks
from palestra.ops.shift import diagnose_shift
from palestra.policies.candidates import SamplingConfig as PredictiveSamplingConfig
from palestra.policies.cem import CEMConfig
from palestra.policies.ilqr import ILQRConfig
from palestra.policies.lqr import LQRConfig
from palestra.policies.mppi import MPPIConfig
from palestra.trials.compare import compare
from palestra.trials.folds import k_fold
from palestra.trials.measuring import evaluate
from palestra.trials.recording import record_episodes
from palestra.trials.report.report import report
from palestra.trials.saved import load, make_env
from palestra.trials.sweep.sweep import sweep
from palestra.trials.train import resume, train
from palestra.trials.verify import verify
from palestra.trials.watching import watch

__all__ = [
    "A2C",
    "CEM",
    "DDPG",
    "DQN",
    "ILQR",
    "LQR",
    "MPPI",
    "PCA",
    "PETS",
    "PPO",
    "PQN",
    "SAC",
    "TD3",
    "TD3BC",
    "TRPO",
    "UCB",
    "VPG",
    "A2CConfig",
    "ActionChunks",
    "ActionChunksConfig",
    "AssociationRules",
    "AssociationRulesConfig",
    "Autoencoder",
    "AutoencoderConfig",
    "BayesianFactorisation",
    "BayesianFactorisationConfig",
    "BehaviourCloning",
    "BehaviourCloningConfig",
    "BinaryFactorisation",
    "BinaryFactorisationConfig",
    "CEMConfig",
    "Callback",
    "CharacterModel",
    "CharacterModelConfig",
    "DAgger",
    "DAggerConfig",
    "DDPGConfig",
    "DQNConfig",
    "DecisionTransformer",
    "DecisionTransformerConfig",
    "DecisionTree",
    "DecisionTreeConfig",
    "DiffusionPolicy",
    "DiffusionPolicyConfig",
    "DiscreteSAC",
    "DiscreteSACConfig",
    "DoubleQLearning",
    "DoubleQLearningConfig",
    "DrQ",
    "DrQConfig",
    "DynaQ",
    "DynaQConfig",
    "DynamicsEnsemble",
    "DynamicsEnsembleConfig",
    "EpsilonGreedy",
    "EpsilonGreedyConfig",
    "ExpectedSarsa",
    "ExpectedSarsaConfig",
    "Expert",
    "ExpertConfig",
    "GaussianAnomaly",
    "GaussianAnomalyConfig",
    "GradientBandit",
    "GradientBanditConfig",
    "ILQRConfig",
    "ImageClassifier",
    "ImageClassifierConfig",
    "KMeans",
    "KMeansConfig",
    "LQRConfig",
    "LabelRegression",
    "LabelRegressionConfig",
    "LibraryClassifier",
    "LibraryClassifierConfig",
    "LibraryClusterer",
    "LibraryClustererConfig",
    "LibraryDetector",
    "LibraryDetectorConfig",
    "LibraryRegressor",
    "LibraryRegressorConfig",
    "LibraryTransformer",
    "LibraryTransformerConfig",
    "LinearRegression",
    "LinearRegressionConfig",
    "MPPIConfig",
    "MatrixFactorisation",
    "MatrixFactorisationConfig",
    "ModifiedPolicyIteration",
    "ModifiedPolicyIterationConfig",
    "MonteCarlo",
    "MonteCarloConfig",
    "MultilayerPerceptron",
    "MultilayerPerceptronConfig",
    "NStepSarsa",
    "NStepSarsaConfig",
    "Networks",
    "PCAConfig",
    "PETSConfig",
    "PPOConfig",
    "PQNConfig",
    "PolicyIteration",
    "PolicyIterationConfig",
    "PredictiveSampling",
    "PredictiveSamplingConfig",
    "PrioritisedSweeping",
    "PrioritisedSweepingConfig",
    "QLearning",
    "QLearningConfig",
    "Random",
    "RandomConfig",
    "RecurrentPPO",
    "RecurrentPPOConfig",
    "RegressionTree",
    "RegressionTreeConfig",
    "SACConfig",
    "Sarsa",
    "SarsaConfig",
    "SarsaLambda",
    "SarsaLambdaConfig",
    "SoftmaxRegression",
    "SoftmaxRegressionConfig",
    "TD3BCConfig",
    "TD3Config",
    "TRPOConfig",
    "Thompson",
    "ThompsonConfig",
    "Translator",
    "TranslatorConfig",
    "TreeBackup",
    "TreeBackupConfig",
    "TwoTowers",
    "TwoTowersConfig",
    "UCBConfig",
    "VPGConfig",
    "ValueIteration",
    "ValueIterationConfig",
    "__version__",
    "compare",
    "diagnose_shift",
    "estimator",
    "evaluate",
    "export",
    "import_agent",
    "import_estimator",
    "inverse_kinematics",
    "k_fold",
    "load",
    "load_data",
    "load_episodes",
    "make_env",
    "make_vec",
    "read_robot",
    "record_episodes",
    "report",
    "resume",
    "sweep",
    "train",
    "verify",
    "watch",
]

__version__: str
CEM: LearnerType
ILQR: LearnerType
LQR: LearnerType
MPPI: LearnerType
UCB: LearnerType
DoubleQLearning: LearnerType
DynaQ: LearnerType
EpsilonGreedy: LearnerType
ExpectedSarsa: LearnerType
Expert: LearnerType
GradientBandit: LearnerType
MonteCarlo: LearnerType
NStepSarsa: LearnerType
PredictiveSampling: LearnerType
PrioritisedSweeping: LearnerType
QLearning: LearnerType
Random: LearnerType
Sarsa: LearnerType
SarsaLambda: LearnerType
Thompson: LearnerType
TreeBackup: LearnerType
