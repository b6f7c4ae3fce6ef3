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

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from gymnasium import spaces
from torch import Tensor, nn

from palestra.data.prioritised import PrioritisedReplay, PrioritisedSample
from palestra.data.replay import ReplayBuffer, Transitions
from palestra.data.rollout import collect
from palestra.engine import seeding
from palestra.engine.agent import Agent, restart_notes
from palestra.engine.learner import Metrics
from palestra.engine.settings import AlgorithmConfig, Part
from palestra.envs.spaces import flat_dim
from palestra.errors import UsageError, require
from palestra.nets.mlp import MLP, Activation
from palestra.nets.optimizer import ClippedAdam, flatten_parameters
from palestra.nets.q_network import make_q_network
from palestra.ops.dueling import Dueling
from palestra.ops.features import flat_features
from palestra.ops.q_heads import Distributional, make_q_head
from palestra.ops.schedules import linear


@dataclass(frozen=True)
class DQNConfig(AlgorithmConfig):
    """Settings of DQN."""

    default_num_envs: ClassVar[int] = 1
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
        self.head = make_q_head(c.distributional, c.num_atoms, c.value_range, c.loss, self.device)
        init = seeding.generator(seed, "weights")
        sizes = [flat_dim(self.env.observation_space), *c.hidden_sizes]
        sigma = c.noisy_sigma if c.noisy else None
        self.q, self.target = (
            make_q_network(sizes, self.num_actions, self.head.num_atoms, c.activation, init, c.dueling, sigma).to(
                self.device
            )
            for _ in range(2)
        )
        self.target.requires_grad_(False)
        self._modules = nn.ModuleDict({"q": self.q, "target": self.target})
        self.optimizer = ClippedAdam([self.q], c.learning_rate, 1e-8, c.max_grad_norm)
        self.target_flat = flatten_parameters([self.target])
        self.target_flat.copy_(self.optimizer.flat)
        purposes = ("actions", "replay", "noise")
        self.generators = {name: seeding.generator(seed, name, device=self.device) for name in purposes}
        kept = (c.buffer_size, num_envs, self.env.observation_space, (), torch.int64, self.device)
        self.replay: ReplayBuffer | PrioritisedReplay = (
            PrioritisedReplay(*kept, c.priority_exponent) if c.prioritised else ReplayBuffer(*kept)
        )

    @property
    def modules(self) -> nn.Module:
        """All networks."""
        return self._modules

    def act(self, obs_BF: Tensor, *, deterministic: bool = True) -> Tensor:
        """Greedy actions (B,) without any noise, or exploring ones as at the current clock."""
        x_BF = flat_features(obs_BF)
        if not deterministic:
            return self._behave(x_BF, self.epsilon(self.clock))
        return self.head.values(self.q(x_BF)).argmax(1)

    def _behave(self, x_BF: Tensor, epsilon: float) -> Tensor:
        """Exploring actions (B,): each sample has noise of its own, if there is noise."""
        greedy_B = self.head.values(self.q(x_BF, *self._noise(len(x_BF)))).argmax(1)
        return self._explore(greedy_B, epsilon)

    def _noise(self, rows: int) -> tuple[Tensor, ...]:
        """What the Q network takes beside observations: fresh noise (rows, ...) for a noisy one, else nothing."""
        if isinstance(self.q, MLP) or not self.config.noisy:
            return ()
        return (self.q.draw_noise(rows, self.generators["noise"]),)

    def epsilon(self, clock: int) -> float:
        """The share of random actions at a clock; none with noisy networks once learning has begun."""
        c = self.config
        if clock < c.learning_starts or c.noisy:
            return float(clock < c.learning_starts)
        progress = clock / (c.exploration_fraction * self.budget) if c.exploration_fraction and self.budget else 1.0
        return linear(c.epsilon_start, c.epsilon_end, progress)

    def _explore(self, greedy_B: Tensor, epsilon: float) -> Tensor:
        """Replace each action by a random one with probability epsilon."""
        random_B = torch.rand(greedy_B.shape, generator=self.generators["actions"], device=self.device)
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
            return self._behave(flat_features(obs_EF), epsilon)

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
        chosen, targets = [], []
        for b, target_BZ, drawn in self._round():
            chosen.append(self.gradient_step(b, target_BZ, None if drawn is None else drawn.weight_B))
            targets.append(target_BZ)
            if isinstance(self.replay, PrioritisedReplay) and drawn is not None:
                self.replay.update(drawn.index_B, self.head.surprise(chosen[-1], target_BZ))
            if self.config.tau < 1.0:
                self.target_flat.lerp_(self.optimizer.flat, self.config.tau)
        chosen_BZ, target_BZ = torch.cat(chosen), torch.cat(targets)
        q_mean = float(self.head.values(chosen_BZ).mean())
        return {"train/loss": float(self.head.loss(chosen_BZ, target_BZ)), "train/q_mean": q_mean}

    def _round(self) -> Iterator[tuple[Transitions, Tensor, PrioritisedSample | None]]:
        """Batches with their targets, each when its turn comes; what nothing moves meanwhile is found all at once."""
        c, generator = self.config, self.generators["replay"]
        if isinstance(self.replay, PrioritisedReplay):  # each draw depends on the errors of those before it
            beta = linear(c.priority_correction, 1.0, self.clock / self.budget if self.budget else 0.0)
            for _ in range(c.gradient_steps):
                drawn = self.replay.sample(c.batch_size, generator, n_step=c.n_step, gamma=c.gamma, beta=beta)
                b = _flat(drawn.transitions)
                yield b, self.targets(b, self.target(b.next_obs_BF, *self._noise(1))), drawn
            return
        of_round = _flat(self.replay.sample(c.gradient_steps * c.batch_size, generator, n_step=c.n_step, gamma=c.gamma))
        batches = [Transitions._make(parts) for parts in zip(*(x.split(c.batch_size) for x in of_round))]
        if c.tau < 1.0 or c.noisy:
            for b in batches:
                yield b, self.targets(b, self.target(b.next_obs_BF, *self._noise(1))), None
            return
        next_out_BK = self.target(of_round.next_obs_BF)
        if c.double:
            for b, out_BK in zip(batches, next_out_BK.split(c.batch_size)):
                yield b, self.targets(b, out_BK), None
        else:
            for b, target_BZ in zip(batches, self.targets(of_round, next_out_BK).split(c.batch_size)):
                yield b, target_BZ, None

    def targets(self, b: Transitions, next_out_BK: Tensor) -> Tensor:
        """Y (B,), or (B, Z) of a distribution, given the target network's outputs for the successors."""
        if self.config.double:  # van Hasselt et al. 2016, eq. 4
            choice_B = self.head.values(self.q(b.next_obs_BF, *self._noise(1))).argmax(1)
        else:
            choice_B = self.head.values(next_out_BK).argmax(1)
        return self.head.backup(b.return_B, b.discount_B, self.head.of(next_out_BK, choice_B))

    def gradient_step(self, b: Transitions, target_BZ: Tensor, weight_B: Tensor | None = None) -> Tensor:
        """One step of Adam that moves the actions of a batch towards their targets, each sample counting its weight.

        Returns the network's outputs for those actions from before: values (B,), or (B, Z) of a distribution.
        """
        if isinstance(self.q, MLP):
            recorded = self.q.record(b.obs_BF)
            chosen_BZ, gradient_BK = self._loss_gradient(recorded.out, b.action_B, target_BZ, weight_B)
            self.q.backward(recorded, gradient_BK)
            self.optimizer.step()
        else:
            with torch.enable_grad():
                out_BK = self.q(b.obs_BF, *self._noise(1))
            chosen_BZ, gradient_BK = self._loss_gradient(out_BK.detach(), b.action_B, target_BZ, weight_B)
            self.optimizer.descend([out_BK], [gradient_BK])
        return chosen_BZ

    @torch.no_grad()
    def _loss_gradient(
        self, out_BK: Tensor, action_B: Tensor, target_BZ: Tensor, weight_B: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The outputs for chosen actions, and the derivative of the weighted mean loss by all outputs (B, A * Z)."""
        chosen_BZ = self.head.of(out_BK, action_B)
        gradient_BZ = self.head.gradient(chosen_BZ, target_BZ)
        if weight_B is not None:
            gradient_BZ = gradient_BZ * weight_B.view(-1, *(1,) * (gradient_BZ.dim() - 1))
        return chosen_BZ, self.head.spread(gradient_BZ, action_B, out_BK)

    def state_dict(self) -> dict[str, Any]:
        """Networks, optimizer, replay, generators, environments and the unfinished episodes."""
        return {
            **self.world_state(),
            "modules": dict(self._modules.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "replay": self.replay.state_dict(),
            "generators": {name: generator.get_state() for name, generator in self.generators.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> list[str]:
        """Continue from a saved state."""
        restarted_E = self.load_world_state(state)
        self._modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.replay.load_state_dict(state["replay"])
        for name, generator in self.generators.items():
            generator.set_state(state["generators"][name])
        self.replay.cut(restarted_E)
        return restart_notes(restarted_E)


def _flat(b: Transitions) -> Transitions:
    """With observations as the network takes them."""
    return b._replace(obs_BF=flat_features(b.obs_BF), next_obs_BF=flat_features(b.next_obs_BF))
