r"""DrQ: SAC that learns from pixels by shifting them (Kostrikov et al. 2020, https://arxiv.org/abs/2004.13649).

A convolutional encoder f learns from the critics' loss alone, on images shifted at random by nu:

    y = r + gamma 1/K sum_k (min_i Q'_i(f'(nu_k s'), a'_k) - alpha log pi(a'_k|f(nu_k s')))             (eq. 1, 3)
    J(theta) = 1/M sum_m E[(Q_i(f(nu_m s), a) - y)^2] / 2,  theta of critics and encoder                  (eq. 2)

and the actor's loss is that of SAC on the features f(nu s), which it takes as given.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from palestra.data.replay import Transitions
from palestra.engine import seeding
from palestra.envs.world import World
from palestra.errors import UsageError, require
from palestra.learners.off_policy.replaying import Figures, make_target
from palestra.learners.off_policy.sac import SAC, SACConfig, soft_figures
from palestra.nets.encoders import ConvEncoder, make_encoder, narrow
from palestra.nets.optimizer import ClippedAdam, flatten_parameters
from palestra.ops.augment import random_shift
from palestra.ops.losses import squared_error


@dataclass(frozen=True)
class DrQConfig(SACConfig):
    """Settings of DrQ."""

    buffer_size: int = 100_000
    """Transitions that replay remembers; each holds two observations as bytes, its own and its successor's."""
    learning_rate: float = 1e-3
    """Of Adam, for actor, critics and encoder."""
    tau: float = 0.01
    """Share by which target networks move towards their networks after every gradient step."""
    initial_temperature: float = 0.1
    """alpha to begin with when it is learned."""
    augment: Literal["none", "shift"] = "shift"
    """Shift images at random before learning from them, or not."""
    shift_pixels: int = 4
    """Longest shift each way; the paper's 4 is for images of 84 pixels."""
    views: int = 1
    """K = M, shifts of each image of a batch to learn from; the paper has 2 and twice the work."""
    encoder_channels: int = 32
    """Channels of the encoder's convolutions."""
    encoder_features: int = 50
    """Numbers that the encoder makes of an image."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("shift_pixels", "views", "encoder_channels", "encoder_features"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        shifts = self.augment == "shift"
        require(shifts or self.views == 1, f"views={self.views} with augment='none'", "one view: all would be the same")


class DrQ(SAC):
    """SAC for Box actions with bounds, from images."""

    name = "drq"
    config_type: ClassVar[type[DrQConfig]] = DrQConfig
    config: DrQConfig

    def __init__(self, env: str | World, config: DrQConfig | None = None, *, seed: int = 0, device: str = "auto"):
        super().__init__(env, config, seed=seed, device=device)
        c = self.config
        self.shifting = seeding.generator(seed, "shifts", device=self.device)
        init = seeding.generator(seed, "encoder")
        self.encoder = self._make_encoder(init).to(self.device)
        self.target_encoder = make_target(self.encoder, self._make_encoder(init)).to(self.device)
        self._modules.add_module("encoder", self.encoder)
        self._modules.add_module("target_encoder", self.target_encoder)
        # What learns from the critics' loss together also lies in one vector, and so do the targets that follow it.
        self.critic_optimizer = ClippedAdam([self.critics, self.encoder], c.learning_rate)
        self.target_flat = flatten_parameters([self.target, self.target_encoder])

    def _make_encoder(self, init: torch.Generator) -> ConvEncoder:
        c, space = self.config, self.env.observation_space
        encoder = make_encoder(space, init, narrow(c.encoder_channels, c.encoder_features))
        if not isinstance(encoder, ConvEncoder):
            raise UsageError(f"{self.name} cannot learn from {space}; expected images of bytes (sac serves vectors)")
        return encoder

    def num_features(self) -> int:
        """Numbers that the encoder makes of an image."""
        return self.config.encoder_features

    def features(self, obs_BF: Tensor) -> Tensor:
        """The encoder's view of images (B, *obs_shape), as they are: (B, F)."""
        return self.encoder(self.encoder.to_batch(obs_BF))  # type: ignore[no-any-return]

    def prepare(self, b: Transitions) -> Transitions:
        """A batch as ``gradient_step`` takes it: with images (M * B, C, H, W), each M times and each time shifted."""
        return b._replace(obs_BF=self._views(b.obs_BF), next_obs_BF=self._views(b.next_obs_BF))

    def _views(self, obs_BF: Tensor) -> Tensor:
        c = self.config
        image_BCHW = self.encoder.to_batch(obs_BF).repeat(c.views, 1, 1, 1)
        return random_shift(image_BCHW, c.shift_pixels, self.shifting) if c.augment == "shift" else image_BCHW

    def gradient_step(self, b: Transitions) -> Figures:
        """One step of critics with encoder, then of actor and temperature."""
        rows, views = len(b.action_B), self.config.views
        seen_BF = self.encoder.record(b.obs_BF)
        obs_BF = seen_BF.detach()[:rows]
        # One pass through the actor serves the states, each seen once, and every view of their successors.
        out_1BK = self.actor.record(torch.cat((obs_BF, self.encoder(b.next_obs_BF))))
        now, then = self.samples(out_1BK, (rows, rows * views))
        alpha = self.temperature()
        next_obs_BF = self.target_encoder(b.next_obs_BF)
        next_q_B = self.target(torch.cat((next_obs_BF, then.action_BA), 1)).amin(0).squeeze(1)
        next_value_B = (next_q_B - alpha * then.log_prob_B).view(views, rows).mean(0)
        target_B = torch.addcmul(b.return_B, b.discount_B, next_value_B)  # eq. 1, with the entropy of SAC
        q_NB1 = self.critics.record(seen_BF, b.action_B.repeat(views, 1))
        critic_loss = 0.5 * squared_error(q_NB1, target_B.repeat(views))  # eq. 2, 3
        self.critic_optimizer.descend(critic_loss)
        self.actor_optimizer.descend(self.actor_loss(obs_BF, now, alpha) + self.temperature_loss(now.log_prob_B))
        self.target_flat.lerp_(self.critic_optimizer.flat, self.config.tau)
        return lambda: soft_figures(critic_loss, q_NB1, now.log_prob_B, alpha)

    def more_state(self) -> dict[str, Tensor]:
        """The generator of shifts."""
        return {"shifting": self.shifting.get_state()}

    def load_more_state(self, state: dict[str, Tensor], restarted_E: Tensor) -> None:
        """Continue from ``more_state``."""
        self.shifting.set_state(state["shifting"])
