r"""Parallelised Q-network (Gallici et al. 2024, https://arxiv.org/abs/2407.04811): Q-learning with neither replay nor a
target network.

Act epsilon-greedily for T steps in E environments, look back from the end of that, and regress Q towards

    G_t = r_t + gamma ((1 - lambda) max_a Q(s_{t+1}, a) + lambda G_{t+1})                             (section 4)
    L(theta) = E[(Q(s, a) - G)^2]

for a few epochs of minibatches, then forget what happened. Many environments make samples as different as replay does;
layer normalisation bounds the values of what was not seen, which is what a slow target network is otherwise for.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from palestra.data.rollout import Rollout
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.interaction import Interaction
from palestra.engine.learner import Learner
from palestra.engine.ranks import Ranks
from palestra.engine.settings import AlgorithmConfig
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.off_policy.actions import DiscreteActions
from palestra.learners.off_policy.epsilon_greedy import EpsilonGreedyPolicy, LayerNoise
from palestra.measure import Metrics
from palestra.nets.adam import ClippedAdam
from palestra.nets.encoders import ARCHITECTURES, EncoderName
from palestra.nets.normed_mlp import NormedMLP
from palestra.nets.own import OURS, Networks, own_encoder, own_network
from palestra.nets.precision import Precision
from palestra.nets.radam import ClippedRAdam
from palestra.nets.recorded import Recorded, updating
from palestra.ops.masks import masked_values
from palestra.ops.q_heads import make_q_head
from palestra.ops.returns import lambda_return
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class PQNConfig(AlgorithmConfig):
    """Settings of PQN."""

    default_num_envs: ClassVar[int] = 32

    num_steps: int = 32
    """T, steps of each environment in a rollout."""
    minibatch_size: int = 128
    """Samples of one gradient step."""
    num_epochs: int = 2
    """Passes over each rollout."""
    optimizer: Literal["radam", "adam"] = "radam"
    """radam (as in the paper) or adam."""
    learning_rate: float = 5e-4
    """Of the optimizer."""
    learning_rate_schedule: Literal["constant", "linear"] = "constant"
    """constant, or linear to zero at the end of the budget."""
    gamma: float = 0.99
    """Discount."""
    trace_decay: float = 0.65
    """lambda: 0 trusts the value of the next state alone, 1 the rewards of the whole rollout."""
    reward_scale: float = 1.0
    """Rewards are multiplied by it before anything is learned from them."""
    epsilon_start: float = 1.0
    """Share of random actions at the start."""
    epsilon_end: float = 0.05
    """Share of random actions once exploration has ended."""
    exploration_fraction: float = 0.2
    """Share of the budget over which epsilon falls linearly."""
    max_grad_norm: float = 10.0
    """Gradients are scaled down to this norm."""
    hidden_sizes: tuple[int, ...] = (128, 128)
    """Hidden layers of the Q network, each with layer normalisation and ReLU."""
    encoder: EncoderName = "nature"
    """Of images, with layer normalisation: fast, nature (Mnih et al. 2015), mnih-2013 (the one of 2013; mnih-2013-42
    for pictures so small), notes (four layers of 3 x 3), or flat for none: pixels one by one. Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""

    def __post_init__(self) -> None:
        for name in ("num_steps", "minibatch_size", "num_epochs"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        for name in ("learning_rate", "reward_scale", "max_grad_norm"):
            require(getattr(self, name) > 0, f"{name}={getattr(self, name)}", "a positive number")
        for name in ("gamma", "trace_decay", "epsilon_start", "epsilon_end", "exploration_fraction"):
            require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}", f"0 <= {name} <= 1")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")

    def schedules(self) -> tuple[str, ...]:
        """Of the learning rate, and of epsilon unless it does not fall."""
        falls = self.exploration_fraction > 0 and self.epsilon_start != self.epsilon_end
        return (*super().schedules(), *("exploration_fraction",) * falls)


