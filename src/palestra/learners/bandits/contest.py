"""Thompson sampling of Bernoulli arms, where most pulls are of an arm that leads and need no draw at all.

Of a bandit that has learned, one arm leads. Put a floor x between its posterior and the others': mostly the leader's
draw is above the floor and all other draws are below, and then the leader wins, whatever they are. How rare the rest is
has a bound: the density f of a Beta is log-concave (alpha and beta are at least 1), so that a tangent of log f lies
above it (Devroye 1986, section VII.2.6):

    f(y) <= M s exp(-s |y - x|) beyond the floor,      s = |(log f)'(x)|,      M = f(x) / s

Beyond the floor is above it for all arms but the leader, and below it for the leader. With probability M an arm has a
candidate y = x +- Exp(1) / s, and keeps it with probability f(y) / (M s exp(-s |y - x|)). What is kept has the law of
the arm's draw beyond the floor; where nothing is kept, the draw is not beyond it. So a bandit has candidates at a pull
with probability c = 1 - prod (1 - M), and the leader is pulled a geometric number of times before. Only where one is
kept are other arms drawn, on their side of the floor. Nothing is approximated.

Others stand still until they are pulled, and then their M is found anew. The leader moves with every pull: its M is
that after all losses that its next pulls would bring, since a loss lifts f below the mean and a win sinks it. A bandit
where c is large is open: all of its arms are drawn. Bandits know nothing of each other, so that each goes from one
candidate to its next, whenever that is, and all do so together.

    Q  candidates, or arms that are drawn, of all bandits that are asked
"""

import numpy as np
import torch
from torch import Generator, Tensor

from palestra.envs.bandits import Arms
from palestra.learners.bandits.gamma import GammaSampler
from palestra.ops.columns import Array, array, first_best, row, tensor

_FREQUENT = 0.5
"""A bandit with candidates more often than this is open."""
_AGAIN = 16
"""After so many turns, open bandits that are few are looked at again; for one that takes as long as a few pulls."""


