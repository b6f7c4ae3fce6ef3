r"""Deep Q-learning (Mnih et al. 2015, https://doi.org/10.1038/nature14236), with Double and n-step targets as flags.

Act epsilon-greedily, remember transitions, and regress Q towards targets of a slower copy of the network:

    y = sum_{k<m} gamma^k r_k + gamma^m max_a Q_target(s_m, a)                      (eq. 2, with m = 1)
    y = sum_{k<m} gamma^k r_k + gamma^m Q_target(s_m, argmax_a Q(s_m, a))           (Double; van Hasselt et al. 2016)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import collect
from palestra.engine import seeding
from palestra.engine.agent import Agent, restart_notes
from palestra.engine.config import AlgorithmConfig
from palestra.engine.learner import Metrics
from palestra.envs.spaces import flat_dim
from palestra.errors import UsageError, require
from palestra.nets.features import flat_features
from palestra.nets.mlp import MLP, Activation
from palestra.nets.optimiser import ClippedAdam, flatten_parameters
from palestra.ops.losses import td_loss, td_loss_gradient
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class DQNConfig(AlgorithmConfig):
    """Settings of DQN."""

    default_num_envs: ClassVar[int] = 1

    buffer_size: int = 100_000
    """Transitions that replay remembers."""
    learning_starts: int = 1_000
    """Environment steps of random actions before the first gradient step."""
    batch_size: int = 64
    """Transitions of one gradient step."""
    train_frequency: int = 4
    """Environment steps, over all copies, between rounds of gradient steps."""
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
    loss: Literal["huber", "squared"] = "huber"
    """Error that the regression minimises."""
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
    """Hidden layers of the Q network."""
    activation: Activation = "relu"
    """tanh or relu."""

    def __post_init__(self) -> None:
        for name in ("buffer_size", "batch_size", "train_frequency", "gradient_steps", "n_step"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        require(self.target_update_interval >= 1, f"target_update_interval={self.target_update_interval}", "at least 1")
        require(self.learning_starts >= 0, f"learning_starts={self.learning_starts}", "0 or more")
        require(self.learning_rate > 0, f"learning_rate={self.learning_rate}", "a positive number")
        require(0 < self.tau <= 1, f"tau={self.tau}", "0 < tau <= 1")
        for name in ("gamma", "epsilon_start", "epsilon_end", "exploration_fraction"):
            require(0 <= getattr(self, name) <= 1, f"{name}={getattr(self, name)}", f"0 <= {name} <= 1")
        require(self.max_grad_norm > 0, f"max_grad_norm={self.max_grad_norm}", "a positive number")
        require(all(n > 0 for n in self.hidden_sizes), f"hidden_sizes={self.hidden_sizes}", "positive sizes")


class DQN(Agent):
    """DQN for Discrete actions."""

    name = "dqn"
    config_type = DQNConfig
    config: DQNConfig

    def __init__(self, env: Any, config: DQNConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c, num_envs = self.config, self.env.num_envs
        space = self.env.action_space
        if not isinstance(space, spaces.Discrete):
            raise UsageError(f"dqn cannot act in {space}; expected a Discrete action space (ppo serves Box)")
        self.num_actions = int(space.n)
        init = seeding.generator(seed, "weights")
        sizes = [flat_dim(self.env.observation_space), *c.hidden_sizes, self.num_actions]
        self.q = MLP(sizes, c.activation, init).to(self.device)
        self.target = MLP(sizes, c.activation, init).to(self.device).requires_grad_(False)
        self._modules = nn.ModuleDict({"q": self.q, "target": self.target})
        self.optimizer = ClippedAdam([self.q], c.learning_rate, 1e-8, c.max_grad_norm)
        self.target_flat = flatten_parameters([self.target])
        self.target_flat.copy_(self.optimizer.flat)
        self.exploring = seeding.generator(seed, "actions", device=self.device)
        self.sampling = seeding.generator(seed, "replay", device=self.device)
        self.replay = ReplayBuffer(c.buffer_size, num_envs, self.env.observation_space, (), torch.int64, self.device)

    @property
    def modules(self) -> nn.Module:
        """All networks."""
        return self._modules

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,), or epsilon-greedy ones at the current epsilon."""
        greedy_B = self.q(flat_features(obs_BF)).argmax(1)
        return greedy_B if deterministic else self._explore(greedy_B, self.epsilon(self.clock))

    def epsilon(self, clock: int) -> float:
        """The share of random actions at a clock."""
        c = self.config
        if clock < c.learning_starts:
            return 1.0
        progress = clock / (c.exploration_fraction * self.budget) if c.exploration_fraction and self.budget else 1.0
        return linear(c.epsilon_start, c.epsilon_end, progress)

    def _explore(self, greedy_B: Tensor, epsilon: float) -> Tensor:
        """Replace each action by a random one with probability epsilon."""
        random_B = torch.rand(greedy_B.shape, generator=self.exploring, device=self.device)
        explores_B = random_B < epsilon
        if self.device.type == "cpu" and not explores_B.any():
            return greedy_B
        # One uniform number does both: below epsilon, its position there picks the action.
        choice_B = (random_B * (self.num_actions / max(epsilon, 1e-12))).long().clamp(max=self.num_actions - 1)
        return torch.where(explores_B, choice_B, greedy_B)

    def step(self) -> Metrics:
        """One round: act for ``train_frequency`` steps, then take ``gradient_steps`` gradient steps."""
        c = self.config
        num_steps = max(1, c.train_frequency // self.env.num_envs)
        before = clock = self.clock

        def behave(obs_EF: Tensor) -> Tensor:
            nonlocal clock
            epsilon = self.epsilon(clock)
            clock += self.env.num_envs
            return self._explore(self.q(flat_features(obs_EF)).argmax(1), epsilon)

        rollout, self.obs = collect(self.env, behave, self.obs, num_steps)
        self.clock = clock
        self.replay.add(rollout)
        self.episodes.add(rollout.reward, rollout.done)
        metrics = {**self.episodes.metrics(), "train/epsilon": self.epsilon(clock)}
        if c.tau == 1.0 and clock // c.target_update_interval > before // c.target_update_interval:
            self.target_flat.copy_(self.optimizer.flat)
        if clock > c.learning_starts:
            metrics |= self.update()
        return metrics

    @torch.no_grad()
    def update(self) -> Metrics:
        """A round of gradient steps on freshly drawn transitions."""
        c = self.config
        drawn = self.replay.sample(c.gradient_steps * c.batch_size, self.sampling, n_step=c.n_step, gamma=c.gamma)
        drawn = drawn._replace(obs_BF=flat_features(drawn.obs_BF), next_obs_BF=flat_features(drawn.next_obs_BF))
        batches = [Transitions._make(parts) for parts in zip(*(x.split(c.batch_size) for x in drawn))]
        values, targets = [], []
        for batch, target_B in zip(batches, self._targets_of_round(drawn, batches)):
            values.append(self.gradient_step(batch, target_B))
            targets.append(target_B)
            if c.tau < 1.0:
                self.target_flat.lerp_(self.optimizer.flat, c.tau)
        q_B, target_B = torch.cat(values), torch.cat(targets)
        return {"train/loss": float(td_loss(q_B, target_B, c.loss)), "train/q_mean": float(q_B.mean())}

    def _targets_of_round(self, drawn: Transitions, batches: list[Transitions]) -> Iterator[Tensor]:
        """The targets (B,) of each batch when its turn comes; all at once where nothing in them moves meanwhile."""
        if self.config.tau < 1.0:
            for batch in batches:
                yield self.targets(batch, self.target(batch.next_obs_BF))
            return
        next_q_BA = self.target(drawn.next_obs_BF)
        if self.config.double:
            for batch, q_BA in zip(batches, next_q_BA.split(self.config.batch_size)):
                yield self.targets(batch, q_BA)
        else:
            yield from self.targets(drawn, next_q_BA).split(self.config.batch_size)

    def targets(self, b: Transitions, next_q_BA: Tensor) -> Tensor:
        """Y (B,) for transitions, given the target network's values (B, A) of their successors."""
        if self.config.double:  # van Hasselt et al. 2016, eq. 4
            choice_B = self.q(b.next_obs_BF).argmax(1)
            next_value_B = next_q_BA.gather(1, choice_B[:, None]).squeeze(1)
        else:
            next_value_B = next_q_BA.amax(1)
        return torch.addcmul(b.return_B, b.discount_B, next_value_B)

    def gradient_step(self, b: Transitions, target_B: Tensor) -> Tensor:
        """One step of Adam that moves Q(s, a) of a batch towards its targets (B,); returns the values from before."""
        recorded, action_B1 = self.q.record(b.obs_BF), b.action_B[:, None]
        with torch.no_grad():
            q_B = recorded.out.gather(1, action_B1).squeeze(1)
            # The loss depends on the chosen actions' values alone, so its derivative is zero everywhere else.
            to_q_B = td_loss_gradient(q_B, target_B, self.config.loss)
            self.q.backward(recorded, torch.zeros_like(recorded.out).scatter_(1, action_B1, to_q_B[:, None]))
            self.optimizer.step()
        return q_B

    def state_dict(self) -> dict[str, Any]:
        """Networks, optimiser, replay, generators, environments and the unfinished episodes."""
        return {
            **self.world_state(),
            "modules": dict(self._modules.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "replay": self.replay.state_dict(),
            "exploring": self.exploring.get_state(),
            "sampling": self.sampling.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self._modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.replay.load_state_dict(state["replay"])
        self.exploring.set_state(state["exploring"])
        self.sampling.set_state(state["sampling"])
        self.replay.cut(restarted_E)
        return restart_notes(restarted_E)