class PQN(Agent, Learner):
    """PQN for Discrete actions."""

    name = "pqn"
    config_type = PQNConfig
    config: PQNConfig
    policy: EpsilonGreedyPolicy
    saves = ("interaction", "modules", "optimizer", "policy", "shuffling")
    derives = ("head", "encoder", "q", "noise")
    apart = ("interaction", "policy.generator", "shuffling")

    def __init__(
        self, source: Given, config: PQNConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own, own_seed = self.config, networks.names(), seeding.derive(seed, "own networks")
        networks.only("encoder", "q")
        self.interaction = Interaction(self.world, seed=seed, device=self.device)
        self.env = self.interaction.env
        actions = DiscreteActions(self.env.action_space, self.name, instead="ppo", device=self.device)
        self.head = make_q_head("none", 1, (), "squared", self.device)
        init, space = seeding.generator(seed, "weights"), self.env.observation_space
        layers = c.encoder if c.encoder == "flat" else ARCHITECTURES[c.encoder]._replace(normed=True)
        self.encoder = own_encoder(networks.encoder, own_seed, space, init, layers, c.encoder_precision)
        sizes = [self.encoder.num_features, *c.hidden_sizes, actions.size]
        self.q: Recorded = NormedMLP(sizes, init)
        if networks.q is not None:
            self.q = own_network("q", networks.q, own_seed + 1, sizes[0], sizes[-1])
        self.modules = nn.ModuleDict({"q": self.q, "encoder": self.encoder}).to(self.device)
        kind = {"radam": ClippedRAdam, "adam": ClippedAdam}[c.optimizer]
        self.optimizer = kind([self.q, self.encoder], c.learning_rate, 1e-8, c.max_grad_norm)
        self.noise = LayerNoise(self.q, False, seeding.generator(seed, "noise", device=self.device))
        self.policy = EpsilonGreedyPolicy(
            self.q, self.head, actions.size, self.encoder.see, self.noise, lambda: self.epsilon(self.clock),
            seeding.generator(seed, "actions", device=self.device), self.env.mask,
        )  # fmt: skip
        self.shuffling = seeding.generator(seed, "minibatches", device=self.device)

    def join(self, ranks: Ranks) -> None:
        """Play a share of the copies, by luck of its own; gradients are of the samples of all."""
        size, given = self.config.minibatch_size, f"minibatch_size={self.config.minibatch_size}"
        require(size % ranks.size == 0, f"{given} over {ranks.size} processes", f"a multiple of {ranks.size}")
        self.ranks = self.optimizer.together = ranks
        if ranks.rank > 0:
            own = seeding.derive(self.seed, "rank", ranks.rank)
            self.interaction.begin(own)
            for purpose, generator in {"actions": self.policy.generator, "minibatches": self.shuffling}.items():
                generator.manual_seed(seeding.derive(own, purpose))

    def epsilon(self, clock: int) -> float:
        """The share of random actions at a clock."""
        c = self.config
        progress = clock / (c.exploration_fraction * self.budget) if c.exploration_fraction and self.budget else 1.0
        return linear(c.epsilon_start, c.epsilon_end, progress)

    def step(self) -> Metrics:
        """One iteration: a rollout, then epochs of minibatches over it."""
        rollout = self.interaction.collect(self.explore, self.config.num_steps)
        metrics = self.update(rollout)
        return {**self.interaction.episodes.metrics(), "train/epsilon": self.epsilon(self.clock), **metrics}

    def explore(self, obs_E: Tensor) -> Tensor:
        """Actions (E,) at the current clock, which moves on: epsilon goes by it."""
        action_E = self.policy.act(obs_E, deterministic=False)
        self.clock += len(action_E) * self.ranks.size
        return action_E

    def best_values(self, obs: Tensor) -> Tensor:
        """(B,) the value of the best action for observations (B, *obs_shape)."""
        q_BA = self.q(self.encoder.see(obs))
        return (q_BA if self.env.mask is None else masked_values(q_BA, self.env.mask.of(obs))).amax(1)

    @torch.no_grad()
    def targets(self, rollout: Rollout) -> Tensor:
        """(T, E) what Q(s, a) of a rollout is to become."""
        c = self.config
        value_TE = self.best_values(rollout.obs.flatten(0, 1)).view(rollout.reward.shape)
        next_value_TE = torch.cat((value_TE[1:], torch.zeros_like(value_TE[:1])))
        # The successor is the next row's state, but for the last row and where an episode was cut.
        elsewhere_TE = rollout.truncated.clone()
        elsewhere_TE[-1] = True
        next_value_TE[elsewhere_TE] = self.best_values(rollout.next_obs[elsewhere_TE])
        return lambda_return(  # Q(lambda), section 4
            c.reward_scale * rollout.reward, next_value_TE, rollout.terminated, rollout.done,
            gamma=c.gamma, trace=c.trace_decay,
        )  # fmt: skip

    def update(self, rollout: Rollout) -> Metrics:
        """Epochs of minibatches over a rollout, whose targets stay what they were before the first of them."""
        c = self.config
        if c.learning_rate_schedule == "linear":
            self.optimizer.learning_rate = linear(c.learning_rate, 0.0, self.budget_used)
        target_B = self.targets(rollout).flatten()
        obs_BF, action_B = self.encoder.to_batch(rollout.obs.flatten(0, 1)), rollout.action.flatten()
        losses, values, size = [], [], c.minibatch_size // self.ranks.size
        with updating(self.q, self.encoder):
            for _ in range(c.num_epochs):
                order_B = torch.randperm(len(target_B), generator=self.shuffling, device=self.device)
                for chosen_b in order_B.split(size):
                    out_BK = self.q.record(self.encoder.encode_to_learn(obs_BF[chosen_b]))
                    value_B = self.head.of(out_BK, action_B[chosen_b])
                    loss = self.head.loss(value_B, target_B[chosen_b])  # section 4: L(theta)
                    self.optimizer.descend(loss)
                    losses.append(loss.value)
                    values.append(value_B.detach().mean())
        return {"train/loss": float(torch.stack(losses).mean()), "train/q_mean": float(torch.stack(values).mean())}
