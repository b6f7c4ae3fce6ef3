"""Which arm has the highest draw from its Beta posterior, found without drawing from all of them.

Of a bandit that has learned, one or two arms have any prospect: those contend, and are drawn from. Let x be the highest
of these draws. Of any other arm it matters only whether its draw is above x, and then how far. Its density f is
log-concave (alpha and beta are at least 1) and falls at x, so that a tangent of log f bounds all that lies above
(Devroye 1986, section VII.2.6):

    f(y) <= f(x) exp(-s (y - x)),      s = -(log f)'(x),      whose mass from x on is M(x) = f(x) / s

With probability M take y = x + Exp(1) / s, and keep it with probability f(y) / (f(x) exp(-s (y - x))): what is kept has
the law of the arm's draw above x. Nothing is approximated. M falls with x, and x is seldom below a floor, four standard
deviations under the best arm's mean: M at the floor says by a random byte of most arms that they are out. Where x does
lie below, all arms of that bandit are drawn from.
"""

import math

import numpy as np
import torch
from torch import Generator, Tensor

from palestra.learners.bandits.gamma import GammaSampler
from palestra.ops.columns import Array, array, first_best, log, row

_DEVIATIONS = 4.0
"""Of the floor under an arm's mean: lower, more is drawn for nothing; higher, more bandits are drawn from whole."""
_PROSPECT = 1.0 / 8.0
"""An arm whose M at the floor is above it contends: drawing from it costs less than asking so often."""
_AGAIN = 1.1
"""Who contends is found anew whenever the clock has grown by so much; that takes as long as a few pulls."""


