r"""Deep Q-learning (Mnih et al. 2015, https://doi.org/10.1038/nature14236) and what became of it, each part a flag.

Act epsilon-greedily, remember transitions, and regress Q towards targets of a slower copy of the network:

    y = sum_{k<m} gamma^k r_k + gamma^m max_a Q_target(s_m, a)                      (eq. 2, with m = 1)
    y = sum_{k<m} gamma^k r_k + gamma^m Q_target(s_m, argmax_a Q(s_m, a))           (double; van Hasselt et al. 2016)
    Q(s, a) = V(s) + A(s, a) - mean_a A(s, a)                                       (dueling; Wang et al. 2016, eq. 9)
    P(i) ~ |delta_i|^alpha, each weighted by (N P(i))^-beta                         (prioritised; Schaul et al. 2016)
    w = mu + sigma * eps in place of epsilon                                        (noisy; Fortunato et al. 2018)
    Z(s, a) in place of Q(s, a) = E[Z(s, a)]    (c51; Bellemare et al. 2017, or quantile; Dabney et al. 2018)

All together, with c51 and n_step above 1, are Rainbow (Hessel et al. 2018, https://arxiv.org/abs/1710.02298).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from palestra.data.prioritised import PrioritisedReplay
from palestra.data.replay import ReplayBuffer, Transitions
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.engine.settings import AlgorithmConfig, Part
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.off_policy.actions import DiscreteActions
from palestra.learners.off_policy.epsilon_greedy import EpsilonGreedyPolicy, LayerNoise
from palestra.learners.off_policy.replaying import remembered
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam, flatten_parameters
from palestra.nets.encoders import EncoderName
from palestra.nets.mlp import Activation
from palestra.nets.own import OURS, Networks, own_encoder, own_network
from palestra.nets.precision import Precision
from palestra.nets.q_network import make_q_network
from palestra.nets.recorded import Recorded, updating
from palestra.nets.targets import slow_copy
from palestra.ops.dueling import Dueling
from palestra.ops.masks import masked_values
from palestra.ops.q_heads import Distributional, make_q_head
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class DQNConfig(AlgorithmConfig):
    """Settings of DQN."""

    default_num_envs: ClassVar[int] = 4  # one step of each is a round, and what they see is less alike
    parts: ClassVar[dict[str, Part]] = {
        "double": Part("double", False, True),
        "dueling": Part("dueling", "none", "mean"),
        "n-step": Part("n_step", 1, 3),
        "prioritised": Part("prioritised", False, True),
        "noisy": Part("noisy", False, True),
        "distributional": Part("distributional", "none", "c51"),
    }

    buffer_size: int = 100_000
    """Transitions that replay remembers."""
    learning_starts: int = 1_000
    """Environment steps of random actions before the first gradient step."""
    batch_size: int = 64
    """Transitions of one gradient step."""
    train_frequency: int = 4
    """Environment steps, over all copies, between rounds of gradient steps; at least one of each copy."""
    gradient_steps: int = 1
    """Gradient steps of a round."""
    learning_rate: float = 5e-4
    """Of Adam."""
    gamma: float = 0.99
    """Discount."""
    n_step: int = 1
    """Rewards summed before the bootstrap."""
    double: bool = False
    """Choose the bootstrap action by the online network, value it by the target network."""
    dueling: Dueling = "none"
    """Estimate the state's value and the actions' advantages apart, these less their mean or their max."""
    prioritised: bool = False
    """Draw transitions by their last error, and weight them by how often they are drawn."""
    priority_exponent: float = 0.6
    """alpha of prioritised replay: 0 draws uniformly, 1 in proportion to the error."""
    priority_correction: float = 0.4
    """beta of prioritised replay at the start; it rises linearly to 1, the full correction, over the budget."""
    noisy: bool = False
    """Explore by noise on the weights of the last layers, whose size is learned, in place of epsilon."""
    noisy_sigma: float = 0.5
    """Initial noise of a weight, times the root of its layer's inputs."""
    distributional: Distributional = "none"
    """Learn the distribution of the return: c51 by its probabilities of fixed values, quantile by its quantiles."""
    num_atoms: int = 51
    """Values of c51, or quantiles."""
    value_range: tuple[float, ...] = (-10.0, 10.0)
    """Lowest and highest return that c51 can tell."""
    loss: Literal["huber", "squared"] = "huber"
    """Error that the regression minimises; c51 has the cross-entropy, quantile its own Huber loss instead."""
    target_update_interval: int = 500
    """Environment steps between hard copies into the target network (with tau = 1)."""
    tau: float = 1.0
    """Below 1, move the target network by this share after every gradient step instead of copying it."""
    epsilon_start: float = 1.0
    """Share of random actions at the start."""
    epsilon_end: float = 0.05
    """Share of random actions once exploration has ended."""
    exploration_fraction: float = 0.2
    """Share of the budget over which epsilon falls linearly."""
    max_grad_norm: float = 10.0
    """Gradients are scaled down to this norm."""
    hidden_sizes: tuple[int, ...] = (128, 128)
    """Hidden layers of the Q network; each stream of a dueling or noisy one has the last of them to itself."""
    activation: Activation = "relu"
    """tanh or relu."""
    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015), mnih-2013 (the one of 2013; mnih-2013-42 for pictures so small),
    notes (four layers of 3 x 3), or flat for none: pixels one by one. Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""

    def __post_init__(self) -> None:
        for name in ("buffer_size", "batch_size", "train_frequency", "gradient_steps", "n_step"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.num_atoms >= 2, f"num_atoms={self.num_atoms}", "at least 2")
        rising = len(self.value_range) == 2 and self.value_range[0] < self.value_range[1]
        require(rising, f"value_range={self.value_range}", "two numbers, the lower first, such as -10,10")
        require(self.noisy_sigma >= 0, f"noisy_sigma={self.noisy_sigma}", "0 or more")
        require(self.target_update_interval >= 1, f"target_update_interval={self.target_update_interval}", "at least 1")
        require(self.learning_starts >= 0, f"learning_starts={self.learning_starts}", "0 or more")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(0 < self.tau <= 1, f"tau={self.tau}", "0 < tau <= 1")
        shares = ("gamma", "epsilon_start", "epsilon_end", "exploration_fraction")
        for name in (*shares, "priority_exponent", "priority_correction"):
            require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}", f"0 <= {name} <= 1")
        require(self.max_grad_norm > 0, f"max_grad_norm={self.max_grad_norm}", "a positive number")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")

    def schedules(self) -> tuple[str, ...]:
        """Of epsilon, unless the weights explore or it does not fall, and of the correction of priorities."""
        falls = not self.noisy and self.exploration_fraction > 0 and self.epsilon_start != self.epsilon_end
        rises = self.prioritised and self.priority_correction < 1
        return ("exploration_fraction",) * falls + ("priority_correction",) * rises


