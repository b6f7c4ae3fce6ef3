r"""Thompson sampling (Thompson 1933; Chapelle & Li 2011; Russo et al. 2018, https://doi.org/10.1561/2200000070).

Keep a posterior over every arm's mean, draw one mean from each, and pull the arm whose draw is the highest: an arm is
pulled as often as it is probable that it is the best.

    Bernoulli arms:  mu_a ~ Beta(alpha_a, beta_a);   alpha <- alpha + r,   beta <- beta + 1 - r
    Gaussian arms:   mu_a ~ N(m_a, v_a);             g = v / (v + sigma^2),   m <- m + g (r - m),   v <- (1 - g) v

With ``drift`` every v grows by drift^2 at each pull (a Kalman filter), so that arms that change are tried again. On
Bernoulli arms regret reaches the Lai-Robbins bound as t grows (Kaufmann, Korda & Munos 2012, theorem 1).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from palestra.envs.bandits import Arms, BernoulliArms
from palestra.errors import require
from palestra.learners.bandits.contest import Contest
from palestra.learners.bandits.gamma import GammaSampler
from palestra.learners.bandits.rule import BanditConfig, BanditRule
from palestra.ops.columns import Array, first_best, row, tensor

_WORTH, _MOST = 10, 100
"""Pulls that a contest plays at a time: its preparations take as long as a few, and its bounds hold for so many."""


@dataclass(frozen=True)
class ThompsonConfig(BanditConfig):
    """Settings of Thompson sampling."""

    prior_alpha: float = 1.0
    """Bernoulli arms: imagined wins of every arm before the first pull, plus one."""
    prior_beta: float = 1.0
    """Bernoulli arms: imagined losses, plus one."""
    prior_mean: float = 0.0
    """Gaussian arms: mean of the prior."""
    prior_std: float = 1.0
    """Gaussian arms: its standard deviation."""
    noise_std: float = 1.0
    """Gaussian arms: standard deviation of a reward about its mean, taken as known."""
    drift: float = 0.0
    """Gaussian arms: standard deviation of the step that each mean is believed to take after every pull."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("prior_alpha", "prior_beta"):
            require(getattr(self, name) >= 1, f"{name}={getattr(self, name):g}", "at least 1 (1 and 1 are uniform)")
        for name in ("prior_std", "noise_std"):
            require(getattr(self, name) > 0, f"{name}={getattr(self, name):g}", "a positive number")
        require(self.drift >= 0, f"drift={self.drift:g}", "0 or more")


class BetaPosterior:
    """Beta(alpha, beta) over the mean of every Bernoulli arm, (A, B) of them."""

    saves = ("count_2AB",)
    derives = ("_gamma",)

    def __init__(self, c: ThompsonConfig, shape: tuple[int, int], device: torch.device):
        prior_2 = torch.tensor([c.prior_alpha, c.prior_beta], device=device)
        self.count_2AB = prior_2[:, None, None].repeat(1, *shape)
        """alpha, then beta."""
        self._gamma = GammaSampler(self.count_2AB.numel(), device)

    def sample(self, generator: Generator) -> Tensor:
        """(A, B) one draw of every arm's odds mu / (1 - mu), which order arms as mu does."""
        # X / (X + Y) ~ Beta(alpha, beta) for X ~ Gamma(alpha), Y ~ Gamma(beta), and its odds are X / Y.
        win_AB, loss_AB = tensor(self._gamma.sample(row(self.count_2AB), generator)).view_as(self.count_2AB)
        odds_AB: Tensor = win_AB.div_(loss_AB)
        return odds_AB

    def update(self, index_B: Array, reward_B: Array) -> None:
        """Count a win in alpha, a loss in beta (Chapelle & Li 2011, algorithm 2)."""
        # One of the two grows by one: beta, which lies A * B places behind alpha, where the reward was 0.
        count_L = row(self.count_2AB)
        count_L[index_B + (reward_B == 0) * (len(count_L) // 2)] += 1


class GaussianPosterior:
    """N(m, v) over the mean of every Gaussian arm, (A, B) of them."""

    saves = ("mean_AB", "var_AB", "std_AB")

    def __init__(self, c: ThompsonConfig, shape: tuple[int, int], device: torch.device):
        self.mean_AB = torch.full(shape, c.prior_mean, device=device)
        self.var_AB = torch.full(shape, c.prior_std**2, device=device)
        self.std_AB = torch.full(shape, c.prior_std, device=device)
        """sqrt(v), kept so that a pull needs no root of every variance."""
        self.noise_var, self.drift_var = c.noise_std**2, c.drift**2

    def sample(self, generator: Generator) -> Tensor:
        """(A, B) one draw of every arm's mean."""
        drawn_AB = torch.empty_like(self.mean_AB).normal_(generator=generator)
        return torch.addcmul(self.mean_AB, self.std_AB, drawn_AB)

    def update(self, index_B: Array, reward_B: Array) -> None:
        """The gain g = v / (v + sigma^2) moves m by g (r - m) and v by -g v; then every v grows by drift^2.

        The filter of Kalman 1960, whose state stands still or drifts.
        """
        index_B, reward_B = tensor(index_B), tensor(reward_B)
        mean_A, var_A, std_A = self.mean_AB.view(-1), self.var_AB.view(-1), self.std_AB.view(-1)
        m_B, v_B = mean_A.index_select(0, index_B), var_A.index_select(0, index_B)
        gain_B = v_B / (v_B + self.noise_var)
        mean_A.index_copy_(0, index_B, torch.addcmul(m_B, gain_B, reward_B - m_B))
        v_B = v_B - gain_B * v_B
        var_A.index_copy_(0, index_B, v_B)
        if self.drift_var:
            self.var_AB += self.drift_var
            torch.sqrt(self.var_AB, out=self.std_AB)
        else:
            std_A.index_copy_(0, index_B, v_B.sqrt_())


class Thompson(BanditRule):
    """Every arm as often as it is probably the best."""

    name = "thompson"
    saves = ("posterior",)
    derives = ("contest",)
    config_type = ThompsonConfig
    config: ThompsonConfig

    def __init__(self, config: Any, arms: Arms, generator: Generator, device: torch.device):
        super().__init__(config, arms, generator, device)
        bernoulli = isinstance(arms, BernoulliArms)
        self.posterior = (BetaPosterior if bernoulli else GaussianPosterior)(self.config, self.shape, self.device)
        self.contest = None
        """Plays Bernoulli arms, mostly without drawing; a device sooner draws all."""
        if isinstance(self.posterior, BetaPosterior) and self.device.type == "cpu":
            self.contest = Contest(self.posterior.count_2AB)

    def play(self, arms: Arms, first: int, noise_TB: Array, reward_TB: Array, gap_TB: Array) -> None:
        """What ``choose`` and ``update`` come to, sooner: by the contest, where it plays and there are enough pulls."""
        if self.contest is None or len(noise_TB) < _WORTH:
            super().play(arms, first, noise_TB, reward_TB, gap_TB)
            return
        for start in range(0, len(noise_TB), _MOST):
            part = slice(start, start + _MOST)
            index_TB = self.contest.play(arms, noise_TB[part], self.generator)
            reward_TB[part], gap_TB[part] = arms.pull(index_TB, noise_TB[part])

    def choose(self, t: int, p: int) -> Array:
        """The arm with the highest draw from its posterior (Chapelle & Li 2011, algorithm 1)."""
        return first_best(self.posterior.sample(self.generator))

    def update(self, index_B: Array, reward_B: Array, t: int) -> None:
        """Condition the posterior of the arms pulled on their rewards."""
        self.posterior.update(index_B, reward_B)