class Contest:
    """The contest of the arms of B bandits, on a processor.

    Whoever plays says with ``pulled`` which arms were pulled: what was known of them is no longer so.
    """

    saves = ("chance_AB", "floor_B", "due")
    derives = ("_odds_AB", "_gamma", "_place_L", "_pair_L", "_known_3L")

    def __init__(self, shape: tuple[int, int]):
        self.chance_AB = torch.zeros(shape, dtype=torch.uint8)
        """M at the floor in 256ths, rounded up; 0 for arms that contend."""
        self.floor_B = torch.zeros(shape[1])
        """(B,) odds of the floor."""
        self.due = 1
        """The time at which it is found anew who contends."""
        self._odds_AB = torch.zeros(shape)
        self.resumed()

    def resumed(self) -> None:
        """Forget what follows from the chances and the counts."""
        self._place_L: Array = None
        self._known_3L: Array = None

    def winner(self, count_2AB: Tensor, t: int, generator: Generator) -> Array:
        """(B,) int64 the arms of the highest draws from Beta(count[0], count[1])."""
        if t >= self.due:
            self._admit(count_2AB, t)
        chance_AB, odds_AB = array(self.chance_AB), array(self._odds_AB)
        if self._place_L is None:
            self._place_L = np.flatnonzero(chance_AB == 0)
            self._pair_L = np.concatenate((self._place_L, self._place_L + chance_AB.size))
            self._gamma = GammaSampler(len(self._pair_L))
        count_L, odds_L = row(count_2AB), row(self._odds_AB)
        drawn_L = self._gamma.sample(count_L[self._pair_L], generator)
        odds_AB.fill(0.0)
        odds_L[self._place_L] = drawn_L[: len(self._place_L)] / drawn_L[len(self._place_L) :]
        x_B = np.maximum.reduce(odds_AB, 0)
        low_B = x_B < array(self.floor_B)
        words = torch.empty(-(-odds_L.size // 8), dtype=torch.int64).random_(-(2**63), None, generator=generator)
        asked_AB = array(words).view(np.uint8)[: odds_L.size].reshape(odds_AB.shape) < chance_AB
        if low_B.any():
            asked_AB &= ~low_B
            place_L = np.flatnonzero((chance_AB > 0) & low_B)
            win_L, loss_L = (torch._standard_gamma(count_AB.view(-1)[place_L], generator) for count_AB in count_2AB)
            odds_L[place_L] = array(win_L / loss_L)
        place_L = np.flatnonzero(asked_AB)
        if len(place_L):
            self._ask(place_L, x_B, count_2AB, generator)
        return first_best(self._odds_AB)

    def pulled(self, index_B: Array) -> None:
        """Arms that were pulled contend from now on."""
        chance_L = row(self.chance_AB)
        if chance_L[index_B].any():
            chance_L[index_B] = 0
            self._place_L = None

    def _admit(self, count_2AB: Tensor, t: int) -> None:
        """Find the floors, and who contends."""
        alpha_AB, beta_AB = count_2AB.double()
        mean_AB = alpha_AB / (alpha_AB + beta_AB)
        std_AB = (mean_AB * (1.0 - mean_AB) / (alpha_AB + beta_AB + 1.0)).sqrt()
        x_B = (mean_AB - _DEVIATIONS * std_AB).amax(0).clamp(min=0.0)
        self.floor_B.copy_(x_B / (1.0 - x_B) * (1.0 + 1e-6))  # not below x once rounded
        slope_AB = (beta_AB - 1.0) / (1.0 - x_B) - (alpha_AB - 1.0) / x_B
        log_density_AB = _log_norm(count_2AB) + (alpha_AB - 1.0) * x_B.log() + (beta_AB - 1.0) * (1.0 - x_B).log()
        mass_AB = log_density_AB.exp() / slope_AB
        outside_AB = (slope_AB > 0) & (mass_AB <= _PROSPECT)
        self.chance_AB.copy_(torch.where(outside_AB, (256.0 * (1.0 + 1e-6) * mass_AB).ceil().clamp(min=1.0), 0.0))
        self.due = max(t + 100, math.ceil(_AGAIN * t))
        self.resumed()

    def _ask(self, place_L: Array, odds_B: Array, count_2AB: Tensor, generator: Generator) -> None:
        """Draw from arms whose byte let them in, where that is above the odds of the best of those who contend."""
        if self._known_3L is None:  # of arms that do not contend it stays as it is
            self._known_3L = array(torch.stack((*(count_2AB.double() - 1.0), _log_norm(count_2AB)))).reshape(3, -1)
        a_L, b_L, log_norm_L = self._known_3L[:, place_L]
        odds_L = odds_B[place_L % len(odds_B)].astype(np.float64)
        rest_L = 1.0 / (1.0 + odds_L)
        x_L = odds_L * rest_L
        slope_L = b_L / rest_L - a_L / x_L
        mass_L = np.exp(log_norm_L + a_L * np.log(x_L) + b_L * np.log(rest_L)) / slope_L
        bound_L = row(self.chance_AB)[place_L] / 256.0
        u_L = torch.rand(len(place_L), generator=generator, dtype=torch.float64).numpy()
        let_in_L = np.flatnonzero(u_L * bound_L < mass_L)
        if not len(let_in_L):
            return
        a_L, b_L, x_L, rest_L, slope_L = (z[let_in_L] for z in (a_L, b_L, x_L, rest_L, slope_L))
        u_2L = 1.0 - torch.rand(2, len(let_in_L), generator=generator, dtype=torch.float64).numpy()
        y_L = x_L - np.log(u_2L[0]) / slope_L
        fall_L = a_L * np.log(y_L / x_L) + b_L * log((1.0 - y_L).clip(min=0.0) / rest_L)  # -inf from 1 on: refused
        kept_L = np.log(u_2L[1]) < fall_L + slope_L * (y_L - x_L)
        row(self._odds_AB)[place_L[let_in_L[kept_L]]] = y_L[kept_L] / (1.0 - y_L[kept_L])


def _log_norm(count_2AB: Tensor) -> Tensor:
    """(A, B) -log B(alpha, beta), in float64."""
    alpha_AB, beta_AB = count_2AB.double()
    log_norm_AB: Tensor = (alpha_AB + beta_AB).lgamma() - alpha_AB.lgamma() - beta_AB.lgamma()
    return log_norm_AB
