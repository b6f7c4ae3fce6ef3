"""Diffusion policy: chunks of actions out of noise, by what is seen (Chi et al. 2023).

To a chunk a_0 of the actions that follow an observation o, as recorded, noise e of a random level k is added, and a
network learns to tell it (https://arxiv.org/abs/2303.04137; Ho et al. 2020, algorithm 1):

    a_k = sqrt(kept_k) a_0 + sqrt(1 - kept_k) e
    J(theta) = E[|e - e_theta(a_k, k, o)|^2]                                     (eq. 5)

or, of which e follows, a_0 itself (Salimans & Ho 2022, section 4): J(theta) = E[|a_0 - f_theta(a_k, k, o)|^2].

To act it begins with noise alone and takes away, level by level, what the network tells (Song et al. 2021). What comes
of it is one of the chunks that fit, whichever way of doing things it is of: no mean is ever taken. Of each chunk the
first actions are done, then the next one is made by what is seen by then. It acts by a running average of its weights.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from palestra.data.chunks import Receding
from palestra.data.trajectories import Trajectories
from palestra.datasets.dataset import Split
from palestra.datasets.loader import Loader
from palestra.engine import seeding
from palestra.engine.agent import Agent
from palestra.engine.exhibit import Exhibit
from palestra.engine.learner import Learner
from palestra.engine.policy import Policy, aside
from palestra.envs.spaces import flat_dim
from palestra.envs.vector import VectorEnv
from palestra.envs.world import Given
from palestra.errors import require
from palestra.learners.imitation.answers import Numbers
from palestra.learners.imitation.lessons import lessons
from palestra.learners.labels.descent import DescentConfig, make_optimizer
from palestra.measure import Metrics
from palestra.nets.adam import flatten_parameters
from palestra.nets.film import FilmMLP
from palestra.nets.normaliser import observation_normaliser
from palestra.nets.targets import slow_copy
from palestra.ops.diffusion import (
    LEVEL_NUMBERS,
    NoiseSchedule,
    average_share,
    denoised,
    level_numbers,
    noise_in,
    noise_schedule,
    noised,
    told_error,
    visited,
)
from palestra.ops.terms import Term
from palestra.pictures.panels import Lines, Panels

SHOWN = 8
"""Chunks that are drawn to be looked at."""


@dataclass(frozen=True)
class DiffusionPolicyConfig(DescentConfig):
    """Settings of the diffusion policy."""

    data: str = "two-ways"
    """Recorded episodes: a file that `palestra record-episodes` wrote, or the name of such as are made on the spot."""
    horizon: int = 4
    """Actions of a chunk."""
    execute: int = 2
    """Actions of a chunk that are done before the next one is made; at most all."""
    levels: int = 50
    """Levels of noise to learn from."""
    noise: NoiseSchedule = "cosine"
    """How it grows with the level: as a cosine (Nichol & Dhariwal 2021), or as linearly as in Ho et al. 2020."""
    predicts: Literal["noise", "clean"] = "clean"
    """What the network tells: the noise, as in the papers, or the clean chunk, from which the noise follows."""
    evaluations: int = 20
    """Levels that are gone through to make a chunk, each a pass through the network."""
    eta: float = 0.0
    """New noise on the way: 0 for none (Song et al. 2021), 1 for as much as Ho et al. 2020 add."""
    batch_size: int = 128
    """Steps of a batch, with the chunks that begin there."""
    optimizer: Literal["sgd", "momentum", "nesterov", "adam"] = "adam"
    """Down the gradient: straight, with a momentum of 0.9, with one that looks ahead, or by Adam."""
    learning_rate: float = 1e-3
    """Step size; with a schedule, the largest."""
    weight_decay: float = 1e-6
    """How much of matrices decays, never of biases and of normalisation: lambda of lambda / 2 |w|^2 in the loss; of
    Adam, the share of them that a step takes, times the learning rate."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Hidden layers between a noisy chunk and what is told of it, each scaled and shifted by what is seen."""
    width: int = 64
    """Numbers between what is seen and what it scales and shifts by."""
    average_power: float = 0.75
    """Of the running average of weights: 1 for the mean of all there were, less to forget the older ones."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("horizon", "execute", "levels", "evaluations", "width"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name)}", "at least 1")
        given = f"evaluations={self.evaluations} with levels={self.levels}"
        require(self.evaluations <= self.levels, given, "no more evaluations than levels")
        require(0 <= self.eta <= 1, f"eta={self.eta}", "0 <= eta <= 1")
        sizes = self.hidden_sizes
        require(bool(sizes) and min(sizes) > 0, f"hidden_sizes={sizes}", "one positive size or more")
        require(0 < self.average_power <= 1, f"average_power={self.average_power}", "above 0, to 1")


class Diffuser(Policy):
    """Makes chunks of actions out of noise, and does the first of them.

    Args:
        env: whose spaces it is made for.
        config: its sizes.
        seed: of weights and of what is random.
        device: where it is.
    """

    saves = ("networks", "average", "sampling")
    derives = ("answers", "chunks", "kept_L", "level_LF")
    episodes = ("chunks",)

    def __init__(self, env: VectorEnv, config: DiffusionPolicyConfig, *, seed: int, device: torch.device):
        c, space = config, env.observation_space
        self.answers = Numbers(env.action_space, "diffusion-policy", env)
        require(space.dtype.kind == "f", f"diffusion-policy sees {env.observed.own}", "numbers, not images")
        self.config, self.device, self.action_size = c, device, self.answers.num_outputs
        size, seen = c.horizon * self.action_size, flat_dim(space)
        self.scale = observation_normaliser(env, seen)
        sizes, init = [size, *c.hidden_sizes, size], seeding.generator(seed, "weights")
        self.network = FilmMLP(sizes, LEVEL_NUMBERS + seen, c.width, init)
        self.networks = nn.ModuleDict({"imitator": self.network, "scale": self.scale}).to(device)
        self.average = slow_copy(self.network)
        kept_L = noise_schedule(c.noise, c.levels)
        self.kept_L, self.kept = kept_L.float().to(device), kept_L.tolist()
        self.level_LF = level_numbers(c.levels).to(device)
        self.sampling = seeding.generator(seed, "actions", device=device)
        self.reset(1, seed=seed)

    def reset(self, num: int, *, seed: int) -> None:
        """Begin ``num`` episodes; all that is drawn in them comes from ``seed``."""
        self.begin(num, seed=seed)

    def begin(self, num: int, *, seed: int, alike: bool = False) -> None:
        """Begin ``num`` episodes, if asked for with the same luck in each."""
        c, drawing = self.config, seeding.generator(seed, "chunks", device=self.device)
        draws = 1 + (c.evaluations if c.eta else 0)
        self.chunks = Receding(num, c.horizon, self.action_size, c.execute, draws, drawing, alike)

    def act(self, seen: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) where the episodes stand now; another number of them begins them anew.

        One that is deterministic comes of the luck that its episode began with.
        """
        if len(seen) != len(self.chunks):
            self.reset(len(seen), seed=0)
        due = self.chunks.due
        if len(due):
            noise = self.chunks.noise[due]
            if not deterministic:
                noise = torch.randn(noise.shape, generator=self.sampling, device=self.device)
            self.chunks.put(due, self.made(seen[due].reshape(len(due), -1), noise))
        return self.answers.actions.to_env(self.chunks.now())

    @torch.no_grad()
    def made(self, obs_BF: Tensor, noise: Tensor) -> Tensor:
        """Chunks (B, T, A) between -1 and 1 by what is seen, out of standard normal numbers (B, L, T, A)."""
        c, seen_BF, noise_BLK = self.config, self.scale(obs_BF), noise.flatten(2)
        path = visited(c.levels, c.evaluations)
        x_BK = noise_BLK[:, 0]
        for i, level in enumerate(path):
            kept_next = self.kept[path[i + 1]] if i + 1 < len(path) else 1.0
            condition_BF = torch.cat((self.level_LF[level].expand(len(x_BK), -1), seen_BF), 1)
            told_BK = self.average(x_BK, condition_BF)
            if c.predicts == "clean":
                told_BK = noise_in(x_BK, told_BK, self.kept[level])
            drawn_BK = noise_BLK[:, i + 1] if c.eta else None
            x_BK = denoised(x_BK, told_BK, self.kept[level], kept_next, c.eta, drawn_BK)  # Song et al. 2021, eq. 12
        return x_BK.view(noise.shape[0], *noise.shape[2:])

    def told(self, action: Tensor, reward: Tensor, done: Tensor) -> None:
        """Go on in the chunks under way."""
        self.chunks.told(done)


