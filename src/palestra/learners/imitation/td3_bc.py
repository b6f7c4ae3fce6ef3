r"""TD3 with behaviour cloning, from recordings alone (Fujimoto & Gu 2021, https://arxiv.org/abs/2106.06860).

TD3, but its actor stays near to what was done: a critic that has never seen what else there is may not be believed.

J(phi) = E_D[-lambda Q_1(s, mu(s)) + (mu(s) - a)^2]                                             (eq. 3)
lambda = alpha / E_B[|Q_1(s, mu(s))|],  of each batch B, and no gradient through it              (eq. 5)
the critics learn from what was recorded as TD3's do from replay; observations are normalised    (eq. 4)

In lambda the paper writes the action that was taken; the actor's own stands there in its authors' code, and here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from palestra.data.recorded import RecordedReplay
from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.learner import Learner
from palestra.engine.policy import Policy
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.imitation.lessons import lessons
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.deterministic import CriticsLearned, mu
from palestra.learners.off_policy.replaying import CriticConfig
from palestra.learners.off_policy.seeing import seen_slowly
from palestra.learners.off_policy.td3 import TwinDelayed
from palestra.measure import Metrics
from palestra.nets.encoders import EncoderName
from palestra.nets.ensemble import Ensemble
from palestra.nets.normaliser import Normaliser, observation_normaliser
from palestra.nets.own import OURS, Networks, OwnEnsemble, own_encoder
from palestra.nets.precision import Precision
from palestra.ops.critic_losses import mean, squared_distance
from palestra.ops.terms import Term


@dataclass(frozen=True)
class TD3BCConfig(CriticConfig):
    """Settings of TD3 with behaviour cloning."""

    data: str = "pendulum-mixed"
    """Recorded episodes: a file that `palestra record-episodes` wrote, or the name of such as are made on the spot."""
    alpha: float | None = 2.5
    """What the critic's word counts beside behaviour cloning: 0 clones alone; none follows the critic alone, as TD3."""
    batches_per_step: int = 50
    """Gradient steps between reports, and between moments at which it can be saved."""
    policy_delay: int = 2
    """d, steps of the critics for one step of the actor and the targets."""
    target_noise: float = 0.2
    """sigma of the noise on the target actor's actions."""
    target_noise_clip: float = 0.5
    """c, where that noise is clipped."""
    normalize_obs: bool = True
    """Give observed numbers mean 0 and standard deviation 1 over what was recorded. Images and numbers of 0 and 1 that
    say which of some it is stay as they are."""
    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3), or flat for none: pixels one by one.
    Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require((self.alpha or 0) >= 0, f"alpha={self.alpha}", "none, or 0 or more")
        for name in ("batches_per_step", "policy_delay"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        for name in ("target_noise", "target_noise_clip"):
            require(getattr(self, name) >= 0, f"{name}={getattr(self, name)}", "0 or more")


class GreedyPolicy(Policy):
    """The actor's actions mu(s) = tanh(f(s)); there is no chance in them, so a sample is the action itself.

    Args:
        actor: f, one network from features to A numbers.
        actions: their bounds.
        see: from observations (B, *obs_shape) to features (B, F).
    """

    derives = ("actor", "actions", "see")

    def __init__(self, actor: Ensemble | OwnEnsemble, actions: BoxActions, see: Callable[[Tensor], Tensor]):
        self.actor, self.actions, self.see = actor, actions, see

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, *shape) within the bounds."""
        return self.actions.to_env(mu(self.actor, self.see(seen)))


class TD3BC(Agent, Learner):
    """TD3 with behaviour cloning for Box actions with bounds, from images or vectors."""

    name = "td3-bc"
    config_type = TD3BCConfig
    clock_unit = "gradient steps"
    config: TD3BCConfig
    saves = ("nets", "obs_norm", "recorded", "drawing")
    derives = ("actions", "encoder", "policy")

    def __init__(
        self, source: Given, config: TD3BCConfig | None = None, *, seed: int = 0, device: str = "auto",
        networks: Networks = OURS,
    ):  # fmt: skip
        super().__init__(source, config, seed=seed, device=device)
        c, self.own, own_seed = self.config, networks.names(), seeding.derive(seed, "own networks")
        networks.only("encoder", "policy", "q")
        self.env = self.world.make(device=self.device)
        self.actions = BoxActions(self.env.action_space, self.name, self.device)
        episodes = lessons(c.data, self.world, self.env, self.name, rewards=True)
        space, init = self.env.observation_space, seeding.generator(seed, "weights")
        self.recorded = RecordedReplay(episodes, self.actions.recorded(episodes.actions), space)
        self.encoder = own_encoder(networks.encoder, own_seed, space, init, c.encoder, c.encoder_precision)
        smoothing = c.target_noise, c.target_noise_clip
        self.nets = TwinDelayed(self.encoder, self.actions, c, smoothing, init, networks, seed=seed)
        self.modules = self.nets.modules
        self.obs_norm: Normaliser | None = None
        if c.normalize_obs and not self.encoder.learns:
            self.obs_norm = observation_normaliser(self.env, self.encoder.num_features).to(self.device)
            self.obs_norm.update(self.encoder.to_batch(torch.from_numpy(episodes.observations).to(self.device)))
        self.policy = GreedyPolicy(self.nets.actor, self.actions, lambda obs: self.encoder.encode(self.batch(obs)))
        self.drawing = seeding.generator(seed, "replay", device=self.device)

    def facts(self) -> dict[str, Any]:
        """Its spaces, and what it learns from."""
        return {**super().facts(), "data": self.recorded.facts}

    def batch(self, obs: Tensor) -> Tensor:
        """Observations as a batch keeps them, normalised where the settings ask for it (eq. 4)."""
        batch = self.encoder.to_batch(obs)
        return batch if self.obs_norm is None else self.obs_norm(batch)

    @torch.no_grad()
    def step(self) -> Metrics:
        """Some gradient steps on recorded transitions."""
        c, nets = self.config, self.nets
        nets.actor_optimizer.learning_rate = nets.critic_optimizer.learning_rate = c.learning_rate_at(self.budget_used)
        for _ in range(c.batches_per_step):
            drawn = self.recorded.sample(c.batch_size, self.drawing, n_step=c.n_step, gamma=c.gamma)
            self.clock += 1
            learned = self.gradient_step(seen_slowly(drawn.seen_by(self.batch), nets.encoder, nets.target_encoder))
        return {f"train/{name}": float(value) for name, value in learned.figures().items()}

    def gradient_step(self, b: Transitions) -> CriticsLearned:
        """One step of the critics; every ``policy_delay`` of them one of the actor and of the targets."""
        moves = self.clock % self.config.policy_delay == 0
        return self.nets.gradient_step(b, (lambda obs, mine: self.actor_loss(obs, mine, b.action_B)) if moves else None)

    def actor_loss(self, obs_BF: Tensor, action_BA: Tensor, done_BA: Tensor) -> Term:
        """How little the first critic values the actor's actions, and how far these are from what was done (eq. 3)."""
        q_1B1 = self.nets.critics.record(obs_BF, action_BA, number=1)
        if self.config.alpha is None:
            return -mean(q_1B1)
        weight = self.config.alpha / q_1B1.detach().abs().mean()  # eq. 5: lambda
        return -(weight * mean(q_1B1)) + squared_distance(action_BA, done_BA)  # eq. 3