class DQN(Agent, Learner):
    """DQN for Discrete actions."""

    name = "dqn"
    config_type = DQNConfig
    config: DQNConfig
    policy: EpsilonGreedyPolicy
    saves = ("interaction", "modules", "optimizer", "policy", "noise", "replay", "replay_generator")
    derives = ("head", "encoder", "q", "target", "target_encoder", "slow")

    def __init__(
        self, source: Given, config: DQNConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own, own_seed = self.config, networks.names(), seeding.derive(seed, "own networks")
        networks.only("encoder", "q")
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        actions = DiscreteActions(self.env.action_space, self.name, instead="ppo", device=self.device)
        self.head = make_q_head(c.distributional, c.num_atoms, c.value_range, c.loss, self.device)
        init, sigma = seeding.generator(seed, "weights"), c.noisy_sigma if c.noisy else None
        space, given = self.env.observation_space, networks.encoder
        self.encoder = own_encoder(given, own_seed, space, init, c.encoder, c.encoder_precision)
        sizes = [self.encoder.num_features, *c.hidden_sizes]
        if networks.q is None:
            self.q: Recorded = make_q_network(
                sizes, actions.size, self.head.num_atoms, c.activation, init, c.dueling, sigma
            )
        else:
            parts = f"dueling={c.dueling}, noisy={c.noisy} with a q of your own"
            require(c.dueling == "none" and not c.noisy, parts, "neither: they are parts of ours")
            self.q = own_network("q", networks.q, own_seed + 1, sizes[0], actions.size * self.head.num_atoms)
        self.target, self.target_encoder = slow_copy(self.q), slow_copy(self.encoder)
        self.modules = nn.ModuleDict({
            "q": self.q, "target": self.target, "encoder": self.encoder, "target_encoder": self.target_encoder,
        }).to(self.device)  # fmt: skip
        self.optimizer = ClippedAdam([self.q, self.encoder], c.learning_rate, 1e-8, c.max_grad_norm)
        self.slow = flatten_parameters([self.target, self.target_encoder])
        self.noise = LayerNoise(self.q, c.noisy, seeding.generator(seed, "noise", device=self.device))
        self.policy = EpsilonGreedyPolicy(
            self.q, self.head, actions.size, self.encoder.see, self.noise, lambda: self.epsilon(self.clock),
            seeding.generator(seed, "actions", device=self.device), self.env.mask,
        )  # fmt: skip
        ring = (c.buffer_size, self.env.num_envs, self.env.observation_space, (), torch.int64, self.device)
        self.replay: ReplayBuffer | PrioritisedReplay = (
            PrioritisedReplay(*ring, c.priority_exponent) if c.prioritised else ReplayBuffer(*ring)
        )
        self.replay_generator = seeding.generator(seed, "replay", device=self.device)

    def epsilon(self, clock: int) -> float:
        """The share of random actions at a clock; none with noisy networks once learning has begun."""
        c = self.config
        if clock < c.learning_starts or c.noisy:
            return float(clock < c.learning_starts)
        progress = clock / (c.exploration_fraction * self.budget) if c.exploration_fraction and self.budget else 1.0
        return linear(c.epsilon_start, c.epsilon_end, progress)

    def step(self) -> Metrics:
        """One round: act for ``train_frequency`` steps, then take ``gradient_steps`` gradient steps."""
        c, before = self.config, self.clock
        remembered(self.replay, self.interaction, self.explore, c.train_frequency)
        metrics = {**self.interaction.episodes.metrics(), "train/epsilon": self.epsilon(self.clock)}
        if c.tau == 1.0 and self.clock // c.target_update_interval > before // c.target_update_interval:
            self.slow.copy_(self.optimizer.flat)
        if self.clock > c.learning_starts:
            metrics |= self.update()
        return metrics

    def explore(self, obs_E: Tensor) -> Tensor:
        """Actions (E,) at the current clock, which moves on: epsilon goes by it."""
        action_E = self.policy.act(obs_E, deterministic=False)
        self.clock += len(action_E)
        return action_E

    def update(self) -> Metrics:
        """A round of gradient steps on freshly drawn transitions."""
        replay = self.replay
        with updating(self.q, self.encoder):
            steps = self.prioritised_steps(replay) if isinstance(replay, PrioritisedReplay) else self.steps(replay)
            chosen_BZ, target_BZ = (torch.cat(parts) for parts in zip(*steps))
            q_mean = float(self.head.values(chosen_BZ).mean())
            return {"train/loss": float(self.head.loss(chosen_BZ, target_BZ).value), "train/q_mean": q_mean}

    def steps(self, replay: ReplayBuffer) -> list[tuple[Tensor, Tensor]]:
        """A round on uniform draws: of each gradient step what Q was, and its targets."""
        c = self.config
        num = c.gradient_steps * c.batch_size
        drawn = replay.sample(num, self.replay_generator, n_step=c.n_step, gamma=c.gamma)
        of_round = drawn.seen_by(self.encoder.to_batch)
        batches = zip(
            of_round.obs_BF.split(c.batch_size), of_round.action_B.split(c.batch_size), self.targets_in_turn(of_round)
        )
        return [(self.gradient_step(*batch), batch[-1]) for batch in batches]

    def targets_in_turn(self, of_round: Transitions) -> Iterable[Tensor]:
        """Targets of each batch when its turn comes; what nothing moves meanwhile is found for all of them at once."""
        c = self.config
        if c.tau < 1.0 or c.noisy:
            return (self.targets(b, self.target_out(b)) for b in of_round.split(c.batch_size))
        next_out_BK = self.target_out(of_round)
        if c.double:
            batches = zip(of_round.split(c.batch_size), next_out_BK.split(c.batch_size))
            return (self.targets(b, out_BK) for b, out_BK in batches)
        target_BZ: Sequence[Tensor] = self.targets(of_round, next_out_BK).split(c.batch_size)
        return target_BZ

    def prioritised_steps(self, replay: PrioritisedReplay) -> list[tuple[Tensor, Tensor]]:
        """A round in which each draw depends on the errors of those before it."""
        c, steps = self.config, []
        beta = linear(c.priority_correction, 1.0, self.budget_used)
        for _ in range(c.gradient_steps):
            drawn = replay.sample(c.batch_size, self.replay_generator, n_step=c.n_step, gamma=c.gamma, beta=beta)
            b = drawn.transitions.seen_by(self.encoder.to_batch)
            target_BZ = self.targets(b, self.target_out(b))
            chosen_BZ = self.gradient_step(b.obs_BF, b.action_B, target_BZ, drawn.weight_B)
            replay.update(drawn.index_B, self.head.surprise(chosen_BZ, target_BZ))
            steps.append((chosen_BZ, target_BZ))
        return steps

    def target_out(self, b: Transitions) -> Tensor:
        """The target network's outputs (B, A * Z) for the successors, with noise if there is any."""
        out_BK: Tensor = self.target(self.target_encoder.encode(b.next_obs_BF), *self.noise.draw(1))
        return out_BK

    def targets(self, b: Transitions, next_out_BK: Tensor) -> Tensor:
        """Y (B,), or (B, Z) of a distribution, given the target network's outputs for the successors."""
        if self.config.double:  # van Hasselt et al. 2016, eq. 4
            next_q_BA = self.head.values(self.q(self.encoder.encode(b.next_obs_BF), *self.noise.draw(1)))
        else:
            next_q_BA = self.head.values(next_out_BK)
        if self.env.mask is not None:
            next_q_BA = masked_values(next_q_BA, self.env.mask.of(b.next_obs_BF))
        choice_B = next_q_BA.argmax(1)
        return self.head.backup(b.return_B, b.discount_B, self.head.of(next_out_BK, choice_B))

    def gradient_step(
        self, obs_BF: Tensor, action_B: Tensor, target_BZ: Tensor, weight_B: Tensor | None = None
    ) -> Tensor:
        """One step of Adam that moves the actions of a batch towards their targets, each sample counting its weight.

        Returns the network's outputs for those actions from before: values (B,), or (B, Z) of a distribution.
        """
        out_BK = self.q.record(self.encoder.encode_to_learn(obs_BF), *self.noise.draw(1))
        chosen_BZ = self.head.of(out_BK, action_B)
        self.optimizer.descend(self.head.loss(chosen_BZ, target_BZ, weight_B))
        if self.config.tau < 1.0:
            self.slow.lerp_(self.optimizer.flat, self.config.tau)
        return chosen_BZ.detach()

    def resumed(self) -> None:
        """What belonged to episodes that are gone ends there."""
        self.replay.cut(self.interaction.restarted_E)
