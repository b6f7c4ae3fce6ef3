"""A deterministic policy that explores by noise: what DDPG and TD3 act by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from palestra.engine import seeding
from palestra.engine.policy import Policy
from palestra.errors import require
from palestra.learners.off_policy.actions import BoxActions
from palestra.learners.off_policy.noise import NOISES, NoiseName
from palestra.learners.off_policy.replaying import OffPolicyConfig
from palestra.nets.encoders import EncoderName
from palestra.nets.ensemble import Ensemble
from palestra.nets.own import OwnEnsemble
from palestra.nets.precision import Precision


@dataclass(frozen=True)
class DeterministicConfig(OffPolicyConfig):
    """Settings of the actor-critics with a deterministic actor."""

    learning_rate: float = 1e-3
    """Of Adam, for actor and critics."""
    noise: NoiseName = "gaussian"
    """Exploration: independent Gaussian numbers, or an Ornstein-Uhlenbeck process, which wanders."""
    noise_std: float = 0.1
    """Standard deviation of what drives the noise; half the width of the action space is 1."""
    encoder: EncoderName = "fast"
    """Of images: fast, nature (Mnih et al. 2015) or notes (four layers of 3 x 3), or flat for none: pixels one by one.
    Vectors need none."""
    encoder_precision: Precision = "float32"
    """Of the encoder's products: bfloat16 where the processor is faster with it, else float32."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.noise_std >= 0, f"noise_std={self.noise_std}", "0 or more")


class DeterministicPolicy(Policy):
    """The actor's actions mu(s) = tanh(f(s)), with noise when it explores.

    Args:
        actor: f, one network from features to A numbers.
        actions: their bounds.
        see: from observations (B, *obs_shape) to features (B, F).
        config: which noise.
        num_envs: E, copies to explore in.
        seed: of the learner.
    """

    saves = ("generator", "noise")
    derives = ("actor", "actions", "see")

    def __init__(
        self, actor: Ensemble | OwnEnsemble, actions: BoxActions, see: Callable[[Tensor], Tensor],
        config: DeterministicConfig, num_envs: int, *, seed: int,
    ):  # fmt: skip
        self.actor, self.actions, self.see, self.std = actor, actions, see, config.noise_std
        device = actions.low.device
        self.generator = seeding.generator(seed, "actions", device=device)
        self.noise = NOISES[config.noise](config.noise_std, num_envs, actions.size, device)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, *shape) within the bounds: the actor's, or with Gaussian noise."""
        action_BA = mu(self.actor, self.see(seen))
        if not deterministic:
            noise_BA = torch.randn(action_BA.shape, generator=self.generator, device=action_BA.device)
            action_BA = (action_BA + self.std * noise_BA).clamp(-1.0, 1.0)
        return self.actions.to_env(action_BA)

    def explore(self, obs_E: Tensor) -> Tensor:
        """The actor's actions (E, A) with noise, kept between -1 and 1."""
        return (mu(self.actor, self.see(obs_E)) + self.noise.next(self.generator)).clamp(-1.0, 1.0)

    def random(self, obs_E: Tensor) -> Tensor:
        """Uniform actions (E, A) between -1 and 1."""
        return self.actions.uniform(len(obs_E), self.generator)


def mu(actor: Ensemble | OwnEnsemble, obs_BF: Tensor) -> Tensor:
    """Actions (B, A) between -1 and 1."""
    action_BA: Tensor = actor(obs_BF)[0].tanh()
    return action_BA


class CriticsLearned(NamedTuple):
    """What a gradient step of critics found."""

    q_MB1: Tensor
    """What each said."""
    target_B: Tensor
    """What it should have said."""

    def figures(self) -> dict[str, Tensor]:
        """Their mean squared error and mean value."""
        q_MB1 = self.q_MB1.detach()
        return {"critic_loss": (q_MB1 - self.target_B[:, None]).square().mean(), "q_mean": q_MB1.mean()}