class Contest:
    """The contest of the arms of B bandits with posteriors Beta(count_2AB[0], count_2AB[1]), on a processor."""

    saves = ()
    derives = ("count_2AB",)

    def __init__(self, count_2AB: Tensor):
        self.count_2AB = count_2AB
        self._gamma = GammaSampler(count_2AB.numel())

    def play(self, arms: Arms, noise_TB: Array, generator: Generator) -> Array:
        """(T, B) int64 flat indices of the Bernoulli arms pulled, and learned from, in a block of pulls."""
        self._random = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        self._generator, self._noise_TB, self._paid_L = generator, array(noise_TB), row(arms.mean_AB)
        self._count_2AB, self._count_L = array(self.count_2AB), row(self.count_2AB)
        (_, num_arms, num_bandits), self._pulls = self._count_2AB.shape, len(noise_TB)
        self._row_A1 = np.arange(num_arms)[:, None]
        self._time_B, self._until_B, self._leader_B = np.zeros((3, num_bandits), np.int64)
        self._floor_B, self._chance_B = np.zeros((2, num_bandits))
        self._mass_AB, self._any_AB, self._slope_AB, self._side_AB = np.zeros((4, num_arms, num_bandits))
        self._index_TB = np.empty(self._noise_TB.shape, np.int64)
        self._wins_TB = np.zeros((self._pulls + 1, num_bandits), np.int32)
        """Of the leaders, were they pulled all the time, before each pull."""
        bandit_L, turn = np.arange(num_bandits), 0
        self._settle(bandit_L)
        if (self._chance_B == 1.0).mean() > 0.5:  # both ways at once take longer than one
            self._chance_B.fill(1.0)
        while len(bandit_L):
            open_L, turn = bandit_L[self._chance_B[bandit_L] == 1.0], turn + 1
            if turn % _AGAIN == 0 and 0 < len(open_L) <= num_bandits / 8:
                self._settle(open_L)
                open_L = bandit_L[self._chance_B[bandit_L] == 1.0]
            if len(open_L) < len(bandit_L):
                self._lead_on(bandit_L[self._chance_B[bandit_L] < 1.0])
            if len(open_L):
                self._draw_all(open_L)
            bandit_L = bandit_L[self._time_B[bandit_L] < self._pulls]
        return self._index_TB

    def _settle(self, bandit_L: Array) -> None:
        """Find leaders and floors, and how likely each arm has a candidate."""
        at_L = bandit_L if len(bandit_L) < len(self._time_B) else slice(None)  # all need no index
        count_2AL, number_L = self._count_2AB[:, :, at_L].astype(np.float64), np.arange(len(bandit_L))
        mean_AL, std_AL = _moments(count_2AL)
        # So many deviations under its mean that the leader's tail, of order 1 / sqrt(t), is as rare as the others'.
        z = np.sqrt(np.log(count_2AL.sum() / len(bandit_L)))
        self._leader_B[at_L] = leader_L = (mean_AL - z * std_AL).argmax(0)
        place_L, time_L = leader_L * len(self._time_B) + bandit_L, self._time_B[bandit_L]
        self._wins_TB[1:, at_L] = np.cumsum(self._noise_TB[:, at_L] < self._paid_L[place_L], 0, dtype=np.int32)
        later_TL = np.arange(self._pulls)[:, None] >= time_L
        self._index_TB[:, at_L] = np.where(later_TL, place_L, self._index_TB[:, at_L])
        count_2AL[1, leader_L, number_L] += self._foresee(bandit_L)
        mean_L, std_L = _moments(count_2AL[:, leader_L, number_L])
        self._floor_B[at_L] = floor_L = (mean_L - z * std_L).clip(min=1e-6)
        self._side_AB[:, at_L] = side_AL = np.where(self._row_A1 == leader_L, -1.0, 1.0)
        self._mass_AB[:, at_L], self._slope_AB[:, at_L] = _tail(count_2AL, floor_L, side_AL)
        self._judge(bandit_L)

    def _foresee(self, bandit_L: Array) -> Array:
        """How often leaders will lose at most while a bound of theirs holds, which begins now."""
        time_L, place_L = self._time_B[bandit_L], self._leader_B[bandit_L] * len(self._time_B) + bandit_L
        count_L = self._count_L[place_L] + self._count_L[place_L + self._paid_L.size]
        self._until_B[bandit_L] = until_L = np.minimum(time_L + 2 * np.sqrt(count_L).astype(np.int64), self._pulls)
        return until_L - time_L - self._wins_TB[until_L, bandit_L] + self._wins_TB[time_L, bandit_L]

    def _judge(self, bandit_L: Array) -> None:
        """How often bandits have candidates, and whether they are open."""
        self._any_AB[:, bandit_L] = any_AL = 1.0 - np.cumprod(1.0 - self._mass_AB.take(bandit_L, 1), 0)
        self._chance_B[bandit_L] = np.where(any_AL[-1] > _FREQUENT, 1.0, any_AL[-1])

    def _draw_all(self, bandit_L: Array) -> None:
        """One pull of open bandits."""
        count_2AL = self._count_2AB if len(bandit_L) == len(self._time_B) else self._count_2AB.take(bandit_L, 2)
        win_AL, loss_AL = self._gamma.sample(count_2AL.reshape(-1), self._generator).reshape(count_2AL.shape)
        self._pull(first_best(win_AL / loss_AL), bandit_L)

    def _pull(self, arm_L: Array, bandit_L: Array) -> None:
        """Pull arms, each at its bandit's time, and learn from it."""
        place_L, time_L = arm_L * len(self._time_B) + bandit_L, self._time_B[bandit_L]
        lost_L = self._noise_TB[time_L, bandit_L] >= self._paid_L[place_L]
        self._count_L[place_L + lost_L * self._paid_L.size] += 1
        self._index_TB[time_L, bandit_L] = place_L
        self._time_B[bandit_L] = time_L + 1

    def _lead_on(self, bandit_L: Array) -> None:
        """Pull the leaders up to the next candidates, and then whoever wins."""
        chance_L, time_L = self._chance_B[bandit_L].clip(min=1e-300), self._time_B[bandit_L]
        before_L = np.floor(-self._random.standard_exponential(len(bandit_L)) / np.log1p(-chance_L))
        next_L = np.minimum(time_L + before_L, self._until_B[bandit_L]).astype(np.int64)
        wins_L = self._wins_TB[next_L, bandit_L] - self._wins_TB[time_L, bandit_L]
        place_L = self._leader_B[bandit_L] * len(self._time_B) + bandit_L
        self._count_L[place_L] += wins_L
        self._count_L[place_L + self._paid_L.size] += next_L - time_L - wins_L
        self._time_B[bandit_L] = next_L
        asked_L = bandit_L[next_L < self._until_B[bandit_L]]
        arm_L = self._ask(asked_L)
        self._pull(arm_L, asked_L)
        other_L = arm_L != self._leader_B[asked_L]
        # Bounds end: of others as they are pulled, of leaders when foreseen.
        until_L = self._until_B[bandit_L]
        ended_L = bandit_L[(self._time_B[bandit_L] == until_L) & (until_L < self._pulls)]
        arm_L = np.concatenate((arm_L[other_L], self._leader_B[ended_L]))
        bandit_L = np.concatenate((asked_L[other_L], ended_L))
        count_2L = self._count_2AB[:, arm_L, bandit_L].astype(np.float64)
        count_2L[1, len(bandit_L) - len(ended_L) :] += self._foresee(ended_L)
        side_L, floor_L = self._side_AB[arm_L, bandit_L], self._floor_B[bandit_L]
        self._mass_AB[arm_L, bandit_L], self._slope_AB[arm_L, bandit_L] = _tail(count_2L, floor_L, side_L)
        self._judge(bandit_L)

    def _ask(self, bandit_L: Array) -> Array:
        """The winners of bandits that have a candidate."""
        mass_AL, winner_L = self._mass_AB.take(bandit_L, 1), self._leader_B[bandit_L]
        # The first arm with a candidate is where u falls; those after it have theirs independently.
        any_AL, u_AL = self._any_AB.take(bandit_L, 1), self._random.random(mass_AL.shape)
        first_L = (self._random.random(len(bandit_L)) * any_AL[-1] >= any_AL).sum(0)
        arm_Q, at_Q = ((self._row_A1 == first_L) | ((self._row_A1 > first_L) & (u_AL < mass_AL))).nonzero()
        bandit_Q = bandit_L[at_Q]
        mass_Q, slope_Q, side_Q = (t[arm_Q, bandit_Q] for t in (self._mass_AB, self._slope_AB, self._side_AB))
        beyond_Q = self._random.standard_exponential(len(arm_Q))
        y_Q = self._floor_B[bandit_Q] + side_Q * beyond_Q / slope_Q
        log_f_Q = _log_density(self._count_2AB[:, arm_Q, bandit_Q].astype(np.float64), y_Q)
        # u < f(y) / (M s exp(-s |y - x|))
        kept_Q = -self._random.standard_exponential(len(arm_Q)) < log_f_Q - np.log(mass_Q * slope_Q) + beyond_Q
        value_AL = np.zeros_like(mass_AL)
        value_AL[arm_Q[kept_Q], at_Q[kept_Q]] = y_Q[kept_Q]
        kept_L = value_AL.any(0).nonzero()[0]
        value_AL = value_AL[:, kept_L]
        # The leader is above the floor, but where it has kept a candidate; there the others matter, if none has.
        known_AL, leads_AL = value_AL > 0.0, self._row_A1 == winner_L[kept_L]
        arm_Q, at_Q = (~known_AL & (leads_AL | ~(known_AL & ~leads_AL).any(0))).nonzero()
        value_AL[arm_Q, at_Q] = self._draw(arm_Q, bandit_L[kept_L[at_Q]])
        winner_L[kept_L] = value_AL.argmax(0)
        return winner_L

    def _draw(self, arm_Q: Array, bandit_Q: Array) -> Array:
        """Draws of arms, from their side of the floor: as often as it takes."""
        count_2Q = self._count_2AB[:, arm_Q, bandit_Q]
        y_Q, floor_Q, side_Q = np.empty(len(arm_Q)), self._floor_B[bandit_Q], self._side_AB[arm_Q, bandit_Q]
        missing_L = np.arange(len(arm_Q))
        while len(missing_L):
            y_Q[missing_L] = self._random.beta(*count_2Q[:, missing_L])
            missing_L = missing_L[(side_Q * (y_Q - floor_Q))[missing_L] > 0.0]
        return y_Q