class DiffusionPolicy(Agent, Learner):
    """A diffusion policy for bounded Box actions, from vectors."""

    name = "diffusion-policy"
    config_type = DiffusionPolicyConfig
    clock_unit = "samples"
    saves = ("policy", "order", "loader", "optimizer", "noising", "updates", "recorded")
    derives = ("average_D",)
    config: DiffusionPolicyConfig

    def __init__(
        self, source: Given, config: DiffusionPolicyConfig | None = None, *, seed: int = 0, device: str = "auto"
    ):
        super().__init__(source, config, seed=seed, device=device)
        c = self.config
        self.env = self.world.make(device=self.device)
        self.policy = self.diffuser = Diffuser(self.env, c, seed=seed, device=self.device)
        self.recorded = Trajectories(lessons(c.data, self.world, self.env, self.name), self.device)
        self.diffuser.scale.update(self.recorded.obs.reshape(len(self.recorded), -1))
        self.modules = self.diffuser.networks
        self.order = seed
        """The seed of the order in which steps come, which a resume restores as it does the rest."""
        self.loader = Loader(self.rows(), c.batch_size, seed=seed)
        self.optimizer = make_optimizer(c, self.diffuser.network)
        self.average_D = flatten_parameters([self.diffuser.average])
        self.updates = 0
        self.noising = seeding.generator(seed, "noise", device=self.device)

    def resumed(self) -> None:
        """Go on in the order that was restored."""
        self.loader.seed = self.order

    def facts(self) -> dict[str, Any]:
        """Its spaces, and what it learns from."""
        return {**super().facts(), "data": self.recorded.facts}

    def rows(self) -> Split:
        """Every recorded step: what is seen (L, F), scaled, and the chunk that begins there (L, K), from -1 to 1.

        Behind the end of an episode its last action is repeated, as Chi et al. do.
        """
        steps = torch.arange(len(self.recorded), device=self.device)
        action = self.recorded.window(steps, self.config.horizon).action
        clean_LK = self.diffuser.answers.encoded(action.flatten(0, 1)).view(len(steps), -1)
        return Split(self.diffuser.scale(self.recorded.obs.reshape(len(steps), -1)), clean_LK)

    def step(self) -> Metrics:
        """Some batches of chunks, one from every recorded step on in each epoch."""
        losses = []
        for seen_BF, clean_BK in self.loader.take(self.config.batches_per_step):
            assert clean_BK is not None  # which is what is imitated
            self.optimizer.learning_rate = self.config.rate(self.budget_used)
            loss = self.loss(seen_BF, clean_BK)
            self.optimizer.descend(loss)
            self.average_D.lerp_(self.optimizer.flat, 1 - average_share(self.updates, self.config.average_power))
            self.updates += 1
            losses.append(loss.value)
            self.clock = self.loader.position
        return {
            "train/loss": float(torch.stack(losses).mean()),
            "train/learning_rate": self.optimizer.learning_rate,
            **self.loader.report(),
        }

    def loss(self, seen_BF: Tensor, clean_BK: Tensor) -> Term:
        """How badly it tells the noise in chunks (B, K) that followed what is seen (B, F), at levels by chance."""
        level_B = torch.randint(self.config.levels, (len(clean_BK),), generator=self.noising, device=self.device)
        noise_BK = torch.randn(clean_BK.shape, generator=self.noising, device=self.device)
        x_BK = noised(clean_BK, noise_BK, self.diffuser.kept_L[level_B])  # Ho et al. 2020, eq. 4
        told_BK = self.diffuser.network.record(x_BK, torch.cat((self.diffuser.level_LF[level_B], seen_BF), 1))
        return told_error(told_BK, noise_BK if self.config.predicts == "noise" else clean_BK)  # eq. 5

    def exhibits(self) -> list[Exhibit]:
        """Chunks by different luck where the first recorded episode began: which ways of going on it knows."""
        drawing = seeding.generator(self.seed, "shown", device=self.device)
        noise = torch.randn(SHOWN, *self.diffuser.chunks.noise.shape[1:], generator=drawing, device=self.device)
        begin = self.recorded.obs[:1].reshape(1, -1).expand(SHOWN, -1)
        made, steps = self.diffuser.made(begin, noise).cpu().numpy(), np.arange(self.config.horizon)
        panels = []
        for number in range(made.shape[2]):
            lines = {f"chunk {i + 1}": (steps, made[i, :, number]) for i in range(SHOWN)}
            panels.append(Lines(f"action {number + 1}, from -1 to 1", "step", lines, bounds=(-1.05, 1.05)))
        return [Panels("chunks by different luck", "where the first recorded episode began", panels, columns=2)]

    def act(self, obs: Tensor, *, deterministic: bool = True) -> Tensor:
        """Actions (B, ...) for first observations of episodes; within one ``decide`` and the policy remember."""
        with aside(self.policy):
            self.diffuser.begin(len(obs), seed=0, alike=True)
            return self.policy.act(obs, deterministic=deterministic)