def _moments(count_2L: Array) -> tuple[Array, Array]:
    """Means and standard deviations of Betas."""
    alpha_L, beta_L = count_2L
    mean_L = alpha_L / (alpha_L + beta_L)
    return mean_L, np.sqrt(mean_L * (1.0 - mean_L) / (alpha_L + beta_L + 1.0))


def _tail(count_2L: Array, x_L: Array, side_L: Array | float) -> tuple[Array, Array]:
    """M and s of the tail above x (side 1) or below it (-1); M is 1 where that bounds nothing."""
    alpha_L, beta_L = count_2L
    slope_L = side_L * ((beta_L - 1.0) / (1.0 - x_L) - (alpha_L - 1.0) / x_L)
    falls_L = slope_L > 0.0
    mass_L = np.exp(_log_density(count_2L, x_L)) / np.where(falls_L, slope_L, 1.0)
    return np.where(falls_L, mass_L, 1.0).clip(max=1.0), slope_L


def _log_density(count_2L: Array, x_L: Array) -> Array:
    """The logarithm of a Beta's density; outside [0, 1] it is not a number."""
    alpha_L, beta_L = count_2L
    both_L, win_L, loss_L = array(tensor(np.stack((alpha_L + beta_L, alpha_L, beta_L))).lgamma())
    with np.errstate(divide="ignore", invalid="ignore"):
        return both_L - win_L - loss_L + (alpha_L - 1.0) * np.log(x_L) + (beta_L - 1.0) * np.log(1.0 - x_L)
